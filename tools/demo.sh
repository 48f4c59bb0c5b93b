#!/bin/sh
# Show both ends at work: skua serve gives out a folder over HTTPS on loopback, skua get fetches it
# back under full verification. Leaves nothing behind.
#
#   tools/demo.sh COMMAND       (build/release/skua)
set -eu

skua=$1
scratch=$(mktemp -d "${TMPDIR:-/tmp}/skua-demo-XXXXXX")
server=

clean_up() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    [ -z "$server" ] || wait "$server" 2>/dev/null || true
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# The authority is kept under the user's data directory; the demonstration's own is thrown away.
XDG_DATA_HOME=$scratch/data
export XDG_DATA_HOME

say() { printf '\n== %s\n' "$*"; }
fail() {
    printf 'demo: %s\n' "$*" >&2
    cat "$scratch/serve.log" >&2 2>/dev/null || true
    exit 1
}
# No fetch of a demonstration may hang.
get() { timeout 120 "$skua" get "$@"; }

say "a folder with a page and a file of 100 MiB"
mkdir "$scratch/site"
echo '<!DOCTYPE html><title>skua</title><p>Hello from skua.' >"$scratch/site/index.html"
head -c 104857600 /dev/urandom >"$scratch/site/big.bin"
wc -c "$scratch/site/index.html" "$scratch/site/big.bin"

say "skua serve: a local authority, a certificate, HTTPS on loopback"
"$skua" serve "$scratch/site" --bind 127.0.0.1 --port 0 --tls >"$scratch/serve.log" 2>&1 &
server=$!
tries=0
until url=$(sed -n 's|^skua: serving .* at \(https://[^ ]*\)$|\1|p' "$scratch/serve.log") &&
    authority=$(sed -n 's|^skua: authority: ||p' "$scratch/serve.log") &&
    [ -n "$url" ] && [ -n "$authority" ]; do
    kill -0 "$server" 2>/dev/null || fail "the server ended"
    tries=$((tries + 1))
    [ "$tries" -le 200 ] || fail "the server did not say its address within 10 s"
    sleep 0.05
done
[ -f "$authority" ] || fail "the authority is not where the server says"
cat "$scratch/serve.log"

say "skua get: the page"
get --cacert "$authority" -o "$scratch/page" "$url"
cmp "$scratch/page" "$scratch/site/index.html" || fail "the page differs"
cat "$scratch/page"

say "skua get -i: what is not there"
get --cacert "$authority" -i "${url}missing" || fail "a 404 is an answer, not a failure"
status=0
get --cacert "$authority" -f "${url}missing" || status=$?
[ "$status" -ne 0 ] || fail "-f must turn a 404 into a failure"
echo "with -f: exit status $status"

say "skua get -o: 100 MiB"
get -s --cacert "$authority" -o "$scratch/big" "${url}big.bin"
cmp "$scratch/big" "$scratch/site/big.bin" || fail "the file differs"
echo "the same bytes came back"

say "skua get without the authority: refused"
status=0
get "$url" >"$scratch/refused" 2>"$scratch/why" || status=$?
[ "$status" -ne 0 ] || fail "a certificate nobody vouches for was believed"
[ ! -s "$scratch/refused" ] || fail "a refused fetch gave out a body"
grep '^skua: ' "$scratch/why" || fail "the refusal came without a message"
echo "exit status $status"

say "timings, from skua get --json"
for path in '' missing big.bin; do
    get --cacert "$authority" --json "$url$path" >"$scratch/json" || fail "no JSON for /$path"
    /usr/bin/python3 - "$scratch/json" <<'PYTHON'
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    answer = json.load(file)
phases = ", ".join("%s %s" % pair for pair in answer["timings"].items() if pair[1] is not None)
print("%d  %9d bytes  ms: %s" % (answer["status"], answer["body_bytes"], phases))
PYTHON
done

say "all as it should be"
