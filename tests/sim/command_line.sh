#!/bin/bash
# ./sim as a person uses it: exit codes, sentences, replay lines.
set -u
sim=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failures=0

# expect CODE WORDS ARGUMENT...: the exit code, and words that what it says contains.
expect() {
    local code=$1 words=$2
    shift 2
    "$sim" "$@" >"$dir/out" 2>&1
    local got=$?
    if [[ $got != "$code" ]] || ! grep -qF -e "$words" "$dir/out"; then
        echo "FAIL: sim $*"
        echo "      exit code $got instead of $code, or it does not say: $words"
        sed 's/^/      | /' "$dir/out" | tail -15
        failures=$((failures + 1))
    fi
}

small=(--nodes 3 --partitions 16 --for 3s)

expect 0 "Exit codes:" --help
expect 0 "protocol" --version
expect 0 "PASS" --kill 1 --nodes 3 --partitions 16
expect 0 "beyond the promise" --kill 3 --nodes 5 --partitions 16
expect 0 "the life of key1" --kill 1 --nodes 3 --partitions 16 --explain key1
expect 0 "0 of 4 runs failed" --faults all --runs 4 "${small[@]}"

expect 2 "no operation touched nokey; this run's keys: key1" --kill 1 --nodes 3 --partitions 16 \
    --explain nokey
expect 0 "nothing to shrink" --kill 1 --nodes 3 --partitions 16 --shrink
expect 0 "nothing to shrink" --faults all --runs 2 "${small[@]}" --shrink
expect 0 "| crash to the ring everywhere | 2 |" membership --seeds 2 --quiet 50
expect 3 "FAIL seed 1 (no convergence)" membership --seeds 1 --quiet 50 --nodes 3 --crash 0 --cut 2 \
    --loss 100
for arguments in "--kill 1 --nodes 3 --partitions 16" "membership --seeds 1 --quiet 50" --help; do
    # shellcheck disable=SC2086
    "$sim" $arguments >/dev/full 2>"$dir/out"
    code=$?
    [[ $code == 2 ]] && grep -q "cannot be written" "$dir/out" ||
        { echo "FAIL: sim $arguments >/dev/full: exit code $code"; failures=$((failures + 1)); }
done

expect 2 "--nodes is 1 to 100" --nodes 0
expect 2 "--seed is 0 to 1000000000000000000" --seed -1
expect 2 "--seed is 0 to 1000000000000000000" --seed 18446744073709551616
expect 2 "--kill 8 is more than the 7 nodes" --kill 8
expect 2 "power of two" --partitions 48
expect 2 "is not a class of faults" --faults quake
expect 2 "only the coordinator does" --at 1s:back=server1
expect 2 "no coordinator" --no-coordinator --at 1s:back=coordinator
expect 2 "no server9" --at 1s:kill=server9
expect 2 "server3 is there from the beginning" --at 1s:join=server3
expect 0 "with server9" --nodes 3 --partitions 16 --at 500ms:join=server9 --at 1s:kill=server9
expect 0 "given up and restarted empty" --nodes 4 --rep 2 --partitions 16 --for 8s \
    --at 1s:kill=server1,server2 --at 4s:acceptloss
expect 2 "only nodes leave or are full" --at 1s:full=coordinator@1
expect 2 "comes when the faults are over, after 1000 ms" "${small[@]:0:4}" --for 1s --at 1001ms:kill=server1
expect 2 "--kill strikes after 500 ms" --kill 2 --for 300ms
expect 0 "1 kill was aimed at moments that never came" --nodes 3 --partitions 16 --at 200ms:aim=accept
expect 0 "its 2 copies of 3: more cannot be on 2 nodes" --kill 1 --nodes 3 --partitions 16
expect 2 "is not a class of faults" --faults ""
expect 2 "more cannot join at once" membership --bootstrap --nodes 1100
expect 2 "requires --pause" membership --pausing 3
expect 2 "cannot be read" membership --table /nonexistent/file
expect 2 "is not a time" --for 3
expect 2 "see sim --help" --no-such-option
expect 2 "is for one run" --runs 2 --faults all --explain key1
expect 2 "cannot be written" --kill 1 --trace /nonexistent/file
expect 2 "cannot be written" --kill 1 --shrink --save /nonexistent/file
expect 2 "cannot be written" membership --csv /nonexistent/file
expect 2 "Is a directory" --script "$dir"
expect 2 "above 0" --for 0s
expect 2 "--planted is" --planted nonsense
printf '1s:loss=10\n# fine\n\n2s:kill=server1,\n' >"$dir/script"
expect 2 "script:4: a name is missing" --script "$dir/script"
printf '1s:loss=10\n2s:kill=server8\n' >"$dir/script"
expect 2 "script:2: there is no server8" --script "$dir/script"
printf '# one\n500ms:pause=server2 # and\n700ms:resume=server2\n' >"$dir/script"
expect 0 "500ms:pause=server2" --script "$dir/script" --nodes 3 --partitions 16

