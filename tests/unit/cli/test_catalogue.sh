#!/bin/sh
# tests/unit/cli/test_catalogue.sh IB-VMEXT SIGN-FILE DATA WORLD - the verb catalogue and the option --catalogue, as a shell has them.
set -eu
export LC_ALL=C

vmext=$1 sign=$2 data=$3 world=$4
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

# Made of the data by hand: the lines of each file between its head and its end.
rows() { sed -e '1,/^  "'"$1"'": \[$/d' -e '/^  \]$/,$d' "$data/$1.json"; }
catalogue() # VERSION EXPIRES
{
	printf '{"schema": "ib-vmext/catalogue/1", "version": "%s", "expires": "%s",\n' "$1" "$2"
	for table in sizes adapters drivers; do
		printf '"%s": [\n' "$table"
		rows "$table"
		[ "$table" = drivers ] && printf ']}\n' || printf '],\n'
	done
}

# expect CODE TEXT WORDS...: the verb in the world ends so, and TEXT is in what it prints.
expect()
{
	code=$1 text=$2
	shift 2
	rc=0
	"$vmext" --world "$world" "$@" >"$tmp/out" 2>"$tmp/err" || rc=$?
	if [ "$rc" -ne "$code" ] || ! cat "$tmp/out" "$tmp/err" | grep -q -F -e "$text"; then
		echo "FAILED: $* ended with $rc, not $code, or without: $text" >&2
		head -c 2000 "$tmp/out" "$tmp/err" >&2
		failed=1
	fi
}

catalogue 2099.1.1 2099-12-31T00:00:00Z >"$tmp/new.json"
catalogue 2020.1.1 2099-12-31T00:00:00Z >"$tmp/old.json"
catalogue 2099.1.1 2020-12-31T00:00:00Z >"$tmp/expired.json"
sed 's/"debian"\]/"Plan 9"]/' "$tmp/new.json" >"$tmp/malformed.json"
key=$("$sign" "$tmp/new.json" "$tmp/old.json" "$tmp/expired.json" "$tmp/malformed.json")
printf '{"trustedKeys": ["%s"]}\n' "$key" >"$tmp/trust.json"
cp "$tmp/new.json" "$tmp/unsigned.json"

# What is built in.
expect 0 'built in: ' catalogue list
expect 0 'Standard_HB120rs_v3' catalogue show standard_hb120RS_v3
expect 0 'MT28908' catalogue show 15b3:101c
expect 0 '"route": "inbox"' catalogue show inbox-debian-12 --json
expect 1 'did you mean inbox-debian-12-mlx4' catalogue show inbox-debian-12-mlx5
expect 0 'findings' catalogue check
expect 1 'there are list, show' catalogue lst
expect 1 'wrong number of arguments' catalogue show

# One that is named.
expect 0 "Catalogue 2099.1.1, $tmp/new.json" catalogue list --catalogue "$tmp/new.json" --settings "$tmp/trust.json"
expect 0 '"version": "2099.1.1"' catalogue list --json --catalogue "$tmp/new.json" --settings "$tmp/trust.json"
"$vmext" --world "$world" plan --json >"$tmp/plan.built-in" || :
"$vmext" --world "$world" plan --json --catalogue "$tmp/new.json" --settings "$tmp/trust.json" >"$tmp/plan.named" || :
cmp "$tmp/plan.built-in" "$tmp/plan.named" || failed=1
expect 1 'not among the 0 trusted here' plan --catalogue "$tmp/new.json"
expect 1 '(catalogue-rolled-back)' plan --catalogue "$tmp/old.json" --settings "$tmp/trust.json"
expect 1 '(catalogue-expired)' plan --catalogue "$tmp/expired.json" --settings "$tmp/trust.json"
expect 1 'osIds[0] is not a text of one word' plan --catalogue "$tmp/malformed.json" --settings "$tmp/trust.json"
expect 1 '(catalogue-signature)' plan --catalogue "$tmp/unsigned.json" --settings "$tmp/trust.json"
expect 1 '(catalogue-unreadable)' plan --catalogue "$tmp/none.json" --settings "$tmp/trust.json"
expect 1 '"fault": "catalogue-expired"' plan --json --catalogue "$tmp/expired.json" --settings "$tmp/trust.json"
expect 1 '(catalogue-expired)' facts --catalogue "$tmp/expired.json" --settings "$tmp/trust.json"

# One of the settings: the plan goes on.
printf '{"catalogueUri": "https://example.com/c.json"}\n' >"$tmp/remote.json"
expect 0 'catalogue update FILE' plan --settings "$tmp/remote.json"

# Documents that nobody has signed yet.
expect 0 "$tmp/unsigned.json: " catalogue check "$tmp/unsigned.json"
expect 1 'osIds[0] is not a text of one word' catalogue check "$tmp/malformed.json"
expect 1 'Driver: not an array' catalogue import "$tmp/new.json"
cat >"$tmp/resources.json" <<'EOF'
{"Driver": [{"Name": "OFED", "Version": [{"Type": "CX5", "OS": [{"Name": "Linux", "Distro": [{"Name": "Ubuntu", "Version": [
 {"Num": "18.04", "FwLink": "http://content.mellanox.com/ofed/MLNX_OFED-5.5-1.0.3.2/MLNX_OFED_LINUX-5.5-1.0.3.2-ubuntu18.04-x86_64.tgz"}]}]}]}]}]}
EOF
expect 0 'mlnx-ofed-5.5-1.0.3.2-ubuntu-18.04-x86_64 has no digest' catalogue import "$tmp/resources.json"
expect 1 '(world-read-only)' catalogue update "$tmp/new.json" --settings "$tmp/trust.json"

[ "$failed" -eq 0 ] && echo "all as it should be"
exit "$failed"
