#!/bin/bash
# What ./run demo shows: five nodes with three copies lose two at once, and nothing else.
# usage: demo.sh BIN, the folder of the programs. Exits 0 only if every value came back.
set -euo pipefail

bin=$1
scratch=$(mktemp -d)  # for what the programs log; goes away in the end
coordinator=
declare -A pid_of=()

say() { printf '%s\n' "$*"; }
fail() { say "The demo failed: $*"; exit 1; }

clean_up() {
    trap '' INT TERM
    if [[ $coordinator ]]; then
        # It stops what it launched. Should it be gone, the pids are known.
        kill -TERM "$coordinator" 2>/dev/null || true
        wait "$coordinator" 2>/dev/null || true
        local pid
        for pid in "${pid_of[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
    fi
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

free_port() {
    local port
    for port in $(shuf -i 20000-29999 -n 20); do
        (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { say "$port"; return; }
    done
    fail "found no free port"
}

start_cluster() {
    "$bin/coordinator" --port "$port" --nodes 5 --rep 3 --log-dir "$scratch/logs" \
        >"$scratch/coordinator.out" 2>&1 &
    coordinator=$!
    local tries
    for (( tries = 0; tries < 300; ++tries )); do
        if grep -qx ready "$scratch/coordinator.out"; then
            sed 's/^/    /' "$scratch/coordinator.out"
            return
        fi
        kill -0 "$coordinator" 2>/dev/null || break
        sleep 0.1
    done
    cat "$scratch/coordinator.out"
    fail "the cluster did not become ready"
}

client() { "$bin/client" --coordinator "127.0.0.1:$port" "$@"; }

declare -A value_of=([apple]=red [banana]=yellow [plum]=blue [lime]=green [grape]=purple)

write_all() {
    local key
    for key in "${!value_of[@]}"; do
        say "    client --put $key --val \"${value_of[$key]}\"    -> $(client --put "$key" --val "${value_of[$key]}")"
    done
}

# Reads every key, shows the answers, and remembers who gave them.
declare -A server_of=()
read_all() {
    local key answer
    for key in "${!value_of[@]}"; do
        answer=$(client --get "$key") || fail "no answer for $key"
        [[ $answer == "$key, ${value_of[$key]}, "* ]] || fail "expected ${value_of[$key]}: $answer"
        server_of[$key]=${answer##*, }
        say "    client --get $key    -> $answer"
    done
}

port=$(free_port)
say "Starting a coordinator and five nodes that keep three copies of every key:"
start_cluster
for i in 1 2 3 4 5; do pid_of[server$i]=$(client --pid "server$i"); done

say "Writing five keys. Each answer names the node that took the write as primary:"
write_all
say "Reading them back:"
read_all

first=${server_of[grape]}
second=server1
[[ $first != server1 ]] || second=server2
say "Killing $first, which answered for \"grape\", and $second, both at once (kill -9):"
kill -KILL "${pid_of[$first]}" "${pid_of[$second]}"
say "Reading again. The first answer takes a moment, until the others have agreed who is left:"
read_all
for key in "${!server_of[@]}"; do
    [[ ${server_of[$key]} != "$first" && ${server_of[$key]} != "$second" ]] ||
        fail "${server_of[$key]} answered for $key, and it was killed"
done
say "Writing goes on too:"
for key in "${!value_of[@]}"; do value_of[$key]="dark ${value_of[$key]}"; done
write_all
say "Waiting until the three nodes that are left hold three copies of everything:"
client --wait | sed 's/^/    /'
client --ring | sed 's/^/    /'
say "Two of five nodes died at once. No value was lost, and nobody had to do anything."
