#!/bin/bash
# The client library as others have it: installed into a folder for temporary files, found from a
# project outside of this tree by CMake and by pkg-config, and run against a cluster; with the
# snippet of the README, and the example that is installed with it.
# usage: run.sh BUILD SOURCE CXX CMAKE
set -euo pipefail

build=$1 source=$2 cxx=$3 cmake=$4
scratch=$(mktemp -d)
coordinator=

fail() { printf 'package: %s\n' "$*" >&2; exit 1; }

clean_up() {
    trap '' INT TERM
    if [[ $coordinator ]]; then
        # It stops what it launched.
        kill -TERM "$coordinator" 2>/dev/null || true
        wait "$coordinator" 2>/dev/null || true
    fi
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# quietly COMMAND...: what it prints is of interest where it fails.
quietly() { "$@" >"$scratch/log" 2>&1 || { cat "$scratch/log"; fail "$1 failed"; }; }

install_elsewhere() {
    quietly "$cmake" --install "$build" --prefix "$scratch/first"
    # It can be moved.
    mv "$scratch/first" "$scratch/prefix"
    libraries=$(dirname "$(find "$scratch/prefix" -name 'libgrapevine-client.so')")
    [[ -e $libraries/libgrapevine-client.so ]] || fail "no library was installed"
    ! grep -rl -e "$source" -e "$scratch/first" "$scratch/prefix" --include='*.cmake' \
        --include='*.pc' --include='*.h' || fail "these name folders of this machine"
}

# The one block of C++ of the README.
take_snippet() {
    sed -n '/^```cpp$/,/^```$/p' "$source/README.md" | sed '/^```/d' >"$scratch/readme.cc"
    grep -q 'int main' "$scratch/readme.cc" || fail "the README has no program"
}

build_programs() {
    cp "$source"/tests/package/{CMakeLists.txt,every_call.cc} "$scratch"
    quietly "$cmake" -S "$scratch" -B "$scratch/build" -DCMAKE_CXX_COMPILER="$cxx" \
        -DCMAKE_PREFIX_PATH="$scratch/prefix" -DREADME_PROGRAM="$scratch/readme.cc"
    quietly "$cmake" --build "$scratch/build"
    # As a person would: copied from where it was installed.
    cp -r "$scratch/prefix/share/doc/grapevine/example" "$scratch/visits"
    quietly "$cmake" -S "$scratch/visits" -B "$scratch/visits/build" -DCMAKE_CXX_COMPILER="$cxx" \
        -DCMAKE_PREFIX_PATH="$scratch/prefix" \
        -DCMAKE_CXX_FLAGS="-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror"
    quietly "$cmake" --build "$scratch/visits/build"
    local flags
    flags=$(PKG_CONFIG_PATH=$libraries/pkgconfig pkg-config --cflags --libs grapevine-client)
    # shellcheck disable=SC2086  # flags are several words
    quietly "$cxx" -std=c++20 "$scratch/every_call.cc" $flags -o "$scratch/by_pkg_config"
}

# Only the public names, and only what others may be expected to have.
check_exports() {
    local others
    others=$(nm -DC --defined-only "$libraries/libgrapevine-client.so" | cut -d' ' -f3- |
        grep -v '^grapevine::v1::' || true)
    [[ ! $others ]] || fail "these names are visible, too: $others"
    ! grep -h '#include' "$scratch/prefix/include/grapevine/client.h" | grep -v '#include <[a-z_]*>$' ||
        fail "the header includes more than the standard library"
}

start_cluster() {
    local port tries
    port=$(shuf -i 20000-29999 -n 1)
    seeds=127.0.0.1:$port
    "$build/bin/coordinator" --port "$port" --nodes 3 --rep 2 --log-dir "$scratch/logs" \
        >"$scratch/coordinator.out" 2>&1 &
    coordinator=$!
    for (( tries = 0; tries < 300; ++tries )); do
        ! grep -qx ready "$scratch/coordinator.out" || return 0
        kill -0 "$coordinator" 2>/dev/null || break
        sleep 0.1
    done
    cat "$scratch/coordinator.out"
    fail "the cluster did not become ready"
}

install_elsewhere
check_exports
take_snippet
build_programs
start_cluster
"$scratch/build/every_call" "$seeds"
LD_LIBRARY_PATH=$libraries "$scratch/by_pkg_config" "$seeds"
said=$("$scratch/build/readme" "$seeds")
[[ $said == "value1, from server"* ]] || fail "the README's program says: $said"
for visits in 1 2; do
    said=$("$scratch/visits/build/visits" "$seeds" somebody)
    [[ $said == "somebody: $visits" ]] || fail "the example says: $said"
done
printf 'The package works.\n'
