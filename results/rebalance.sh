#!/bin/bash
# Makes what results/rebalance.md shows. A few minutes; other work on the machine shows in it.
#
#   results/rebalance.sh BIN     BIN: build/release/bin
set -euo pipefail

bin=$(cd "${1:?"usage: results/rebalance.sh BIN"}" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")"
mkdir -p rebalance
# measure NAME OPTION...: where it does not end well, the file of the last time stays.
measure() {
    local name=$1
    shift
    "$bin/bench" rebalance --nodes 7 --rep 3 "$@" --csv "rebalance/$name.csv.part"
    sed -i '/^# bench /s/\.part//' "rebalance/$name.csv.part"
    mv "rebalance/$name.csv.part" "rebalance/$name.csv"
}
measure closed --keys 200000 --value-size 1000 --rounds 3 --seconds 4
measure open --keys 100000 --rounds 5 --seconds 3 --rate 5000
