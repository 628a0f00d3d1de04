#!/bin/bash
# Measures everything that bench can, and draws it: writes results/bench/*.csv, .txt, .png and .svg.
#
#   results/bench.sh BIN [--short] [COMMAND...]     BIN: build/release/bin
#
# All of it takes about an hour, --short some minutes: fewer operations, rounds of half a
# second, 10 kills. COMMANDs of bench that are named are measured, and no others. Each file says
# where, when and how it was measured. Needs gnuplot; compare wants redis-server and etcd-server.
set -euo pipefail

bin=$(cd "${1:?"usage: results/bench.sh BIN [--short] [COMMAND...]"}" && pwd)
shift
short=
if [[ ${1:-} == --short ]]; then
    short=1
    shift
fi
results=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$results/bench"
cd "$results/bench"
begun=$SECONDS
number=0  # of the measurements that were begun

# either LONG SHORT: the one that was asked for.
either() { printf '%s' "$([[ $short ]] && echo "$2" || echo "$1")"; }

tell() { printf '%4d s  %s\n' "$((SECONDS - begun))" "$*"; }

# measure COMMAND OPTION...: what bench says goes to COMMAND.txt, what it measured to COMMAND.csv.
# Where it does not end well, the files of the last time stay as they are: it writes only files that
# begin with COMMAND and end with .part, which are then renamed.
measure() {
    local name=$1 code=0 part
    (( ++number ))
    tell "$number of ${#commands[@]}: bench ${*//.part/}"
    "$bin/bench" "$@" --csv "$name.csv.part" >"$name.txt.part" || code=$?
    if (( code == 1 )); then
        echo "results/bench.sh: some of bench $name failed, as it says above; what was measured is kept" >&2
    elif (( code )); then
        cat "$name.txt.part" >&2
        rm -f "$name"*.part
        echo "results/bench.sh: bench $name failed, code $code" >&2
        exit 1
    fi
    # The command as a person would type it.
    sed -i -e '/^\(# \)\?bench /s/\.part//g' -e 's/ *$//' "$name"*.part
    for part in "$name"*.part; do mv "$part" "${part%.part}"; done
}

# draw COMMAND [CSV...]
draw() { "$results/charts/chart.sh" "$1" "$1" "${@:2}"; }

run_throughput() {
    measure throughput --nodes 7 --rep 1,3,5 --ops "$(either 200000 40000)"
    draw throughput throughput.csv
}

run_balance() {
    measure balance --nodes 7 --rep 1 --keys 100000
    draw balance balance.csv
}

run_latency() {
    measure latency --rate 2000,5000,10000 --seconds "$(either 10 0.5)" \
        --percentiles latency-percentiles.csv.part
    draw latency latency-percentiles.csv
}

run_ycsb() {
    measure ycsb --workload a,b,c,d,f --ops "$(either 200000 20000)"
    draw ycsb ycsb.csv
}

run_failover() {
    measure failover --kills "$(either 200 10)" --timeline failover-timeline.csv.part
    draw failover failover.csv failover-timeline.csv
}

run_rebalance() {
    measure rebalance --nodes 7 --rep 3 --keys "$(either 100000 20000)" \
        --rounds "$(either 5 1)" --seconds "$(either 4 1)"
    draw rebalance rebalance.csv
}

run_scale() {
    local options=(--seconds "$(either 2 0.5)")
    [[ ! $short ]] || options+=(--short)
    measure scale "${options[@]}"
    draw scale scale.csv
}

run_compare() {
    measure compare --seconds "$(either 3 0.5)" --rounds "$(either 5 2)"
    draw compare compare.csv
}

commands=("$@")
if (( ! $# )); then
    commands=(throughput balance latency ycsb failover rebalance scale compare)
fi
for command in "${commands[@]}"; do
    [[ $(type -t "run_$command") == function ]] || {
        echo "results/bench.sh: it does not know how to measure $command" >&2
        exit 2
    }
done
for command in "${commands[@]}"; do "run_$command"; done
tell "done: results/bench; results/README.md says what it means"
