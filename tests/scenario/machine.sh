# The main job on machines: QEMU with Debian's own kernel, systemd and agent, and the lab's kernel modules for the adapter.

# A machine without KVM on a busy host is slow.
TIMEOUT=600

cases() { echo names_that_stay success_on_a_machine no_driver_no_success_on_a_machine traffic; }

# How many InfiniBand ports the field's own tool shows as Active; the AccelNet function's is Ethernet.
ibstat_active() {
	sh_in "$1" ibstat | awk '/State:/ && !/Physical/ { active = /Active/ } /Link layer: InfiniBand/ { n += active } END { print n + 0 }'
}

verdict() { sh_in "$1" '/root/ib-vmext verify --json || :' | jq -r .verdict; }

case_success_on_a_machine() {
	create "$VM" --machine --size Standard_HB120rs_v3
	put "$VM" "$top/build/ib-vmext" /root/ib-vmext
	[ "$(verdict "$VM")" = driver-broken ] || fail "before the run the verdict is $(verdict "$VM")"
	in_vm "$VM" test ! -e /sys/class/infiniband || [ -z "$(in_vm "$VM" ls /sys/class/infiniband)" ] || fail "there is an HCA before the run"
	deploy "$VM"
	want_success "$VM"
	[ "$(verdict "$VM")" = ok ] || fail "after the run the verdict is $(verdict "$VM")"
	# The field's own tool agrees.
	[ "$(ibstat_active "$VM")" = 1 ] || fail "ibstat: $(in_vm "$VM" ibstat)"
	sh_in "$VM" 'ibstat' | grep -E 'CA |Rate|Link layer|State'
	if sh_in "$VM" 'dmesg | grep -E "BUG:|WARNING: CPU|Oops|Call Trace"'; then fail "the kernel complains"; fi
	# The captured world of a machine with a real sysfs is the machine.
	want_same_world "$VM"
	runs=$(journals "$VM")
	vm reboot "$VM" >/dev/null
	wait_until 120 sh_in "$VM" 'ibstat | grep -q "State: Active"'
	# The unit of an interface runs when udev has seen it.
	wait_until 120 sh_in "$VM" '/root/ib-vmext verify >/dev/null'
	in_vm "$VM" ip -4 -o address show | grep -E '172[.]16[.][0-9]+[.]1/16' || fail "after a reboot ib0 has no address: $(in_vm "$VM" ip address)"
	[ "$(sh_in "$VM" 'systemctl show --property DefaultLimitMEMLOCK' | tr -d '\r')" = DefaultLimitMEMLOCK=infinity ] || fail "the limit of services"
	wait_until 120 sh_in "$VM" "[ \$(grep -c 'handler enable' /var/log/azure/$TYPE/CommandExecution.log) -ge 2 ]"
	want_success "$VM"
	[ "$(journals "$VM")" = "$runs" ] || fail "the reboot led to another installation"
}

# The negative control: the same run, but the image's tie between the real module and the lab's HCA is cut.
case_no_driver_no_success_on_a_machine() {
	create "$VM" --machine --size Standard_HB120rs_v3
	sh_in "$VM" 'sed -i "/softdep mlx5_ib/d" /etc/modprobe.d/*.conf'
	deploy "$VM"
	want_code "$VM" 14 "driver-bound"
	want_former "$VM"
}

devices() { in_vm "$1" ls /sys/class/infiniband | tr -s '\r\n' '  ' | sed 's/ $//'; }
has_devices() { [ "$(devices "$1")" = "$2" ]; }

