#!/bin/sh
# tests/lint/test_exit_codes.sh GEN FAULTS DOC - does docs/exit-codes.md say what the table of faults says?
set -eu

gen=$1 faults=$2 doc=$3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

"$gen" exit-codes-md "$faults" "$tmp/fresh.md"
if ! cmp -s "$tmp/fresh.md" "$doc"; then
	diff -u "$doc" "$tmp/fresh.md" >&2 || :
	echo "FAILED: $doc is older than the faults; to refresh it: $gen exit-codes-md $faults $doc" >&2
	failed=1
fi

# What Markdown would take for markup is shown as it is, but for `code`; a cell keeps its bars.
cat >"$tmp/odd.json" <<'EOF'
{"schema": "ib-vmext/faults/1", "exitCodes": [
  {"code": 0, "meaning": "A | b `c|d`.", "remedy": "Two\nlines."},
  {"code": 9, "meaning": "Nine.", "remedy": "None."}],
 "faults": [
  {"slug": "odd", "exitCode": 9, "who": "user", "transient": true, "cause": "<b>*x* [y] `<z> | *w*`.", "remedy": "Café."}]}
EOF
"$gen" exit-codes-md "$tmp/odd.json" "$tmp/odd.md"
while read -r line; do
	grep -q -x -F -e "$line" "$tmp/odd.md" || { echo "FAILED: no line: $line" >&2; failed=1; }
done <<'EOF'
| 0 | A \| b `c\|d`. | Two lines. |
No fault stands under it.
## Code 9
Nine.
### odd
- cause: \<b\>\*x\* \[y\] `<z> | *w*`.
- remedy: Café.
- who must act: user
- can a retry help: yes, nothing else need change
EOF

[ "$failed" -eq 0 ] && echo "all as it should be"
exit "$failed"
