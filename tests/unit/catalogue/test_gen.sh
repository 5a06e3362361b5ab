#!/bin/sh
# tests/unit/catalogue/test_gen.sh GEN DATA - does the generator refuse rows that would mislead?
#
# Each case changes one thing in the real data; the generator must exit 1 and say what and where.
set -eu

gen=$1 data=$2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

# refuse MODE SED TEXT
refuse()
{
	sed -e "$2" "$data/$1.json" >"$tmp/in.json"
	if cmp -s "$tmp/in.json" "$data/$1.json"; then
		echo "FAILED: nothing changed by $2" >&2
		failed=1
	elif "$gen" "$1" "$tmp/in.json" "$tmp/out" 2>"$tmp/err" || ! grep -q -F "$3" "$tmp/err"; then
		echo "FAILED: $1 with $2" >&2
		cat "$tmp/err" >&2
		failed=1
	fi
}

for mode in sizes adapters drivers; do
	"$gen" "$mode" "$data/$mode.json" "$tmp/out" || failed=1
done
refuse sizes 's/Standard_HB120rs_v2"/standard_hb120RS_V3"/' 'stands at sizes['
refuse sizes '/Standard_HB120rs_v3"/s/"ports": 1/"ports": 0/' 'needs generation, ports and rateGbps'
refuse sizes '/Standard_NC6s_v3"/s/"ports": 0/"ports": 1/' 'without InfiniBand has no generation'
refuse sizes '/Standard_HB120rs_v3"/s/"CX6"/"CX66"/' 'none of the known words'
refuse sizes '/Standard_HB120rs_v3"/s/"gpu": false/"gpu": 0/' '"gpu" is not true or false'
refuse sizes '/Standard_HB120rs_v3"/s/"rateGbps"/"rateGbs"/' 'Standard_HB120rs_v3'
refuse adapters 's/"device": "1002"/"device": "1003"/' 'ids stand at adapters['
refuse adapters 's/"device": "101c"/"device": "101C"/' 'four lower-case hexadecimal digits'
refuse drivers 's/"inbox-debian-11"/"inbox-debian-12"/' 'stands at drivers['
refuse drivers 's/"id": "inbox-debian-11"/"id": "inbox debian-11"/' 'inbox debian-11": "id" is not of'
refuse drivers 's/"rdma-core"/"rdma core"/' 'one word'
refuse drivers 's/"packageManager": "apt"/"packageManager": "apk"/' 'none of the known words'
refuse drivers 's/"modules": .*/"modules": [],/' 'is empty'
refuse drivers 's/"optionalModules": \["ib_ipoib"\]/"optionalModules": ["ib_mad"]/' 'none of the known words'
refuse drivers 's/"rdma_ucm"\]/"rdma_ucm", "ib_ipoib"]/' 'in "modules" and in "optionalModules"'
refuse drivers 's/"optionalModules"/"optionalModule"/' 'unknown member "optionalModule"'
refuse drivers 's/the user space"}/the user space."}/' '"why" ends with a full stop'
refuse drivers '/"inbox-debian-12"/,/"why"/s/"packages": .*/"buildPackages": ["gcc"],/' 'inbox-debian-12": "packages" is missing'
refuse drivers '/"inbox-debian-12"/,/"why"/s/"peerMemory": "dma-buf"/"peerMemory": "maybe"/' 'inbox-debian-12": "peerMemory" is "maybe"'
refuse drivers 's/"route": "doca-ofed"/"route": "doca"/' '"route" is "doca"'
refuse drivers 's/"CX8"/"CX88"/' '"generations" is "CX88"'
refuse drivers 's/"evidence": "seen"/"evidence": "heard"/' '"evidence" is "heard"'
refuse drivers 's/"builds": true/"builds": "yes"/' '"builds" is not true or false'
refuse drivers 's/"seconds": 1800/"seconds": -1/' '"seconds" is not a whole number'
refuse drivers 's/"3.10-5.5"/"5.5-3.10"/' '"kernels" is no range of versions'
refuse drivers 's/"9.4-9.7"/"9.7-9.4"/' 'osVersions[0] is no range of versions'
refuse drivers 's|"url": "https://|"url": "http://|' '"url" does not begin with https://'
refuse drivers 's/"sha256": "./"sha256": "/' '"sha256" is not 64 lower-case'
refuse drivers '/"doca-3.4.0-ubuntu/,/"why"/s/"url": .*/"options": "x",/' '"sha256" has no "url"'

[ "$failed" -eq 0 ] && echo "all cases as they should be"
exit "$failed"
