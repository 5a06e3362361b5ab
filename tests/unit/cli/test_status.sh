#!/bin/sh
# tests/unit/cli/test_status.sh IB-VMEXT WORLD - status and status --watch, as a shell has them, on a captured machine
# whose state directory plays a run: the lock is held by a process, journal and log grow, and the end comes.
set -eu
export LC_ALL=C

vmext=$1 source=$2
tmp=$(mktemp -d)
holder='' watcher=''
trap 'for p in $holder $watcher; do kill "$p" 2>/dev/null || :; done; rm -rf "$tmp"' EXIT
world=$tmp/world
cp -r "$source" "$world"
state=$world/root/var/lib/ib-vmext
log=$world/root/var/log/azure/ib-vmext-status
mkdir -p "$state/journal" "${log%/*}"
: >"$log"

run_verb()
{
	verb_world=$1
	shift
	"$vmext" --world "$verb_world" "$@"
}
. "${0%/*}/expect.sh"

# What stands there with nothing done, and with a run that was cut off.
expect 0 'state     none' "$world" status
expect 0 'state     none' "$world" status --watch
expect 1 'no such option' "$world" status --wach

line()
{
	printf '{"v":2,"run":"R","n":1,"t":"%s","boot":"b","step":"%s","kind":"%s","phase":"%s","data":%s}\n' "$1" "$2" "$3" "$4" "$5"
}
plan=$("$vmext" --world "$world" --json plan | jq -c .)
now=$(date -u +%FT%TZ)
begun=$(date -u -d '20 seconds ago' +%FT%TZ)
journal=$state/journal/R.jsonl
line "$begun" run run intent "{\"kind\":\"apply\",\"seq\":-1,\"version\":\"1\",\"settingsDigest\":\"d\",\"preparedSeconds\":4,\"plan\":$plan}" >"$journal"
line "$begun" run phase outcome '{"to":"applying"}' >>"$journal"
line "$begun" packages packages intent '{}' >>"$journal"
printf R >"$state/journal/open"
expect 14 'state     interrupted' "$world" status --watch
expect 0 'ib-vmext undo to go back' "$world" status

# Another run of this machine that ended well: packages took 100 s, all the rest nothing.
sed -e 's/"run":"R"/"run":"Q"/' -e 's/"t":"[^"]*"/"t":"2026-01-01T00:00:00Z"/' "$journal" >"$state/journal/Q.jsonl"
{
	line 2026-01-01T00:01:40Z packages packages outcome '{"result":"done"}'
	for step in $(printf %s "$plan" | jq -r '.steps[].id' | grep -v packages); do
		line 2026-01-01T00:01:40Z "$step" file intent '{}'
		line 2026-01-01T00:01:40Z "$step" file outcome '{"result":"done"}'
	done
	line 2026-01-01T00:01:40Z run phase outcome '{"to":"verifying"}'
	line 2026-01-01T00:01:40Z run phase outcome '{"to":"done"}'
} | sed 's/"run":"R"/"run":"Q"/' >>"$state/journal/Q.jsonl"

# hold: a process that has the lock, as a worker has it. It ends when its pipe does.
mkfifo "$tmp/go"
hold()
{
	( exec 9>"$state/lock"; flock 9; sh -c 'echo $PPID' >&9; : >"$tmp/held"; read -r _ <"$tmp/go" || :) &
	holder=$!
	until [ -e "$tmp/held" ]; do sleep 0.02; done
	rm "$tmp/held"
}
let_go() { echo >"$tmp/go"; wait "$holder" || :; holder=''; }
# seen FILE TEXT: until the watcher has printed it; the test's own time is its end.
seen() { until grep -q -F -e "$2" "$1"; do kill -0 "$watcher" 2>/dev/null || { fail "the watch ended without: $2"; cat "$1" >&2; return; }; sleep 0.02; done; }

hold
echo "$now info package.fetch: fetching what is needed" >>"$log"
expect 0 'state     running (pid ' "$world" status
expect 0 'now       fetching what is needed' "$world" status
expect 0 '"basis": "measured"' "$world" --json status
percent=$(jq .progress.percent "$tmp/out") left=$(jq .progress.leftSeconds "$tmp/out")
[ "$percent" -ge 20 ] && [ "$percent" -le 40 ] || fail "20 s of 100 s are not $percent %"
[ "$left" -ge 60 ] && [ "$left" -le 80 ] || fail "of 100 s, 20 s gone, not $left s are left"
[ "$(jq -r '[.progress.steps[].state] | unique | join(" ")' "$tmp/out")" = 'intended untouched' ] || fail "steps: $(jq -c .progress.steps "$tmp/out")"

