#!/bin/sh
# tests/lint/test_portal_messages.sh GENERATOR WORLDS DOC - does docs/portal-messages.md say what the handler says? The generator
# itself fails where a fault of codes 10 to 13 is reached by no world, or a message is too long or lacks a next step.
set -eu

generator=$1 worlds=$2 doc=$3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

"$generator" "$worlds" >"$tmp/fresh.md"
if ! diff -u "$doc" "$tmp/fresh.md" >"$tmp/diff"; then
	cat "$tmp/diff" >&2
	echo "FAILED: $doc is not what is said today; to refresh it: $generator $worlds >$doc" >&2
	exit 1
fi
echo "the portal's messages are as documented"
