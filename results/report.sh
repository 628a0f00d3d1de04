#!/bin/bash
# Writes results/report.md: four runs of real processes, told by what they print, and the two charts
# that sum the store up. What it shows was just run: a run that does not end as it should is an
# error, and no report is written.
#
#   results/report.sh BIN     BIN: build/release/bin
#
# Some minutes. Needs gnuplot.
set -euo pipefail

bin=$(cd "${1:?"usage: results/report.sh BIN"}" && pwd)
results=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$results/../tests/e2e/cluster.sh"
keys=1000

# show WORDS...: the command and what it prints, as a person would see it.
show() {
    say "\$ $*"
    "$@"
}

# A trace of gets of key0 ... with what is expected of each.
expected() {
    local i
    for (( i = 0; i < keys; ++i )); do say "get key$i -> \"$1 $i\""; done
}

insert_all() {
    local i
    say "\$ client -        # puts key0 ... key$((keys - 1)), one a line"
    for (( i = 0; i < keys; ++i )); do say "put key$i \"$1 $i\""; done |
        client - >"$scratch/answers" || fail "not every insert was answered"
    answers_of "$scratch/answers" '^OK, '
}

# Every key, compared with what was written.
read_all() {
    say "\$ client --trace expected        # gets every key, and compares"
    expected "$1" >"$scratch/trace"
    client --trace "$scratch/trace" >"$scratch/answers" ||
        fail "a value was not what was written: $(tail -n 3 "$scratch/answers")"
    tail -n 1 "$scratch/answers"
}

# The first answers, and how many came from whom.
answers_of() {
    head -n 3 "$1"
    say "..."
    [[ $(grep -c "$2" "$1") == "$keys" ]] || fail "not all $keys were answered as they should be"
    sed 's/.*, //' "$1" | sort -V | uniq -c | while read -r count server; do
        say "$count answered by $server"
    done
}

# Some gets, so that it is seen who answers.
read_some() {
    local key
    for key in "$@"; do
        say "\$ client --get $key"
        client --get "$key"
    done
}

begin() {
    say "\$ coordinator --nodes $1 --rep $2"
    start_cluster "$1" "$2" >"$scratch/started"
    sed -e 's/^    //' -e '/^logs are in/d' "$scratch/started"
}

single() {
    begin 1 1
    insert_all one
    read_all one
    read_some key0 key999
    end_cluster
}

five() {
    begin 5 1
    insert_all two
    read_all two
    read_some key0 key1 key2 key3
    show client --ring
    end_cluster
}

one_failure() {
    local victim
    begin 5 3
    insert_all three
    victim=$(client --get key7) && victim=${victim##*, }
    read_some key7
    say "\$ kill -9 \$(client --pid $victim)"
    kill_servers "$victim"
    read_some key7
    read_all three
    insert_all four
    read_all four
    say '$ client --wait' && client --wait
    show client --history
    end_cluster
}

# Two at once, and when all copies were made again two more, one after the other.
several_failures() {
    local first second
    begin 5 3
    insert_all five
    first=$(client --get key7) && first=${first##*, }
    second=server1
    [[ $first != server1 ]] || second=server2
    read_some key7
    say "\$ kill -9 \$(client --pid $first) \$(client --pid $second)"
    kill_servers "$first" "$second"
    read_some key7
    read_all five
    say '$ client --wait' && client --wait
    first=$(client --get key7) && first=${first##*, }
    say "\$ kill -9 \$(client --pid $first)"
    kill_servers "$first"
    read_some key7
    read_all five
    insert_all six
    say '$ client --wait' && client --wait
    first=$(client --get key7) && first=${first##*, }
    say "\$ kill -9 \$(client --pid $first)"
    kill_servers "$first"
    read_all six
    show client --status || true  # one node: survives nothing, and says so
    end_cluster
}

# transcript NAME: what it prints, without the folder of the programs.
transcript() {
    say "- $1" >&2
    printf '\n```\n'
    "$1"
    printf '```\n'
}

# measure COMMAND OPTION...: what bench prints, its CSV and the charts of it, in $scratch/COMMAND.*
measure() {
    local chart=$1
    say "- bench $*" >&2
    (cd "$scratch" && "$bin/bench" "$@" --csv "$chart.csv") >"$scratch/$chart.txt"
    "$results/charts/chart.sh" "$chart" "$scratch/$chart" "$scratch/$chart.csv"
}

say "Running, some minutes:" >&2
mkdir "$scratch/transcripts"
for name in single five one_failure several_failures; do
    transcript "$name" >"$scratch/transcripts/$name"
done
measure throughput --nodes 7 --rep 1,3,5 --ops 200000 --gets 50 --rounds 5
measure balance --nodes 7 --rep 1 --keys 100000

{
    cat <<'TEXT'
# Report

Grapevine is a replicated key-value store: a coordinator launches nodes, clients find the node of a
key in the ring that all agree on, and every key has k copies. This page shows it at work. All of it
was run by `results/report.sh`, also `./run report`, which checks every answer and writes nothing
where one is not as it should be. Machine, commit and date stand where the measurements are.

Prompts are shortened: `client` stands for `client --coordinator HOST:PORT`. "answered by" counts
which nodes took the inserts.

## One server

A thousand inserts into one node, and all of them read back.
TEXT
    cat "$scratch/transcripts/single"
    cat <<'TEXT'

## Five servers

The keys spread over the nodes, a fifth each. Any client finds any key.
TEXT
    cat "$scratch/transcripts/five"
    cat <<'TEXT'

## One failure

Three copies of each key. The node that answers for key7 is killed with SIGKILL; the next read of key7
is answered by another node that had a copy. All thousand keys are read back, then all are written
anew. `--wait` returns when every partition has its three copies again; `--history` shows how long
each step took.
TEXT
    cat "$scratch/transcripts/one_failure"
    cat <<'TEXT'

## Several failures

Two of five nodes die at the same instant: with three copies nothing is lost. When the copies have been
made again a third dies, then a fourth, each time the one that answers for key7. Every time all
thousand keys are read back, and writing goes on. One node of five is left in the end, with
everything.
TEXT
    cat "$scratch/transcripts/several_failures"
    cat <<'TEXT'

## Throughput

200,000 operations, half puts and half gets of uniformly drawn keys among 100,000, 100-byte values,
seven nodes, with 1, 3 and 5 copies of every key; ten clients with 16 operations in flight each. Five
rounds for each; bars are medians, the whiskers reach from the slowest round to the fastest. A put with
k copies is work for k nodes: so more copies are safer and slower. Servers, coordinator and load
generator share the processors of the one machine that is named below, so the processor time of an
operation says more than the throughput. Where the load average before it began was not near zero,
others used the machine too.

![Throughput with 1, 3 and 5 copies](report/throughput.png)

```
TEXT
    cat "$scratch/throughput.txt"
    cat <<'TEXT'
```

## How keys spread over nodes

100,000 inserts into seven nodes, one copy each, counted at the node that took them: once with the keys
key0 ... key99999, once with random keys. The whiskers are what chance alone would give: the mean of
the binomial distribution of the node's share of the partitions, and twice its standard deviation.

![Keys of each node](report/balance.png)

```
TEXT
    cat "$scratch/balance.txt"
    printf '```\n\n'
    # Its links are from one folder further down.
    sed 's|](\.\./\.\./|](../|g' "$results/report/design.md"
} >"$scratch/report.md"
sed -i 's/ *$//' "$scratch/report.md"
mv "$scratch/report.md" "$results/report.md"
for chart in throughput balance; do
    mv "$scratch/$chart".{csv,png,svg} "$results/report/"
done
say "Written: results/report.md" >&2
