#!/bin/sh
# run.sh SECONDS SEEDS TARGET...: fuzzes each target for that long, from its seeds and from what earlier runs found
# (corpus/ beside the target). A finding is kept beside the target, named, and makes the exit status 1.
set -u
seconds=$1 seeds=$2 bad=0
shift 2
for target; do
    name=${target##*/fuzz_} folder=${target%/*}
    mkdir -p "$folder/corpus/$name"
    if "$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -artifact_prefix="$folder/found-$name-" \
        "$folder/corpus/$name" "$seeds/$name" >"$target.log" 2>&1; then
        sed -n "s/.*DONE *\(cov: [0-9]*\).*\(exec.s: [0-9]*\).*/$name: \1, \2, no finding/p" "$target.log"
    else
        bad=1
        echo "$name: FOUND, see $target.log"
        grep -aE 'ERROR|SUMMARY|Test unit written' "$target.log" | head -5
    fi
done
exit $bad
