#!/bin/bash
# Makes what results/redis.md shows: Debian's redis-benchmark against this and against redis-server,
# in turns, a node alone and a cluster of seven, one copy each; and what a key costs in memory.
#
#   results/redis.sh BIN [ROUNDS]     BIN: build/release/bin; 5 rounds
#
# Some minutes. Wants redis-server and redis-tools, of Debian; starts its own, on free ports.
set -euo pipefail

bin=$(cd "${1:?"usage: results/redis.sh BIN [ROUNDS]"}" && pwd)
rounds=${2:-5}
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=../tests/e2e/cluster.sh
source ../tests/e2e/cluster.sh
source about.sh
about=$(about "$bin" "results/redis.sh build/release/bin $rounds; $(redis-server --version)")
trap 'end_peers; clean_up' EXIT

peers=()
folder=$(mktemp -d)
end_peers() {
    local pid
    for pid in "${peers[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait "${peers[@]}" 2>/dev/null || true
    peers=()
    rm -rf "$folder"
}

# start_redis PORT [OPTION...]
start_redis() {
    mkdir -p "$folder/$1"
    redis-server --port "$1" --dir "$folder/$1" --save "" --appendonly no "${@:2}" >/dev/null 2>&1 &
    peers+=($!)
    until redis-cli -p "$1" ping 2>/dev/null | grep -q PONG; do sleep 0.05; done
}

# start_redis_cluster PORT: seven masters, PORT and the next ones.
start_redis_cluster() {
    local i addresses=()
    for (( i = 0; i < 7; ++i )); do
        start_redis $(( $1 + i )) --cluster-enabled yes
        addresses+=("127.0.0.1:$(( $1 + i ))")
    done
    redis-cli --cluster create "${addresses[@]}" --cluster-yes >/dev/null
    until redis-cli -p "$1" cluster info | grep -q cluster_state:ok; do sleep 0.1; done
}

# once PORT TEST DEPTH OPERATIONS [OPTION...]: operations a second.
once() {
    redis-benchmark -p "$1" -t "$2" -P "$3" -n "$4" -c 50 -d 100 -r 100000 -q --csv "${@:5}" 2>/dev/null |
        tail -n 1 | cut -d, -f2 | tr -d '"' | cut -d. -f1
}

# turns NAME OURS THEIRS [OPTION...]: a line for each pair of runs.
turns() {
    local name=$1 ours=$2 theirs=$3 depth test round operations
    shift 3
    for depth in 1 16 64; do
        operations=$(( depth == 1 ? 100000 : 1000000 ))
        for test in set get; do
            for (( round = 0; round <= rounds; ++round )); do
                local a b
                a=$(once "$ours" "$test" "$depth" "$operations" "$@")
                b=$(once "$theirs" "$test" "$depth" "$operations" "$@")
                (( round == 0 )) || printf '%s,%s,%s,%s,%s\n' "$name" "$depth" "$test" "$a" "$b"
            done
        done
    done
}

resident() { awk '/^VmRSS/ { print $2 * 1024 }' "/proc/$1/status"; }

# memory NAME PORT PID: bytes of memory for each of so many keys of 16 bytes with values of 100,
# beyond these.
memory() {
    local keys before after
    before=$(resident "$3")
    for keys in 1000000 2000000 3000000; do
        awk -v first=$(( keys - 1000000 )) -v end="$keys" 'BEGIN {
            value = sprintf("%100s", ""); gsub(" ", "x", value)
            for (i = first; i < end; ++i)
                printf "*3\r\n$3\r\nSET\r\n$16\r\n%016d\r\n$100\r\n%s\r\n", i, value
        }' | redis-cli -p "$2" --pipe >/dev/null
        after=$(resident "$3")
        printf '%s,%s,%s\n' "$1" "$keys" $(( (after - before) / keys - 116 ))
    done
}

first_port() { client --ring | awk '/^server1 / { sub(/.*:/, "", $2); print $2 }'; }

start_cluster 1 1 >/dev/null
other=$(free_port)
start_redis "$other"
{
    printf '%s\n' "$about" 'system,keys,bytes_a_key'
    memory grapevine "$(first_port)" "${pid_of[server1]}"
    memory redis "$other" "${peers[0]}"
} | tee memory.csv.part
mv memory.csv.part memory.csv
end_cluster
end_peers
folder=$(mktemp -d)
printf '%s\n' "$about" 'where,depth,command,grapevine_ops_s,redis_ops_s' >redis.csv.part
start_cluster 1 1 >/dev/null
other=$(free_port)
start_redis "$other"
turns alone "$(first_port)" "$other" | tee -a redis.csv.part
end_cluster
end_peers
folder=$(mktemp -d)
start_cluster 7 1 >/dev/null
# Their second port is 10,000 higher, and out of the way of what free_port() offers.
start_redis_cluster 15300
turns cluster "$(first_port)" 15300 --cluster | tee -a redis.csv.part
mv redis.csv.part redis.csv
