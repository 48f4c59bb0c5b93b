#!/bin/sh
# Run one fuzz target, or each of them, for a number of seconds.
#
#   tools/fuzz.sh BUILD SECONDS [NAME]
#
# New inputs are kept in BUILD/corpus/NAME; a crash is written to BUILD/crashes, named, and ends
# the run with status 1. Inputs worth keeping go into fuzz/corpus/NAME by hand:
#   BUILD/fuzz/fuzz_NAME -merge=1 fuzz/corpus/NAME BUILD/corpus/NAME
set -eu

build=$1
seconds=$2
only=${3:-}
failed=0
ran=0

mkdir -p "$build/crashes"
for source in fuzz/fuzz_*.c; do
    name=$(basename "$source" .c)
    name=${name#fuzz_}
    [ -z "$only" ] || [ "$only" = "$name" ] || continue
    target=$build/fuzz/fuzz_$name
    [ -x "$target" ] || continue
    ran=$((ran + 1))
    echo "fuzzing $name for $seconds s"
    mkdir -p "$build/corpus/$name"
    set -- "$build/corpus/$name"
    [ ! -d "fuzz/corpus/$name" ] || set -- "$@" "fuzz/corpus/$name"
    [ ! -f "fuzz/$name.dict" ] || set -- "-dict=fuzz/$name.dict" "$@"
    if ! "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 \
        -print_final_stats=1 -artifact_prefix="$build/crashes/$name-" "$@" \
        >"$build/fuzz-$name.log" 2>&1; then
        tail -40 "$build/fuzz-$name.log"
        failed=$((failed + 1))
    fi
    grep -E '^stat::(number_of_executed_units|average_exec_per_sec)' "$build/fuzz-$name.log" || true
done

if [ "$ran" -eq 0 ]; then
    echo "fuzz: no target ${only:-at all}" >&2
    exit 1
fi
echo "$((ran - failed)) clean, $failed with a crash"
[ "$failed" -eq 0 ]
