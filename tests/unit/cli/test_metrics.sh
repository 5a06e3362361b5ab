#!/bin/sh
# tests/unit/cli/test_metrics.sh IB-VMEXT COMPOSE TOP - what `metrics` writes, held against promtool; the alert rules, by their own tests;
# the exit code, which health checks go by.
set -u
program=$1 compose=$2 top=$3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0
wrong() { echo "FAILED: $*" >&2; bad=1; }

"$top/tools/promtool" --version >/dev/null 2>&1
[ $? -ne 77 ] || { echo "no promtool to be had"; exit 77; }
"$top/tools/promtool" check rules "$top/packaging/prometheus/ib-vmext.rules.yml" >"$tmp/out" 2>&1 || wrong "$(cat "$tmp/out")"
(cd "$top/packaging/prometheus" && "$top/tools/promtool" test rules ib-vmext.rules.test.yml) >"$tmp/out" 2>&1 || wrong "$(cat "$tmp/out")"

# look NAME CODE: the world of an overlay, or one of tests/worlds.
look() {
	world=$top/tests/worlds/$1
	if [ ! -d "$world" ]; then
		world=$tmp/$1
		"$compose" "$top/tests/worlds" "$1" "$world" >/dev/null 2>&1 || wrong "$1 cannot be made"
	fi
	"$program" --world "$world" metrics --file "$tmp/$1.prom"
	[ $? -eq "$2" ] || wrong "$1: the exit code is not $2"
	"$top/tools/promtool" check metrics <"$tmp/$1.prom" >"$tmp/out" 2>&1 || wrong "$1: $(cat "$tmp/out")"
}
# has NAME LINE
has() { grep -q -x -F -e "$2" "$tmp/$1.prom" || wrong "$1 has no line $2"; }

look ndv4-debian12-accelnet 0
has ndv4-debian12-accelnet 'ib_vmext_verdict{verdict="ok"} 1'
has ndv4-debian12-accelnet 'ib_vmext_ports_active 8'
has ndv4-debian12-accelnet 'ib_vmext_port_rate_bytes_per_second{device="mlx5_ib7",port="1"} 25000000000'
has ndv4-debian12-accelnet 'ib_vmext_port_rate_expected_bytes_per_second 25000000000'
grep -q mlx5_an0 "$tmp/ndv4-debian12-accelnet.prom" && wrong "an Ethernet port is counted"
grep -q link_downed_total{ "$tmp/ndv4-debian12-accelnet.prom" && wrong "a counter that could not be read is there"
look flaps-many-red 14
has flaps-many-red 'ib_vmext_verdict{verdict="degraded"} 1'
has flaps-many-red 'ib_vmext_port_link_downed_total{device="mlx5_0",port="1"} 7'
has flaps-many-red 'ib_vmext_check_ok{check="link-flaps",of="mlx5_0/1"} 0'
look adapter-gone-red 11
has adapter-gone-red 'ib_vmext_verdict{verdict="absent"} 1'
has adapter-gone-red 'ib_vmext_ports 0'
"$program" --world "$top/tests/worlds/ndv4-debian12-accelnet" metrics --file "$tmp/no/such/place.prom" 2>/dev/null && wrong "a file that cannot be written"
exit $bad
