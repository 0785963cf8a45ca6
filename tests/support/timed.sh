#!/bin/sh
# timed.sh PROGRAM...: runs one test program for the harness, ends it when it hangs, and says in its log how long it took.
# Exits as the program did; 124 when it was ended. Sockets of at most 107 bytes are made below TMPDIR, and switches, whose
# paths have no blanks: a TMPDIR that leaves no room for them is not used.
limit=${TEST_TIME_MAX:-600}
case $TMPDIR in
*[[:space:]]* | ?????????????????????????????????????????*)
	echo "/tmp instead of TMPDIR, which is too long for sockets or has blanks: $TMPDIR"
	TMPDIR=/tmp
	;;
esac
began=$(date +%s%3N)
timeout -k 10 "$limit" "$@"
status=$?
[ $status -ne 124 ] || echo "ended after $limit s: $*"
echo "Time: $(($(date +%s%3N) - began)) ms"
exit $status
