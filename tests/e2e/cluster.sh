# For scripts that show a cluster to people (demo.sh, results/report.sh): starts one on free ports,
# and ends it with the script. Sourced; `bin` is the folder of the programs.

scratch=$(mktemp -d)  # for what the programs log; goes away in the end
coordinator=
port=
declare -A pid_of=()  # of each server

say() { printf '%s\n' "$*"; }
fail() { say "It failed: $*" >&2; exit 1; }
client() { "$bin/client" --coordinator "127.0.0.1:$port" "$@"; }

end_cluster() {
    [[ $coordinator ]] || return 0
    # It stops what it launched. Should it be gone, the pids are known.
    kill -TERM "$coordinator" 2>/dev/null || true
    wait "$coordinator" 2>/dev/null || true
    local pid
    for pid in "${pid_of[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
    coordinator=
    pid_of=()
}

clean_up() {
    trap '' INT TERM
    end_cluster
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

free_port() {
    local port
    for port in $(shuf -i 20000-29999 -n 20); do
        (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { say "$port"; return; }
    done
    fail "found no free port"
}

# start_cluster NODES COPIES: what the coordinator says, until it is ready.
start_cluster() {
    port=$(free_port)
    : >"$scratch/coordinator.out"
    "$bin/coordinator" --port "$port" --nodes "$1" --rep "$2" --log-dir "$scratch/logs-$port" \
        >"$scratch/coordinator.out" 2>&1 &
    coordinator=$!
    local tries i
    for (( tries = 0; tries < 300; ++tries )); do
        if grep -qx ready "$scratch/coordinator.out"; then
            sed 's/^/    /' "$scratch/coordinator.out"
            for (( i = 1; i <= $1; ++i )); do pid_of[server$i]=$(client --pid "server$i"); done
            return
        fi
        kill -0 "$coordinator" 2>/dev/null || break
        sleep 0.1
    done
    cat "$scratch/coordinator.out"
    fail "the cluster did not become ready"
}

# kill_servers NAME...: kill -9 of all of them at once.
kill_servers() {
    local name pids=()
    for name in "$@"; do pids+=("${pid_of[$name]}"); done
    kill -KILL "${pids[@]}"
    for name in "$@"; do unset "pid_of[$name]"; done
}
