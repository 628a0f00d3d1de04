#!/bin/bash
# Makes what results/failover.md shows: the times of real and of simulated failovers, and the chart.
#
#   results/failover.sh BIN [KILLS]     BIN: build/release/bin; KILLS of real processes, 100
#
# Takes some minutes. The chart needs gnuplot.
set -euo pipefail

bin=$(cd "${1:?"usage: results/failover.sh BIN [KILLS]"}" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")"
mkdir -p failover
"$bin/failover_simulate" >failover/simulated.part
mv failover/simulated.part failover/simulated.csv
"$bin/bench" failover --rate 0 --keys 200 --kills "${2:-100}" --csv failover/real.part
sed -i "/^# bench /s/real.part/real.csv/" failover/real.part
mv failover/real.part failover/real.csv

# The times in microseconds, one a line.
gaps_of() {
    case $1 in
        simulated) cat failover/simulated.csv ;;
        real) awk -F, '!/^#/ && $1 != "kill" { print $4 }' failover/real.csv ;;
    esac
}
# quantiles KIND: median, p90, p99 and maximum in ms, each rounded up; how many took over 600 ms.
quantiles() {
    gaps_of "$1" | sort -n | awk '{ v[NR] = $1; if ($1 > 600000) ++over } END {
        split("50 90 99 100", percents)
        for (i = 1; i <= 4; ++i) printf "| %d ", int((v[int((NR * percents[i] + 99) / 100)] + 999) / 1000)
        printf "| %d |\n", over
    }'
}
printf '\n| | kills | median | p90 | p99 | max | over 600 ms |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n'
for kind in simulated real; do
    printf '| %s | %d %s\n' "$kind" "$(gaps_of "$kind" | wc -l)" "$(quantiles "$kind")"
done
charts/chart.sh failover_simulated failover failover/simulated.csv failover/real.csv
