#!/bin/bash
# Draws what bench measured: OUT.png and OUT.svg, by charts/CHART.gp, from CSV files.
#
#   results/charts/chart.sh CHART OUT CSV...     e.g. chart.sh balance /tmp/balance balance.csv
#
# Needs gnuplot (gnuplot-nox) and fonts-dejavu-core.
set -euo pipefail

(( $# >= 3 )) || { echo "usage: results/charts/chart.sh CHART OUT CSV..." >&2; exit 2; }
charts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
chart=$1 out=$2
shift 2
for format in png svg; do
    gnuplot -e "format='$format'; out='$out.$format'; charts='$charts'" -c "$charts/$chart.gp" "$@"
done