# Real RDMA devices of the kernel, renamed by the real rdma(8): at once, at the first boot, after hot-plug, and back again.
case_names_that_stay() {
	create "$VM" --machine --size Standard_HB120rs_v3
	deploy "$VM" --settings '{"persistentNames": true}'
	want_success "$VM"
	has_devices "$VM" 'mlx5_an0 mlx5_ib0' || fail "after the run: $(devices "$VM")"
	runs=$(journals "$VM")
	vm reboot "$VM" >/dev/null
	wait_until 120 has_devices "$VM" 'mlx5_an0 mlx5_ib0'
	wait_until 120 sh_in "$VM" "[ \$(grep -c 'handler enable' /var/log/azure/$TYPE/CommandExecution.log) -ge 2 ]"
	want_success "$VM"
	[ "$(journals "$VM")" = "$runs" ] || fail "the reboot led to another run"
	# The InfiniBand function goes and comes back.
	pci=$(sh_in "$VM" 'basename $(readlink -f /sys/class/infiniband/mlx5_ib0/device)' | tr -d '\r')
	sh_in "$VM" "echo $pci >/sys/bus/pci/drivers/fakeib/unbind"
	has_devices "$VM" mlx5_an0 || fail "the function is still there: $(devices "$VM")"
	sh_in "$VM" "echo $pci >/sys/bus/pci/drivers/fakeib/bind"
	wait_until 60 has_devices "$VM" 'mlx5_an0 mlx5_ib0'
	sh_in "$VM" 'udevadm verify --help >/dev/null 2>&1 && udevadm verify /etc/udev/rules.d/*ib-vmext* || :'
	in_vm "$VM" /usr/libexec/ib-vmext/1.1.0/ib-vmext undo || fail "undo"
	want_nothing_of_ours "$VM"
}

# The programs that send, whoever has started them.
senders() { sh_in "$1" "ps -e -o comm= | grep -cE '^(ib_write_bw|ibv_rc_pingpong)' || :" | tr -d '\r'; }
no_senders() { [ "$(senders "$1")" = 0 ]; }
some_senders() { ! no_senders "$1"; }
# verify_in VM OPTIONS...: keeps the document and the exit code.
verify_in() {
	verify_vm=$1
	shift
	rc=0
	in_vm "$verify_vm" /root/ib-vmext verify --json "$@" >"$CASE_DIR/verify.json" || rc=$?
}
# want_finding ID OK WORDS: so it stands in the last document.
want_finding() {
	jq -e --arg id "$1" --argjson ok "$2" --arg words "$3" \
		'.checks[] | select(.id == $id) | .ok == $ok and (.measured | contains($words))' "$CASE_DIR/verify.json" >/dev/null ||
		fail "$1 is not $2 with '$3': $(jq -c '.checks[] | select(.id | test("loopback|peer|listen"))' "$CASE_DIR/verify.json")"
}
# listen_in VM: a node that serves one test; its document is for want_finding once it was served.
listen_in() {
	sh_in "$1" 'rm -f /root/said; systemd-run --quiet --unit=listen --property=StandardError=file:/root/said \
		--property=StandardOutput=file:/root/served /root/ib-vmext verify --json --listen --device rxe0'
	wait_until 60 sh_in "$1" 'grep -q "^waiting for .*TCP port 18515, for rxe0/1 with ib_write_bw, until 20" /root/said'
}
served_in() {
	wait_until 60 sh_in "$1" '! systemctl is-active --quiet listen'
	in_vm "$1" cat /root/served >"$CASE_DIR/verify.json"
}