# Not a terminal: the lines that are logged from now on, then the screen of the end; the exit code is the run's.
"$vmext" --world "$world" status --watch >"$tmp/watch" 2>&1 &
watcher=$!
# On a terminal: in place, no wider than it is, and without a line that it would break.
stty_columns=50
script -qefc "stty cols $stty_columns rows 20; TERM=xterm '$vmext' --world '$world' status --watch" "$tmp/typescript" >/dev/null 2>&1 </dev/null &
terminal=$!
until grep -q "$(printf '\033')\[[0-9]*A" "$tmp/typescript" 2>/dev/null; do kill -0 $terminal || { fail "the terminal's watch ended"; break; }; sleep 0.02; done
[ ! -s "$tmp/watch" ] || fail "what was logged before is told"
echo "$now info step.done: a first line" >>"$log"
seen "$tmp/watch" 'a first line'
mv "$log" "$log.1"
echo "$now info step.done: in a new file" >"$log"
seen "$tmp/watch" 'in a new file'
line "$now" packages packages outcome '{"result":"done"}' >>"$journal"
printf '{"schema":"ib-vmext/ended/1","at":"%s","kind":"apply","seq":-1,"exitCode":14,"fault":"download-failed","message":"it broke"}' "$now" >"$state/ended.json"
rm "$state/journal/open"
let_go
rc=0
wait $watcher || rc=$?
watcher=''
[ $rc -eq 14 ] || fail "the watch ended with $rc"
grep -q 'result    apply, code 14: it broke' "$tmp/watch" || fail "the end is not told: $(cat "$tmp/watch")"
rc=0
wait $terminal || rc=$?
[ $rc -eq 14 ] || fail "on the terminal the watch ended with $rc"
esc=$(printf '\033')
grep -q "${esc}\[J" "$tmp/typescript" || fail "the screen is not redrawn in place"
grep -q "${esc}\[1;3[13]m" "$tmp/typescript" || fail "no colour on a terminal"
sed -e "s/$esc\[[0-9;]*[A-Za-z]//g" -e 's/\r//g' "$tmp/typescript" | grep -v '^Script ' | awk -v w=$stty_columns 'length > w' >"$tmp/wide"
[ ! -s "$tmp/wide" ] || fail "wider than the terminal: $(cat "$tmp/wide")"

# Killed at work: the lock goes, and that alone is told of.
printf R >"$state/journal/open"
hold
"$vmext" --world "$world" --json status --watch >"$tmp/watch" 2>&1 &
watcher=$!
seen "$tmp/watch" '"running"'
kill -9 "$holder"
wait "$holder" 2>/dev/null || :
rc=0
wait $watcher || rc=$?
watcher='' holder=''
[ $rc -eq 14 ] || fail "after a kill the watch ended with $rc"
[ "$(tail -1 "$tmp/watch" | jq -r .state)" = interrupted ] || fail "a killed run is: $(tail -1 "$tmp/watch")"
rm "$state/journal/open"
expect 14 'state     failed' "$world" status --watch

# The run ends while the watch looks: the end that it tells is that run's. It is stopped where it begins to look at the adapter.
command -v strace >/dev/null || { echo "no strace: not stopped there"; exit $failed; }
rm "$state/ended.json"
printf R >"$state/journal/open"
hold
strace -f -o "$tmp/strace" -P sys/bus/pci/devices -e inject=openat:signal=STOP:when=1 "$vmext" --world "$world" status --watch >"$tmp/watch" 2>&1 &
watcher=$!
stopped() { watch_pid=$(sed -n 's/^\([0-9]*\) .*SIGSTOP.*/\1/p' "$tmp/strace" 2>/dev/null | head -1) && [ -n "$watch_pid" ]; }
until stopped; do kill -0 "$watcher" 2>/dev/null || { fail "the watch ended: $(cat "$tmp/watch")"; break; }; sleep 0.02; done
printf '{"schema":"ib-vmext/ended/1","at":"%s","kind":"apply","seq":-1,"exitCode":12,"fault":null,"message":"no driver"}' "$now" >"$state/ended.json"
rm "$state/journal/open"
let_go
kill -CONT "$watch_pid"
rc=0
wait $watcher || rc=$?
watcher=''
[ $rc -eq 12 ] || fail "of a run that ended meanwhile the watch ended with $rc: $(cat "$tmp/watch")"
exit $failed
