#!/bin/sh
# tests/lint/test_support_matrix.sh MATRIX DOC - does docs/support-matrix.md say what the catalogue says?
set -eu

matrix=$1 doc=$2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

"$matrix" >"$tmp/fresh.md"
if ! diff -u "$doc" "$tmp/fresh.md" >"$tmp/diff"; then
	cat "$tmp/diff" >&2
	echo "FAILED: $doc is older than the catalogue; to refresh it: $matrix >$doc" >&2
	exit 1
fi
# A table whose rows have unlike numbers of cells shows as text.
if awk -F'|' '/^\|/ { if (cells && NF != cells) { print FILENAME ":" FNR; bad = 1 } cells = NF; next } { cells = 0 } END { exit !bad }' "$doc" >&2; then
	echo "FAILED: a broken table" >&2
	exit 1
fi
# Lines that somebody relies on, written by hand.
while IFS= read -r line; do
	if ! grep -qF "$line" "$doc"; then
		echo "FAILED: $doc lacks: $line" >&2
		exit 1
	fi
done <<'EOF'
| 24.04 | x86_64 | CX5, CX6, CX7, CX8, mlx5Gen | DOCA-OFED 3.2.3 | seen | inbox, inferred |
| 9.8 | x86_64 | CX5, CX6, CX7, mlx5Gen | DOCA-OFED 3.2.2 | inferred | inbox, inferred |
| HBv5 | Standard_HB368rs_v5 | CX7 | 4 × 200 Gb/s | x86_64 | seen |
EOF
echo "the support matrix is as the catalogue says"
