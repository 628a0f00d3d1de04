#!/bin/bash
# Makes what results/membership.md shows: results/membership/*.csv, and the charts beside it.
#
#   results/membership.sh SIM [FOLDER]     SIM: build/release/bin/sim
#   results/membership.sh --charts [FOLDER]
#
# Files that are there already are not measured again. Takes some hours of one core; runs with the
# lowest priority. Charts need gnuplot.
set -euo pipefail

sim=${1:?"usage: results/membership.sh SIM | --charts [FOLDER]"}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=${2:-$here/membership}
mkdir -p "$out"

# measure NAME OPTION...
measure() {
    local name=$1
    shift
    [[ -s $out/$name.csv ]] && return
    nice -n 19 "$sim" membership "$@" --csv "$out/$name.csv.part" && mv "$out/$name.csv.part" "$out/$name.csv"
}

measure_all() {
    local loss pause
    measure crash-7 --nodes 7 --seeds 1000 --quiet 1000
    measure stop-7 --nodes 7 --seeds 200 --quiet 100 --crash 0 --stop
    measure crash-100 --nodes 100 --seeds 200 --quiet 300
    measure crash-1000 --nodes 1000 --seeds 200 --quiet 100
    measure crash-10000 --nodes 10000 --seeds 20 --quiet 100 --fast --jobs 1
    measure bootstrap-7 --nodes 7 --seeds 200 --quiet 100 --crash 0 --cut 0 --bootstrap
    measure bootstrap-100 --nodes 100 --seeds 200 --quiet 1 --crash 0 --cut 0 --bootstrap
    measure bootstrap-1000 --nodes 1000 --seeds 200 --quiet 1 --crash 0 --cut 0 --bootstrap
    for loss in 10 20 30; do
        # With a fifth lost, a thousand hours of a member.
        measure loss-7-$loss --nodes 7 --seeds $((loss == 20 ? 7500 : 1000)) --quiet 60000 --loss $loss
        measure loss-100-$loss --nodes 100 --seeds 200 --quiet 5000 --loss $loss
        measure loss-1000-$loss --nodes 1000 --seeds 20 --quiet 1000 --loss $loss
    done
    measure pause-7 --nodes 7 --seeds 200 --quiet 60000 --crash 0 --cut 0 --pause 300
    for pause in 128 512 2048 8192; do
        measure pause-100-$pause --nodes 100 --seeds 20 --quiet 5000 --crash 0 --cut 0 \
            --pause $pause --pause-min $pause --pausing 8
    done
}

[[ $sim == --charts ]] || measure_all
cd "$out" && gnuplot -e "charts='$here/charts'" "$here/membership.gp"
