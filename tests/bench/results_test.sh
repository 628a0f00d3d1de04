#!/bin/bash
# results/bench.sh with a bench that is interrupted, and with one that is not: the numbers of the last
# time stay until there are new ones.
# usage: results_test.sh SOURCE
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fail() { printf 'results: %s\n' "$*" >&2; exit 1; }

mkdir -p "$scratch"/{bin,results/charts,results/bench}
cp "$1/results/bench.sh" "$scratch/results/"
printf '#!/bin/bash\n' >"$scratch/results/charts/chart.sh"
# Writes its files as it goes, as bench does, and ends with a code that the test chose.
cat >"$scratch/bin/bench" <<'FAKE'
#!/bin/bash
printf 'bench %s\n' "$*"
for (( i = 1; i <= $#; ++i )); do
    case ${!i} in --csv | --timeline | --percentiles) next=$(( i + 1 )); printf '# bench %s\nnew\n' "$*" >"${!next}" ;; esac
done
exit "$CODE"
FAKE
chmod +x "$scratch/bin/bench" "$scratch/results/charts/chart.sh"

cd "$scratch/results/bench"
files=(failover.csv failover-timeline.csv failover.txt latency.csv latency-percentiles.csv latency.txt)
for file in "${files[@]}"; do echo old >"$file"; done
measure() { CODE=$1 "$scratch/results/bench.sh" "$scratch/bin" --short failover latency 2>&1; }

! said=$(measure 130) || fail "an interrupted bench is no success"
grep -q '1 of 2: bench failover' <<<"$said" || fail "how far it is was not told: $said"
for file in "${files[@]}"; do [[ $(<"$file") == old ]] || fail "$file was destroyed"; done
[[ $(ls | wc -l) == "${#files[@]}" ]] || fail "it left more: $(ls)"

said=$(measure 0)
grep -q '2 of 2: bench latency' <<<"$said" || fail "how far it is was not told: $said"
[[ $(ls | wc -l) == "${#files[@]}" ]] || fail "it left more: $(ls)"
for file in "${files[@]}"; do
    ! grep -q -e old -e '\.part' "$file" || fail "$file is not as it should be: $(<"$file")"
done
