#!/bin/sh
# tests/unit/cli/test_offline.sh IB-VMEXT MAKE-KEY WORLDS - the verb offline, as a shell has it: a bundle made for one world, then
# held against others, damaged, and signed by others.
set -eu
export LC_ALL=C

vmext=$1 make_key=$2 worlds=$3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
tgz=MLNX_OFED_LINUX-5.5-1.0.3.2-ubuntu16.04-x86_64.tgz

run_verb()
{
	verb_world=$1
	shift
	"$vmext" --world "$worlds/$verb_world" --settings "$tmp/settings.json" offline "$@"
}
. "${0%/*}/expect.sh"

mkdir -p "$tmp/mirror/content.mellanox.com/ofed/MLNX_OFED-5.5-1.0.3.2" "$tmp/out.d"
artefact=$tmp/mirror/content.mellanox.com/ofed/MLNX_OFED-5.5-1.0.3.2/$tgz
echo 'the artefact' >"$artefact"
key=$("$make_key" "$tmp/secret.key")
printf '{"mirror": "%s", "trustedKeys": ["%s"]}\n' "$tmp/mirror" "$key" >"$tmp/settings.json"
bundle=$tmp/out.d/bundle

expect 1 '--key' hb-ubuntu1604 make "$bundle"
expect 1 'cannot be read' hb-ubuntu1604 make "$bundle" --key "$tmp/nowhere"
expect 0 "artefacts/$tgz" hb-ubuntu1604 make "$bundle" --key "$tmp/secret.key"
grep -q 'not in it: install with apt what compiling' "$tmp/out" || fail "what could not be gathered is not told"
[ "$(ls -A "$tmp/out.d")" = bundle ] || fail "make left more than the bundle: $(ls -A "$tmp/out.d")"
tar -tf "$bundle" | tr '\n' ' ' | grep -q -x -F "manifest.json manifest.json.minisig artefacts/$tgz " || fail "another list of files"
[ "$(tar -xOf "$bundle" "artefacts/$tgz")" = 'the artefact' ] || fail "another artefact"

expect 0 'Every file is as it was signed' hb-ubuntu1604 check "$bundle"
expect 0 '"fits": true' hb-ubuntu1604 --json check "$bundle"
expect 14 'is for another machine: its os is ubuntu, and here it is rhel' hb-rhel76 check "$bundle"
expect 14 '"fits": false' hb-rhel76 --json check "$bundle"

# Damaged in the artefact, in the manifest, cut off, with something behind it.
sed 's/the artefact/the artefucT/' "$bundle" >"$tmp/changed"
expect 14 'is not what was signed' hb-ubuntu1604 check "$tmp/changed"
sed 's/"ubuntu"/"debian"/' "$bundle" >"$tmp/changed"
expect 14 'is not what was signed' hb-ubuntu1604 check "$tmp/changed"
size=$(wc -c <"$bundle")
head -c "$((size - 1536))" "$bundle" >"$tmp/changed"
expect 14 'is damaged' hb-ubuntu1604 check "$tmp/changed"
head -c "$((size - 1024))" "$bundle" >"$tmp/changed"
head -c 1024 "$bundle" >>"$tmp/changed"
expect 14 'there is more in it than was signed' hb-ubuntu1604 check "$tmp/changed"
echo 'no tar' >"$tmp/changed"
expect 14 'is no offline bundle' hb-ubuntu1604 check "$tmp/changed"
expect 14 'cannot be read' hb-ubuntu1604 check "$tmp/nowhere"

# Signed by somebody else.
"$make_key" "$tmp/other.key" >/dev/null
expect 0 "artefacts/$tgz" hb-ubuntu1604 make "$bundle" --key "$tmp/other.key"
expect 14 'is not among the 1 trusted here' hb-ubuntu1604 check "$bundle"

# Killed or failed, the former file stands.
rm "$artefact"
cp "$bundle" "$tmp/former"
expect 14 'cannot be read' hb-ubuntu1604 make "$bundle" --key "$tmp/secret.key"
cmp -s "$bundle" "$tmp/former" || fail "a make that failed changed the file"
[ "$(ls -A "$tmp/out.d")" = bundle ] || fail "a make that failed left something"
expect 1 'there is no offline sell' hb-ubuntu1604 sell "$bundle"

exit $failed
