#!/bin/bash
# Makes what results/rebalance.md shows. A few minutes; other work on the machine shows in it.
#
#   results/rebalance.sh BIN     BIN: build/release/bin
set -euo pipefail

bin=$(cd "${1:?"usage: results/rebalance.sh BIN"}" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")"
mkdir -p rebalance
load=(--nodes 7 --rep 3 --keys 200000 --value-size 1000 --rounds 3 --seconds 4)
"$bin/bench" rebalance "${load[@]}" --csv rebalance/closed.csv
"$bin/bench" rebalance --nodes 7 --rep 3 --keys 100000 --rounds 5 --seconds 3 --rate 5000 --csv rebalance/open.csv
