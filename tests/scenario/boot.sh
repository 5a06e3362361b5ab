# What boots bring after an installation, on machines: QEMU with Debian's own kernels, their packages by apt, modules by dkms. The
# vendor's route with a stand-in whose modules are the kernel's own under the vendor's version (lab/mirror/vendor, copy_tree).

. "$here/oracle.sh"

TIMEOUT=1500 # a machine without KVM on a busy host is slow

cases() { echo kernel_without_module; }

prepare() { "$LAB" mirror vendors >"$work/vendors.json"; }

VERSION=24.07-0.6.1
# Cells trust the lab's authority from the beginning, a machine has to be told.
trusts_the_lab() {
	authority=$(ls -t "${IB_LAB_CACHE:-/var/cache/ib-lab}"/mirror-tls*/ca.pem | head -1)
	put "$VM" "$authority" /usr/local/share/ca-certificates/ib-lab.crt 644
	in_vm "$VM" update-ca-certificates >/dev/null
}
installed() { deploy "$VM" --settings "$(with '{"driver": "doca-ofed", "driverVersion": "2.8.0", "timeouts": {"total": 4500}}')"; }
running_version() { sh_in "$VM" 'cat /sys/module/mlx5_ib/version 2>/dev/null || echo "of the kernel"'; }
up() { wait_until 600 sh_in "$VM" 'systemctl is-system-running | grep -qE "running|degraded"'; }
# The VM's own network: it reaches another machine.
want_network() {
	sh_in "$VM" 'ip -4 -o address show | grep -q "10[.]7[.]0[.]" && curl -s -o /dev/null --max-time 30 http://10.7.0.1:8000/' || fail "no network: $(in_vm "$VM" ip address)"
}
want_hca() { wait_until 300 sh_in "$VM" 'ibstat | grep -q "State: Active"'; }

# After success apt brings a kernel on which the driver does not compile. The VM boots it with its network, the kernel's own driver
# serves, and status says so.
case_kernel_without_module() {
	create "$VM" --machine --size Standard_HB120rs_v3
	trusts_the_lab
	installed
	wait_for "$VM" --until success
	note "$(status_of "$VM" .formattedMessage.message)"
	up
	[ "$(running_version)" = $VERSION ] || fail "mlx5_ib is $(running_version)"
	put "$VM" "$top/build/ib-vmext" /root/ib-vmext
	# The image first: dkms cannot build for it yet and lets it be. When the headers come it fails, and with it apt; where both come at
	# once the kernel gets no initramfs, and does not boot.
	sh_in "$VM" 'export DEBIAN_FRONTEND=noninteractive
		apt-get -q update >/dev/null
		for part in image headers; do
			apt-get -y -q --no-install-recommends install "$(apt-cache search "^linux-$part-.*-rt-amd64$" | cut -d" " -f1 | grep -v dbg | head -1)"
		done; ls /boot' >"$CASE_DIR/apt" 2>&1 || fail "apt: $(tail -5 "$CASE_DIR/apt")"
	grep -q 'autoinstall for kernel: .*-rt-amd64 failed' "$CASE_DIR/apt" || fail "the driver compiles for it: $(tail -20 "$CASE_DIR/apt")"
	vm reboot "$VM" >/dev/null
	up
	release=$(in_vm "$VM" uname -r | tr -d '\r')
	case $release in *-rt-*) ;; *) fail "kernel $release runs: $(tail -20 "$CASE_DIR/apt")" ;; esac
	want_network
	[ "$(running_version)" = "of the kernel" ] || fail "mlx5_ib is $(running_version)"
	wait_until 900 sh_in "$VM" "/root/ib-vmext --json status | grep -q 'updated from .* to $release, for which .* cannot be built (mlnx-ofed-kernel .*this kernel is not known'"
	in_vm "$VM" /root/ib-vmext status || :
	want_hca
}
