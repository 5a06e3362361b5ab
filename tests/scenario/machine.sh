# The main job on machines: QEMU with Debian's own kernel, systemd and agent, and the lab's kernel modules for the adapter.

# A machine without KVM on a busy host is slow.
TIMEOUT=600

cases() { echo success_on_a_machine no_driver_no_success_on_a_machine names_that_stay capture_equals_the_machine; }

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

# The captured world of a machine with a real sysfs is the machine.
case_capture_equals_the_machine() {
	create "$VM" --machine --size Standard_HB120rs_v3
	deploy "$VM"
	want_success "$VM"
	want_same_world "$VM"
}
