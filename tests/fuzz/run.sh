#!/bin/bash
# fuzz/run.sh BIN STATE SECONDS [TARGET...]: every target of libFuzzer, or those named, for so long
# each, on all cores. STATE/corpus keeps what was found to be of interest, and the next run begins
# with it; STATE/crashes what fails. One line for each target; exits 1 where one failed.
set -euo pipefail

bin=$1
state=$2
seconds=$3
shift 3
corpus=$state/corpus
crashes=$state/crashes
logs=$state/logs
mkdir -p "$corpus" "$crashes" "$logs"
"$bin/fuzz_seeds" "$corpus" >"$logs/targets"

# run_target TARGET BYTES: inputs of up to so many. One that takes a minute (of a machine that may be
# busy with others), or allocates 512 MiB at once, has failed too.
run_target() {
    local target=$1 size=$2 failed=0 log=$logs/$1.log
    "$bin/fuzz_$target" -max_total_time="$seconds" -max_len="$size" -timeout=60 \
        -rss_limit_mb=2048 -malloc_limit_mb=512 -print_final_stats=1 \
        -artifact_prefix="$crashes/$target-" "$corpus/$target" >"$log" 2>&1 || failed=1
    local runs coverage inputs line artifact
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
    inputs=$(find "$corpus/$target" -type f | wc -l)
    # Written at once: two targets run side by side.
    line=$(printf '%-16s %10s executions  %6s edges  %6s inputs kept' \
        "$target" "${runs:-?}" "${coverage:-?}" "$inputs")
    if ((failed)); then
        artifact=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
        printf '%s  FAIL  replay: %s %s\n%s\n' "$line" "$bin/fuzz_$target" \
            "${artifact:-(see $log)}" \
            "$(grep -a -m 1 -E 'ASSERT|ERROR: |runtime error' "$log" | cut -c1-200)"
        return 1
    fi
    printf '%s  PASS\n' "$line"
}

# chosen NAME: among those that were asked for, or none was.
wanted=("$@")
chosen() {
    ((${#wanted[@]} == 0)) || [[ " ${wanted[*]} " == *" $1 "* ]]
}
known=" $(cut -d' ' -f1 "$logs/targets" | tr '\n' ' ')"
for name in "${wanted[@]}"; do
    [[ $known == *" $name "* ]] || { echo "there is no target \"$name\"; there are$known" >&2; exit 2; }
done

failed=0
running=0
while read -r target size; do
    chosen "$target" || continue
    if ((running == $(nproc))); then
        wait -n || failed=1
        running=$((running - 1))
    fi
    run_target "$target" "$size" &
    running=$((running + 1))
done <"$logs/targets"
while ((running > 0)); do
    wait -n || failed=1
    running=$((running - 1))
done
exit "$failed"
