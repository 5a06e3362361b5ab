#!/bin/sh
# tests/lint/test_advice.sh GEN DATA DOCS VERIFY - do docs/warnings.md and docs/known-issues.md say what data/ says, and
# is each id that a known issue names there? The generator looks up warnings and faults; checks of verify are looked up
# in its source, VERIFY.
set -eu

gen=$1 data=$2 docs=$3 verify=$4
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

for page in warnings known-issues; do
	"$gen" "$page-md" "$data/$page.json" "$tmp/$page.md"
	if ! cmp -s "$tmp/$page.md" "$docs/$page.md"; then
		diff -u "$docs/$page.md" "$tmp/$page.md" >&2 || :
		echo "FAILED: $docs/$page.md is stale; to refresh it: $gen $page-md $data/$page.json $docs/$page.md" >&2
		failed=1
	fi
done

checks=$(sed -n 's/.*"caught": "verify", "by": \[\([^]]*\)\].*/\1/p' "$data/known-issues.json" | tr -d ' ' | tr ',' '\n')
[ -n "$checks" ] || { echo "FAILED: no issue is caught by verify" >&2; failed=1; }
for check in $checks; do
	grep -q -F -e "$check" "$verify" || { echo "FAILED: verify has no check $check" >&2; failed=1; }
done

# refuses NAME TEXT WHERE FROM TO: with FROM replaced by TO in the file WHERE the generator must fail and say TEXT.
refuses()
{
	mkdir -p "$tmp/data"
	cp "$data/warnings.json" "$data/known-issues.json" "$data/faults.json" "$tmp/data/"
	sed "s/$4/$5/" "$data/$3" >"$tmp/data/$3"
	cmp -s "$data/$3" "$tmp/data/$3" && { echo "FAILED: $1: nothing was replaced" >&2; failed=1; }
	if "$gen" known-issues "$tmp/data/known-issues.json" "$tmp/out.h" 2>"$tmp/why" || ! grep -q -F -e "$2" "$tmp/why"; then
		echo "FAILED: $1" >&2
		cat "$tmp/why" >&2
		failed=1
	fi
}

refuses "a warning that is not there" '"cx9-dropped" is not in warnings.json' known-issues.json '\["cx3-dropped"\]' '["cx9-dropped"]'
refuses "a fault that is not there" '"package-lok" is not in faults.json' known-issues.json '"package-lock"' '"package-lok"'
refuses "a gap in the numbers" 'its number is not 7' known-issues.json '"number": 7,' '"number": 77,'
refuses "a place that nobody knows" 'none of the known words' known-issues.json '"caught": "verify"' '"caught": "later"'
refuses "caught, but not by what" '"by" is empty' known-issues.json '\["driver-too-old"\]' '[]'
refuses "not caught, and no reason" '"why" is missing' known-issues.json ', "why": "The line is the agent[^"]*"' ''
refuses "a warning that its issue does not name" 'known issue 19 does not name it' warnings.json '"issues": \[20\]' '"issues": [19]'
refuses "a warning for an issue that is not there" 'there is no known issue 620' warnings.json '"issues": \[62\]' '"issues": [620]'
refuses "a remedy that is no sentence" 'does not end with a full stop' warnings.json 'Reboot first and deploy again; [^"]*"' 'Reboot first"'

[ "$failed" -eq 0 ] && echo "all as it should be"
exit "$failed"
