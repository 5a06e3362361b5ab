#!/bin/bash
# test_manual.sh IB-VMEXT MANUAL SCHEMA - the manual pages and the completion that are made from the tables. bash, since that is what
# completes.
set -u
program=$(realpath "$1") manual=$(realpath "$2") schema=$3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0
complain() { echo "FAILED: $*" >&2; failed=1; }

"$manual" man >"$tmp/ib-vmext.8" || complain "no ib-vmext(8)"
"$manual" settings "$schema" >"$tmp/ib-vmext-settings.5" || complain "no ib-vmext-settings(5)"
"$manual" bash >"$tmp/completion" || complain "no completion"
"$manual" settings "$tmp/completion" >/dev/null 2>&1 && complain "a page of what is no schema"

# Every verb and option that the program's help has, and nothing that groff warns of.
for page in ib-vmext.8 ib-vmext-settings.5; do
	if command -v groff >/dev/null; then
		said=$(groff -man -Tutf8 -ww -rCHECKSTYLE=3 -z "$tmp/$page" 2>&1)
		[ -z "$said" ] || complain "$page: $said"
	fi
done
sed 's/\\-/-/g; s/\\f[BR]//g' "$tmp/ib-vmext.8" >"$tmp/plain"
words=$("$program" --help | sed -n 's/^ \{2,13\}\(-*[a-z][a-z-]*\) .*/\1/p')
[ "$(echo "$words" | wc -l)" -gt 15 ] || complain "the help has few words: $words"
for word in $words; do
	grep -qE "^$word( |$)" "$tmp/plain" || complain "ib-vmext(8) lacks $word"
done
jq -r '.properties, ."$defs".protectedSettings.properties | to_entries[] | .key as $k |
	if .value.properties then (.value.properties | keys[] | $k + "." + .) else $k end' "$schema" >"$tmp/keys"
[ -s "$tmp/keys" ] || complain "no keys"
while read -r key; do
	grep -q "^\\\\fB$key\\\\fR" "$tmp/ib-vmext-settings.5" || complain "ib-vmext-settings(5) lacks $key"
done <"$tmp/keys"

compopt() { :; }
# shellcheck disable=SC1091
. "$tmp/completion"
# completes WANTED WORD...: the last of the words, as somebody has begun it, becomes these.
completes() {
	wanted=$1
	shift
	COMP_WORDS=(ib-vmext "$@") COMP_CWORD=$# COMPREPLY=()
	_ib_vmext
	got=$(printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' ')
	[ "$got" = "$wanted " ] || complain "ib-vmext $*: $got instead of $wanted"
}
cd "$tmp" && mkdir -p places/world && : >places/file || exit 1
completes 'pack plan' p
completes '--resolve' plan --r
completes 'list' pack l
completes 'check' offline c
completes '--key' pack make x --k
completes 'info' --log-level i
completes 'places/world' --world places/
completes 'places/file' --settings places/f
completes 'verify' --world places/world v
completes 'places/file' catalogue check places/f
completes 'enable' handler e
completes '--settings' --s
# What is completed is there: no verb more, and none less.
COMP_WORDS=(ib-vmext '') COMP_CWORD=1
_ib_vmext
for word in "${COMPREPLY[@]}"; do
	"$program" --help | grep -q "^  $word " || complain "completed, but no verb: $word"
done
[ "${#COMPREPLY[@]}" = "$("$program" --help | sed -n '/^Verbs/,/^Options/p' | grep -c '^  [a-z]')" ] || complain "not all verbs"

[ $failed -eq 0 ] && echo "all as it should be"
exit $failed
