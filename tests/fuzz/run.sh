#!/bin/sh
# run.sh PROGRAM: runs libFuzzer for $FUZZ_SECONDS on each target, or on those in $FUZZ_TARGETS, from the inputs in
# tests/fuzz/corpus/. It says in TAP how that went. What it finds is left in the working folder as found-TARGET-…: put it
# in tests/fuzz/corpus/TARGET/ with the repair. What is merely new goes to grown/TARGET/, for a next run to start from.
set -u
program=$1
corpus=$(cd "$(dirname "$0")" && pwd)/corpus
seconds=${FUZZ_SECONDS:-60}
targets=${FUZZ_TARGETS:-$("$program" --targets)}
count=0 failed=0
echo "# $seconds seconds each"
for target in $targets; do
  count=$((count + 1))
  mkdir -p "grown/$target"
  if "$program" --target="$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="found-$target-" "grown/$target" "$corpus/$target" >"fuzz-$target.log" 2>&1; then
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "fuzz-$target.log")
    echo "ok $count - $target ($runs inputs)"
  else
    failed=1
    echo "not ok $count - $target"
    grep -vE '^#[0-9]' "fuzz-$target.log" | tail -n 40 | sed 's/^/# /'
  fi
done
echo "1..$count"
exit $failed