expect 2 "force takes no value" --at 1s:force=server1
expect 0 "is founded anew as" --nodes 5 --partitions 16 \
    --at 500ms:kill=coordinator,server1,server2,server3 --at 1s:force --for 5s
expect 0 "founds nothing: those that live can go on" --nodes 5 --partitions 16 --at 500ms:force

expect 0 "PASS" --nodes 3 --partitions 16 --at 500ms:kill=coordinator --at 1s:back=coordinator

faults=(--at 500ms:loss=5 --at 1s:pause=server1 --at 1400ms:resume=server1 --at 2s:kill=server2)
expect 1 "broken invariant" --faults all --seed 7 "${small[@]}" "${faults[@]}" --planted broken
expect 3 "did not become whole" --faults all --seed 1 "${small[@]}" --rep 2 "${faults[@]}" --planted torn
expect 4 "SIGABRT" --faults all --seed 7 "${small[@]}" "${faults[@]}" --planted crash
expect 4 "its last words: " --faults all --seed 7 "${small[@]}" "${faults[@]}" --planted crash
expect 4 "did not end within 2 s" --faults all --seed 7 "${small[@]}" "${faults[@]}" \
    --planted hang --limit 2
expect 4 "2 of 2 runs failed" --faults all --runs 2 --seed 7 "${small[@]}" "${faults[@]}" \
    --planted crash
expect 1 "fewer faults" --faults all --seed 7 "${small[@]}" "${faults[@]}" --planted broken \
    --shrink --save "$dir/saved"
grep -q "^# ./sim .*--seed 7 .*--script $dir/saved  (commit" "$dir/saved" &&
    grep -q "kill=server2" "$dir/saved" && ! grep -q "loss" "$dir/saved" ||
    { echo "FAIL: the saved script"; cat "$dir/saved"; failures=$((failures + 1)); }

# The line that is printed for a failure fails alike.
"$sim" --faults all --seed 7 "${small[@]}" "${faults[@]}" --planted broken >"$dir/out" 2>&1
line=$(sed -n 's/.*the same again: .\/sim //p' "$dir/out")
# shellcheck disable=SC2086
expect 1 "$(grep -o 'event log [0-9a-f]*' "$dir/out")" $line

# The same run twice, event for event.
"$sim" --faults all --seed 3 "${small[@]}" --trace "$dir/one" >/dev/null
"$sim" --faults all --seed 3 "${small[@]}" --trace "$dir/two" >/dev/null
cmp -s "$dir/one" "$dir/two" && [[ -s $dir/one ]] ||
    { echo "FAIL: two traces of one seed differ"; failures=$((failures + 1)); }

# An interrupted swarm says how far it was, and leaves no process behind.
"$sim" --faults all --runs 100000 >"$dir/out" 2>&1 &
swarm=$!
children=
for _ in $(seq 400); do
    children=$(pgrep -P "$swarm" || true)
    [[ -z $children ]] || break
    sleep 0.05
done
[[ -n $children ]] || { echo "FAIL: a swarm without workers"; failures=$((failures + 1)); }
kill -TERM "$swarm"
wait "$swarm"
code=$?
grep -q "interrupted after" "$dir/out" && [[ $code == 130 ]] ||
    { echo "FAIL: interrupted: exit code $code"; failures=$((failures + 1)); }
for child in $children; do
    ! kill -0 "$child" 2>/dev/null ||
        { echo "FAIL: worker $child is left"; failures=$((failures + 1)); }
done

[[ $failures == 0 ]] && echo "all as expected"
exit $((failures != 0))
