#!/bin/bash
# Makes what results/compare.md shows: results/compare/*.csv and the chart beside it.
#
#   results/compare.sh BIN [OPTION...]     BIN: build/release/bin; more options of bench compare
#
# Takes some twenty minutes. Wants redis-server and etcd-server, of Debian (it starts its own, and touches
# no other); the chart wants gnuplot. Other work on the machine shows in it, in the ratios least.
set -euo pipefail

bin=$(cd "${1:?"usage: results/compare.sh BIN [OPTION...]"}" && pwd)
shift
cd "$(dirname "${BASH_SOURCE[0]}")"
mkdir -p compare

# measure NAME OPTION...
measure() {
    local name=$1
    shift
    "$bin/bench" compare "$@" --csv "compare/$name.csv.part"
    sed -i '/^# bench /s/\.part//' "compare/$name.csv.part"
    mv "compare/$name.csv.part" "compare/$name.csv"
}
measure redis --against redis --rep 1,3,5 --depth 1,16,64 --seconds 3 "$@"
measure etcd --against etcd --rep 3 --depth 1 --seconds 3 "$@"
measure latency --against redis --rep 1,3 --rate 5000,20000 --seconds 3 "$@"
charts/chart.sh compare compare compare/redis.csv compare/etcd.csv
