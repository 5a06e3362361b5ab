#!/bin/sh
# tests/unit/cli/test_report.sh IB-VMEXT COMPOSE WORLDS - a page of one machine and of a thousand: it counts right, shows each machine, shows why
# those that are not ok are not, fetches nothing, lets no text of a file become markup, and is laid out by a browser where there is one.
set -u
program=$1 compose=$2 worlds=$3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0
wrong() { echo "FAILED: $*" >&2; bad=1; }
has() { grep -q -F -e "$2" "$1" || wrong "$1 has no $2"; }
lacks() { ! grep -q -i -F -e "$2" "$1" || wrong "$1 has $2"; }

look() {
	"$compose" "$worlds" "$1" "$tmp/$1" >/dev/null 2>&1 || wrong "$1 cannot be made"
	"$program" --world "$tmp/$1" verify --json >"$tmp/$1.json"
}
look hbv3-whole
look rate-half-red
look adapter-gone-red

# One machine.
"$program" report "$tmp/rate-half-red.json" >"$tmp/one.html" || wrong "one machine fails"
has "$tmp/one.html" 'InfiniBand: 0 of 1 machine ok'
has "$tmp/one.html" 'port-rate:mlx5_0/1'
has "$tmp/one.html" '100 Gb/s of 200'
has "$tmp/one.html" '/sys/class/infiniband/mlx5_0/ports/1/rate'
has "$tmp/one.html" 'As it should be'
has "$tmp/one.html" 'prefers-color-scheme:dark'
has "$tmp/one.html" 'name="viewport"'
lacks "$tmp/one.html" '<script'
lacks "$tmp/one.html" 'http:'
lacks "$tmp/one.html" 'https:'

# A support bundle tells of the last run.
mkdir -p "$tmp/hbv3-whole/root/var/lib/ib-vmext/journal"
cat >"$tmp/hbv3-whole/root/var/lib/ib-vmext/journal/20261122T110000Z-1.jsonl" <<'J'
{"v":2,"run":"r","n":1,"t":"2026-11-22T11:00:00Z","boot":"b","step":"run","kind":"phase","phase":"intent","data":{"kind":"apply","plan":{"steps":[{"id":"packages","what":"install rdma-core with apt","changes":["package rdma-core"]}]}}}
{"v":2,"run":"r","n":2,"t":"2026-11-22T11:00:05Z","boot":"b","step":"packages","kind":"packages","phase":"intent","data":null}
{"v":2,"run":"r","n":3,"t":"2026-11-22T11:00:35Z","boot":"b","step":"packages","kind":"packages","phase":"outcome","data":{"result":"done","what":null}}
J
echo '{"at":"2026-11-22T11:00:40Z","message":"InfiniBand works & more."}' >"$tmp/hbv3-whole/root/var/lib/ib-vmext/receipt.json"
"$program" --world "$tmp/hbv3-whole" support "$tmp/bundle.tar" >/dev/null || wrong "there is no bundle"
"$program" report "$tmp/bundle.tar" >"$tmp/bundle.html" || wrong "a bundle fails"
has "$tmp/bundle.html" 'InfiniBand: 1 of 1 machine ok'
has "$tmp/bundle.html" 'install rdma-core with apt'
has "$tmp/bundle.html" '2026-11-22T11:00:35Z'
has "$tmp/bundle.html" '<li>package rdma-core'
has "$tmp/bundle.html" 'InfiniBand works &amp; more.'

# A thousand.
mkdir "$tmp/fleet"
for n in 1 2 3 4 5 6 7 8 9 10; do
	for m in 1 2 3 4 5 6 7 8 9 10; do
		for k in 0 1 2 3 4 5 6 7 8 9; do echo "$tmp/fleet/node-$n-$m-$k.json"; done
	done
done | xargs -n 100 sh -c 'tee "$@" <"$0" >/dev/null' "$tmp/hbv3-whole.json"
cp "$tmp/rate-half-red.json" "$tmp/fleet/node-3-3-3.json"
cp "$tmp/adapter-gone-red.json" "$tmp/fleet/node-9-9-9.json"
sed 's/"measured": "100 Gb/"measured": "<script>alert(1)<\/script>100 Gb/' "$tmp/rate-half-red.json" >"$tmp/fleet/node-<img src=x>.json"
echo '{"schema":"other"}' >"$tmp/fleet/other.json"
echo 'no archive' >"$tmp/fleet/broken.tar"
"$program" report "$tmp/fleet" >"$tmp/fleet.html" || wrong "a fleet fails"
has "$tmp/fleet.html" 'InfiniBand: 998 of 1001 machines ok'
has "$tmp/fleet.html" '2 files could not be read'
has "$tmp/fleet.html" '&lt;script&gt;alert(1)'
has "$tmp/fleet.html" 'node-&lt;img src=x&gt;'
lacks "$tmp/fleet.html" '<script'
lacks "$tmp/fleet.html" '<img'
[ "$(grep -o '<[ai] [^>]*title="node-' "$tmp/fleet.html" | wc -l)" -eq 1001 ] || wrong "not a square for each machine"
[ "$(grep -o '<details id=' "$tmp/fleet.html" | wc -l)" -eq 3 ] || wrong "not each machine that is not ok is explained"
"$program" report "$tmp/fleet" --json 2>/dev/null | grep -q '"degraded": 2' || wrong "the counts as JSON"

"$program" report "$tmp/fleet/other.json" >/dev/null 2>&1 && wrong "a file that is no verification"
"$program" report "$tmp/none" >/dev/null 2>&1 && wrong "a file that is not there"
mkdir "$tmp/empty"
"$program" report "$tmp/empty" >/dev/null 2>&1 && wrong "an empty folder"

# A browser, where there is one, lays it out, on a phone and in the dark: neither picture is empty, and they differ. WANT_BROWSER: it is
# there for sure.
none() { echo "$*: not laid out"; [ -z "${WANT_BROWSER:-}" ] || exit 1; exit $bad; }
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || none "no browser"
# picture FILE SIZE OPTIONS...
picture() {
	picture=$1 size=$2
	shift 2
	HOME=$tmp timeout 100 "$browser" --headless=new --no-sandbox --disable-gpu --hide-scrollbars --window-size="$size" "$@" \
		--screenshot="$picture" "file://$tmp/fleet.html" >/dev/null 2>&1 || none "the browser does not start here"
	[ "$(stat -c %s "$picture")" -gt 10000 ] || wrong "the picture is empty"
}
picture "$tmp/phone.png" 390,800
picture "$tmp/dark.png" 390,800 --blink-settings=preferredColorScheme=0
! cmp -s "$tmp/phone.png" "$tmp/dark.png" || wrong "dark mode is as the light one"
exit $bad
