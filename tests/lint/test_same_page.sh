#!/bin/sh
# tests/lint/test_same_page.sh PAGE COMMAND... - is PAGE what the command prints?
set -eu
page=$1
shift
tmp=$(mktemp)
trap 'rm -f "$tmp"' EXIT
"$@" >"$tmp"
if ! cmp -s "$tmp" "$page"; then
	diff -u "$page" "$tmp" >&2 || :
	echo "FAILED: $page is older than what it is made from; to refresh it: $* >$page" >&2
	exit 1
fi