# Real traffic by Debian's perftest and libibverbs over the kernel's rdma_rxe; the lab's HCA carries none, and says so.
case_traffic() {
	create "$VM" --machine --size Standard_HB120rs_v3
	put "$VM" "$top/build/ib-vmext" /root/ib-vmext
	deploy "$VM" --settings '{"verify": "loopback"}'
	want_code "$VM" 14 "loopback:"
	want_port "$VM"
	no_senders "$VM" || fail "a program was left behind"
	[ "$(verdict "$VM")" = ok ] || fail "without traffic the verdict is $(verdict "$VM")"
	verify_in "$VM" --loopback
	[ $rc = 14 ] || fail "exit code $rc"
	want_finding "loopback:$(sh_in "$VM" 'grep -l InfiniBand /sys/class/infiniband/*/ports/1/link_layer | cut -d/ -f5' | tr -d '\r')/1" false "Couldn't get context for the device"
	[ "$(jq -r .verdict "$CASE_DIR/verify.json")" = degraded ] || fail "the verdict is not degraded"

	sh_in "$VM" 'modprobe rdma_rxe && rdma link add rxe0 type rxe netdev "$(ip -o -4 route show default | sed "s/.* dev \([^ ]*\).*/\1/")"'
	sh_in "$VM" 'ip link add dum0 type dummy && ip addr add 10.99.0.1/24 dev dum0 && ip link set dum0 up && rdma link add rxe1 type rxe netdev dum0'
	verify_in "$VM" --loopback --device rxe0
	[ $rc = 0 ] || fail "exit code $rc: $(jq -r .summary "$CASE_DIR/verify.json")"
	want_finding loopback:rxe0/1 true "Gb/s for 2 s"
	# Without --device only InfiniBand.
	verify_in "$VM" --loopback
	[ "$(jq -r '.checks[].id' "$CASE_DIR/verify.json" | grep -c '^loopback')" = 1 ] || fail "a port was tested that nobody named"

	note "two ends, and what stands between them"
	listen_in "$VM"
	verify_in "$VM" --peer 127.0.0.1 --device rxe0 --seconds 3
	want_finding peer:rxe0/1 true "Gb/s for 3 s"
	served_in "$VM"
	want_finding listen:rxe0/1 true "Gb/s"
	listen_in "$VM"
	# From rxe1 no packet reaches rxe0: no route leads there over its interface.
	verify_in "$VM" --peer 127.0.0.1 --device rxe1
	[ $rc = 14 ] || fail "exit code $rc"
	want_finding peer:rxe1/1 false "no message arrived"
	served_in "$VM"
	want_finding listen:rxe0/1 false "no message arrived"
	verify_in "$VM" --peer 127.0.0.1 --device rxe0
	want_finding peer:rxe0/1 false "nobody listens at 127.0.0.1"
	verify_in "$VM" --peer no.such.host --device rxe0
	want_finding peer:rxe0/1 false "no IPv4 address is known"
	verify_in "$VM" --loopback --device rxe7
	[ $rc = 1 ] || fail "no such device: exit code $rc"

	note "killed in the middle, it leaves nothing"
	sh_in "$VM" 'systemd-run --quiet --unit=cut --property=KillMode=process --property=TimeoutStopSec=1 --property=SendSIGKILL=no \
		--property=KillSignal=SIGKILL /root/ib-vmext verify --loopback --device rxe0 --seconds 30'
	wait_until 60 some_senders "$VM"
	sh_in "$VM" 'systemctl stop cut' || :
	wait_until 20 no_senders "$VM"

	note "the other program, and the field's own word on the port"
	sh_in "$VM" 'DEBIAN_FRONTEND=noninteractive apt-get -qq install ibverbs-utils >/dev/null && rm /usr/bin/ib_write_bw'
	verify_in "$VM" --loopback --device rxe0
	want_finding loopback:rxe0/1 true "1000 messages there and back, checked"
	in_vm "$VM" /root/ib-vmext facts --json | jq -r '.ports[] | select(.device == "rxe0") | "\(.guid) PORT_\(.state) \(.linkLayer)"' >"$CASE_DIR/facts"
	in_vm "$VM" ibv_devinfo -d rxe0 | tr -d '\r' |
		awk '/node_guid/ { guid = $2 } /state:/ { state = $2 } /link_layer/ { print guid, state, $2 }' >"$CASE_DIR/devinfo"
	diff -u "$CASE_DIR/facts" "$CASE_DIR/devinfo" || fail "ibv_devinfo says otherwise"
	sh_in "$VM" 'rm /usr/bin/ibv_rc_pingpong'
	verify_in "$VM" --loopback --device rxe0
	want_finding loopback:rxe0/1 false "neither ib_write_bw nor ibv_rc_pingpong is installed"
	no_senders "$VM" || fail "a program was left behind"
	if sh_in "$VM" 'dmesg | grep -E "BUG:|WARNING: CPU|Oops|Call Trace"'; then fail "the kernel complains"; fi
}
