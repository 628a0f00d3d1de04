#!/bin/bash
# tests/clients/run.sh BIN STATE: client libraries that nobody here wrote, plain and as a cluster, on
# a cluster of five nodes of which one dies while each of them counts, and what README.md shows of
# them, word for word. STATE keeps what npm installs.
# Says what it skipped, where Debian's packages or npm's are not to be had; exits with 1 where a
# client did not get what it was owed.
set -euo pipefail

bin=$1
state=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$state"
state=$(cd "$state" && pwd)
# shellcheck source=../e2e/cluster.sh
source "$here/../e2e/cluster.sh"
work=$scratch
failures=0
runs=0
others=()  # nodes that came for those that died

skip() { printf 'SKIPPED PART: %s\n' "$*"; }

# Those that are in no ring yet nobody else would end.
end_all() {
    trap '' INT TERM
    end_cluster
    local pid
    for pid in "${others[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
    rm -rf "$scratch"
}
trap end_all EXIT

# until_true SECONDS COMMAND...: it is tried ten times a second until it succeeds; fails where it does not.
until_true() {
    local i
    for (( i = 0; i < $1 * 10; ++i )); do
        "${@:2}" && return 0
        sleep 0.1
    done
    return 1
}

start_cluster 5 3

ports() { client --ring | awk '/^server/ && / up / { sub(/.*:/, "", $2); print $2 }'; }

has_nodes() { (( $(ports | wc -l) == $1 )); }
is_ready() { grep -q ready "$work/told" 2>/dev/null; }

# Sessions tell of every 200 increments.
count_told() { grep -c '^at ' "$work/told" || true; }
has_told() { (( $(count_told) >= $1 )); }

# Whether five times as many are done from here on.
goes_on() { until_true 30 has_told $(( $(count_told) + 5 )); }

# session NAME COMMAND...: the ports are added. Its nodes are asked for, one dies, another one comes
# (the one that died may still be in the ring then).
session() {
    local name=$1 all pid victim went_on=no
    shift
    until_true 30 has_nodes 5 || { echo "no fifth node came"; exit 1; }
    client --wait >/dev/null
    mapfile -t all < <(ports)
    # The last one dies: a plain client is at the first.
    victim=$(client --ring | awk -v at=":${all[-1]}\$" '$2 ~ at { print $1 }')
    mkfifo "$work/input"
    "$@" "${all[@]}" <"$work/input" >"$work/told" 2>&1 &
    pid=$!
    exec 9>"$work/input"
    rm "$work/input"
    if until_true 60 is_ready && goes_on; then
        kill -9 "$(client --pid "$victim")"
        ! { until_true 30 has_nodes 4 && goes_on; } || went_on=yes
    fi
    exec 9>&-
    runs=$(( runs + 1 ))
    if wait "$pid" && [[ $went_on == yes ]]; then
        printf 'passed: %s: %s\n' "$name" "$(tail -n 1 "$work/told")"
    else
        failures=$(( failures + 1 ))
        printf 'FAILED: %s (it went on after a death: %s)\n' "$name" "$went_on"
        cat "$work/told"
    fi
    "$bin/kvnode" --seed "127.0.0.1:$port" --first-port $(( port + 1 )) >>"$work/more" 2>&1 &
    others+=($!)
    disown
}

if /usr/bin/python3 -c 'import redis.cluster' 2>/dev/null; then
    for mode in plain cluster; do
        session "redis-py, $mode" /usr/bin/python3 "$here/session.py" "$mode"
    done
else
    skip "redis-py (Debian's python3-redis is not installed)"
fi

if cc -o "$work/hiredis" "$here/session.c" -lhiredis 2>/dev/null; then
    session "hiredis, plain" "$work/hiredis"
else
    skip "hiredis (Debian's libhiredis-dev is not installed)"
fi

# A new major version may want a newer Node, or other calls than those here.
modules=(ioredis@6 redis@6 iovalkey@0.4 @valkey/valkey-glide@2)
export CLIENTS_MODULES=$state
if command -v node >/dev/null && command -v npm >/dev/null; then
    (cd "$state" && { [[ -e package.json ]] || npm init -y >/dev/null; } &&
        npm install --no-audit --no-fund --silent "${modules[@]}" >"$work/npm" 2>&1) ||
        skip "packages of npm that could not be installed: $(tail -n 1 "$work/npm")"
    for name in ioredis redis iovalkey glide; do
        package=$name
        [[ $name == glide ]] && package=@valkey/valkey-glide
        if [[ ! -d $state/node_modules/$package ]]; then
            skip "$name (npm has not installed it)"
            continue
        fi
        for mode in plain cluster; do
            session "$name, $mode" node "$here/session.mjs" "$name" "$mode"
        done
    done
else
    skip "ioredis, redis, iovalkey, valkey-glide (there is no node and npm)"
fi

# Lines of the README's section "From Redis", for the ports of this cluster.
until_true 30 has_nodes 5 || { echo "no fifth node came"; exit 1; }
mapfile -t all < <(ports)
shown() {  # AWK
    awk '/^## / { inside = /^## From Redis/ } inside' "$here/../../README.md" | awk "$1" |
        sed -E "s/\b7001\b/${all[0]}/g; s/\b7002\b/${all[1]}/g"
}
code_of() { shown "\$0 == \"\`\`\`$1\" { on = 1; next } /^\`\`\`/ { on = 0 } on"; }  # LANGUAGE

# shows NAME WORDS COMMAND...: it is done, and says these words.
shows() {
    local name=$1 words=$2
    shift 2
    runs=$(( runs + 1 ))
    if timeout 60 "$@" >"$work/told" 2>&1 && grep -qF -- "$words" "$work/told"; then
        printf 'passed: README, %s\n' "$name"
    else
        failures=$(( failures + 1 ))
        printf 'FAILED: README, %s (wanted: %s)\n' "$name" "$words"
        cat "$work/told"
    fi
}

if command -v redis-cli >/dev/null && command -v redis-benchmark >/dev/null; then
    shown '/^    redis-/' >"$work/shown.sh"
    shows "redis-cli" value1 bash -e "$work/shown.sh"
else
    skip "the README's redis-cli (Debian's redis-tools is not installed)"
fi
if /usr/bin/python3 -c 'import redis.cluster' 2>/dev/null; then
    code_of python >"$work/shown.py"
    shows "Python" "[b'Ann', b'Riga']" /usr/bin/python3 "$work/shown.py"
fi
if [[ -d $state/node_modules/ioredis ]]; then
    code_of js >"$state/shown.mjs"
    shows "Node" "value1" node "$state/shown.mjs"
fi
if [[ -x $work/hiredis ]]; then
    {
        printf '#include <hiredis/hiredis.h>\n#include <stdio.h>\nint main(void) {\n'
        code_of c
        printf 'printf("counted %%d\\n", reply->type == REDIS_REPLY_INTEGER && reply->integer > 0);\n}\n'
    } >"$work/shown.c"
    shows "C" "counted 1" bash -c "cc -o '$work/shown' '$work/shown.c' -lhiredis && '$work/shown'"
fi

printf '%d of %d passed\n' $(( runs - failures )) "$runs"
(( runs > 0 )) || printf 'SKIPPED: no client library is here\n'
(( failures == 0 ))
