# For the scripts here, by source: what a file of numbers says of itself.

# about BIN COMMAND: the lines that bench writes (src/bench/record.h): commit, time, machine, load and
# command. To be asked before anything is begun, for the load.
about() {
    local commit model memory
    commit=$("$1/bench" --version)
    model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
    memory=$(awk '/^MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo)
    printf '# commit %s\n' "${commit##*commit }"
    printf '# %s UTC\n' "$(date -u '+%Y-%m-%d %H:%M')"
    printf '# %s cores%s, %s GiB, %s\n' "$(nproc)" "${model:+ of $model}" "$memory" "$(uname -sr)"
    printf '# load average %s before it began\n' "$(cut -d' ' -f1 /proc/loadavg)"
    printf '# %s\n' "$2"
}
