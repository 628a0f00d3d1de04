#!/bin/bash
# What ./run demo shows: five nodes with three copies lose two at once, and nothing else.
# usage: demo.sh BIN, the folder of the programs. Exits 0 only if every value came back.
set -euo pipefail

bin=$1
source "$(dirname "${BASH_SOURCE[0]}")/cluster.sh"

declare -A value_of=([apple]=red [banana]=yellow [plum]=blue [lime]=green [grape]=purple)

write_all() {
    local key
    for key in "${!value_of[@]}"; do
        say "    client --put $key --val \"${value_of[$key]}\"    -> $(client --put "$key" --val "${value_of[$key]}")"
    done
}

# Reads every key, shows the answers, and remembers who gave them.
declare -A server_of=()
read_all() {
    local key answer
    for key in "${!value_of[@]}"; do
        answer=$(client --get "$key") || fail "no answer for $key"
        [[ $answer == "$key, ${value_of[$key]}, "* ]] || fail "expected ${value_of[$key]}: $answer"
        server_of[$key]=${answer##*, }
        say "    client --get $key    -> $answer"
    done
}

say "Starting a coordinator and five nodes that keep three copies of every key:"
start_cluster 5 3

say "Writing five keys. Each answer names the node that took the write as primary:"
write_all
say "Reading them back:"
read_all

first=${server_of[grape]}
second=server1
[[ $first != server1 ]] || second=server2
say "Killing $first, which answered for \"grape\", and $second, both at once (kill -9):"
kill_servers "$first" "$second"
say "Reading again. The first answer takes a moment, until the others have agreed who is left:"
read_all
for key in "${!server_of[@]}"; do
    [[ ${server_of[$key]} != "$first" && ${server_of[$key]} != "$second" ]] ||
        fail "${server_of[$key]} answered for $key, and it was killed"
done
say "Writing goes on too:"
for key in "${!value_of[@]}"; do value_of[$key]="dark ${value_of[$key]}"; done
write_all
say "Waiting until the three nodes that are left hold three copies of everything:"
client --wait | sed 's/^/    /'
client --ring | sed 's/^/    /'
say "Two of five nodes died at once. No value was lost, and nobody had to do anything."
