#!/bin/sh
# timed.sh PROGRAM...: runs one test program for the harness, ends it when it hangs, and says in its log how long it took.
# Exits as the program did; 124 when it was ended.
limit=${TEST_TIME_MAX:-600}
began=$(date +%s%3N)
timeout -k 10 "$limit" "$@"
status=$?
[ $status -ne 124 ] || echo "ended after $limit s: $*"
echo "Time: $(($(date +%s%3N) - began)) ms"
exit $status
