#!/bin/sh
# Read the sources with clang-tidy and cppcheck; any finding fails.
#
#   tools/lint.sh BUILD      (for its compile_commands.json)
set -eu

build=$1
status=0
ours=$(find src cli -name '*.c')
all=$(find src include cli examples fuzz bench tests -name '*.[ch]')

echo "clang-format"
# shellcheck disable=SC2086 # file names are words
clang-format --dry-run -Werror $all || status=1
echo "clang-tidy"
# The build's options are gcc's; clang knows no fat objects.
echo "$ours" | xargs -P "$(nproc)" -n 1 clang-tidy --quiet -p "$build" \
    --extra-arg=-Wno-ignored-optimization-argument \
    >"$build/clang-tidy.log" 2>/dev/null || status=1
cat "$build/clang-tidy.log"
echo "cppcheck"
# shellcheck disable=SC2086
cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability \
    --inline-suppr --suppress=missingIncludeSystem --suppress=checkersReport --suppress=internalAstError \
    -D_GNU_SOURCE -D__GNUC__=12 -I include -I src -j "$(nproc)" $ours || status=1
exit $status
