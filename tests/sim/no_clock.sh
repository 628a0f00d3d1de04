#!/bin/sh
# no_clock.sh LIBRARY...: fails where one of them calls something that reads a clock.
[ $# -gt 0 ] || exit 2
calls='(clock_gettime|gettimeofday|timespec_get|ftime|time|clock)(@.*)?'
for library in "$@"; do
    undefined=$(nm -C --undefined-only "$library") || exit 2
    # Without any, it is not one of ours, and this would prove nothing.
    [ -n "$undefined" ] || { echo "$library: nothing to look at"; exit 2; }
    if printf '%s\n' "$undefined" | grep -E "^ *U ($calls|.*_clock::now\(\))\$"; then
        echo "$library reads a clock"
        exit 1
    fi
done
