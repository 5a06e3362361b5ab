# What boots bring after an installation, on machines: QEMU with Debian's own kernels, their packages by apt, modules by dkms. The
# vendor's route with a stand-in whose modules are the kernel's own under the vendor's version (lab/mirror/vendor, copy_tree).

. "$here/oracle.sh"

TIMEOUT=1500 # a machine without KVM on a busy host is slow

cases() {
	cat <<'CASES'
kernel_without_module
dead_man
clock_far_off
initramfs_failure
selinux
CASES
}

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

# by_hand [OPTIONS]: a machine without the agent, with the program, and settings for the stand-in of DOCA.
by_hand() {
	create "$VM" --machine --no-agent "$@"
	trusts_the_lab
	put "$VM" "$top/build/ib-vmext" /root/ib-vmext
	put "$VM" "$here/manifest.py" /root/manifest.py
	with '{"driver": "doca-ofed", "driverVersion": "2.8.0"}' >"$CASE_DIR/settings"
	put "$VM" "$CASE_DIR/settings" /root/settings 644
	# Every image has them but one that was stripped; apt makes them.
	in_vm "$VM" mkdir -p /var/cache/apt/archives/partial /var/lib/apt/lists/partial
	up
}

# brings image|headers: of the real-time kernel, by apt; it may fail.
brings() {
	sh_in "$VM" "DEBIAN_FRONTEND=noninteractive apt-get -y -q --no-install-recommends install \
		\"\$(apt-cache search '^linux-$1-.*-rt-amd64\$' | cut -d' ' -f1 | grep -v dbg | head -1)\"" >"$CASE_DIR/apt" 2>&1
}

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
	# On Hyper-V no loaded module is taken out, whoever asks.
	if sh_in "$VM" '/root/ib-vmext apply --yes --reload' >"$CASE_DIR/refused" 2>&1; then fail "a reload on Hyper-V"; fi
	grep -q 'on Hyper-V a loaded module of the adapter is never unloaded' "$CASE_DIR/refused" || fail "another refusal: $(cat "$CASE_DIR/refused")"
	# The image first: dkms cannot build for it yet and lets it be. When the headers come it fails, and with it apt; where both come at
	# once the kernel gets no initramfs, and does not boot.
	in_vm "$VM" apt-get -q update >/dev/null
	# Synthetic: a kernel of the same kind that came without headers, made of the one that runs.
	sh_in "$VM" 'cp -r "/lib/modules/$(uname -r)" /lib/modules/6.1.0-999-amd64; rm -r /lib/modules/6.1.0-999-amd64/updates /lib/modules/6.1.0-999-amd64/build'
	sh_in "$VM" '/root/ib-vmext verify --json || :' | jq -r '.verdict, (.checks[] | select(.ok | not) | "\(.id) \(.measured)")' >"$CASE_DIR/verify"
	[ "$(cat "$CASE_DIR/verify")" = "degraded
dkms:6.1.0-999-amd64 mlnx-ofed-kernel not built" ] || fail "of a kernel without headers verify says: $(cat "$CASE_DIR/verify")"
	in_vm "$VM" rm -r /lib/modules/6.1.0-999-amd64
	brings image || fail "apt: $(tail -5 "$CASE_DIR/apt")"
	if brings headers; then fail "the driver compiles for it: $(tail -20 "$CASE_DIR/apt")"; fi
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

# ---- a live reload, off Azure ----------------------------------------------------------------------------------------------------------

# A host of another kind than Hyper-V, with the adapter passed through, whose own network is on the adapter too: aneth0 comes and goes with
# mlx5_core (lab/kmod/fakenet). Instance metadata, by which a VM of Azure is known too, is out of reach. The kernel's own stack is loaded, with protocols over it that
# nobody uses; the lab's HCA, which would hang on it, does not come with it.
on_the_adapter() {
	by_hand --no-azure --no-vmbus
	sh_in "$VM" 'apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -y -q install iputils-ping' >"$CASE_DIR/ping" 2>&1 || fail "no ping: $(tail -3 "$CASE_DIR/ping")"
	sh_in "$VM" 'set -e
		mv /etc/modprobe.d/ib-lab.conf /root/
		modprobe -a mlx5_core mlx5_ib rpcrdma ib_iser
		below=$(ip -4 route show default | sed -n "s/.* dev \([^ ]*\).*/\1/p")
		address=$(ip -4 -o address show dev $below | awk "{ print \$4 }")
		modprobe fakenet lower=$below
		ip address flush dev $below
		ip link set aneth0 up
		ip address add $address dev aneth0
		ip route add default via 10.7.0.1 dev aneth0
		ip route replace unreachable 169.254.169.254
		readlink /sys/class/net/aneth0/device/driver' || fail "no network on the adapter"
	want_network
}
is_on_the_adapter() { sh_in "$VM" 'ip -4 -o address show dev aneth0 | grep -q "10[.]7[.]0[.]" && ip -4 route show default | grep -q "via 10.7.0.1 dev aneth0" && ping -c 1 -W 2 10.7.0.1'; }
reloads() { sh_in "$VM" '/root/ib-vmext --settings /root/settings apply --yes --reload >/root/out 2>&1; echo $? >/root/code'; }

# While the network's module is out the worker is held for ever: the network comes back by itself. The worker, let go, ends with the fault
# and the former state. Then once more without that, and the new modules are in, the network on them.
case_dead_man() {
	on_the_adapter
	told "$VM" >"$CASE_DIR/told"
	sh_in "$VM" 'cat >/root/hold <<HOLD
#!/bin/sh
cut -d. -f1 /proc/uptime >/root/held
pkill -STOP -f "^/root/ib-vmext .* --reload"
exit 1
HOLD
		chmod 755 /root/hold
		echo "install mlx5_core /root/hold" >/etc/modprobe.d/hold.conf'
	reloads &
	wait_until 3000 sh_in "$VM" 'test -e /root/held'
	wait_until 300 is_on_the_adapter
	note "the network was back $(sh_in "$VM" 'echo $(($(cut -d. -f1 /proc/uptime) - $(cat /root/held)))') s after its module had gone"
	want_network
	[ "$(running_version)" = "of the kernel" ] || fail "mlx5_ib is $(running_version)"
	sh_in "$VM" 'test ! -e /root/code && rm /etc/modprobe.d/hold.conf && pkill -CONT -f "^/root/ib-vmext .* --reload"'
	wait_until 1800 in_vm "$VM" test -e /root/code
	in_vm "$VM" cat /root/out
	[ "$(in_vm "$VM" cat /root/code)" = 14 ] || fail "exit code $(in_vm "$VM" cat /root/code)"
	sh_in "$VM" 'grep -q "Leave --reload out" /root/out' || fail "the fault is another"
	is_on_the_adapter || fail "no network on the adapter"
	told "$VM" | diff "$CASE_DIR/told" - || fail "packages, marks or units differ"

	sh_in "$VM" 'rm /root/code; mv /root/ib-lab.conf /etc/modprobe.d/'
	reloads
	in_vm "$VM" cat /root/out
	[ "$(in_vm "$VM" cat /root/code)" = 0 ] || fail "exit code $(in_vm "$VM" cat /root/code)"
	[ "$(running_version)" = $VERSION ] || fail "mlx5_ib is $(running_version)"
	is_on_the_adapter || fail "no network on the adapter"
	want_hca
}

# ---- the clock -------------------------------------------------------------------------------------------------------------------------

# at DATE FAULT TEXT: the clock is set to it, and apply ends so, with nothing changed.
at() {
	in_vm "$VM" date -u -s "$1" >/dev/null
	at_code=0
	in_vm "$VM" /root/ib-vmext --settings /root/settings apply --yes >"$CASE_DIR/out" 2>&1 || at_code=$?
	cat "$CASE_DIR/out"
	[ $at_code = 14 ] || fail "$1: exit code $at_code"
	grep -q "($2)" "$CASE_DIR/out" || fail "$1: the fault is not $2"
	grep -q "$3" "$CASE_DIR/out" || fail "$1: it does not tell $3"
	told "$VM" | diff "$CASE_DIR/told" - || fail "$1: packages, marks or units differ"
}
# A clock that is years behind makes good certificates and signatures look bad: the fault is the clock's. When it is right again, all is
# well. (Years ahead the lab's catalogue has expired, too.)
case_clock_far_off() {
	by_hand
	sh_in "$VM" 'cd /root && curl -sfO https://10.7.0.1:8443/files/catalogue.json && curl -sfO https://10.7.0.1:8443/files/catalogue.json.minisig &&
		/root/ib-vmext --settings /root/settings catalogue update catalogue.json' || fail "no catalogue"
	told "$VM" >"$CASE_DIR/told"
	at 2015-03-01 clock-off 'the clock of this VM says 2015-03-01'
	in_vm "$VM" date -u -s "@$(date +%s)" >/dev/null
	echo '{"driver": "inbox"}' >"$CASE_DIR/settings"
	put "$VM" "$CASE_DIR/settings" /root/settings 644
	in_vm "$VM" /root/ib-vmext --settings /root/settings apply --yes || fail "with the right clock: exit code $?"
	want_hca
}

# ---- the initramfs ---------------------------------------------------------------------------------------------------------------------

# Once the new modules are there no initramfs can be made: the fault is the initramfs's, the former packages and the very initramfs that
# was there are back, and the VM boots.
case_initramfs_failure() {
	by_hand
	told "$VM" >"$CASE_DIR/told"
	in_vm "$VM" sh -c 'sha256sum /boot/initrd.img-*' >"$CASE_DIR/initramfs"
	sh_in "$VM" 'cat >/etc/initramfs-tools/hooks/broken <<"HOOK"
#!/bin/sh
[ "$1" != prereqs ] || exit 0
[ ! -e /lib/modules/$version/updates/dkms ] || { echo "the hook is broken" >&2; exit 1; }
HOOK
		chmod 755 /etc/initramfs-tools/hooks/broken'
	code=0
	in_vm "$VM" /root/ib-vmext --settings /root/settings apply --yes >"$CASE_DIR/out" 2>&1 || code=$?
	cat "$CASE_DIR/out"
	[ $code = 14 ] || fail "exit code $code"
	grep -q 'Run .update-initramfs -u -k KERNEL' "$CASE_DIR/out" || fail "the fault is another"
	told "$VM" | diff "$CASE_DIR/told" - || fail "packages, marks or units differ"
	in_vm "$VM" sh -c 'sha256sum /boot/initrd.img-*' | diff "$CASE_DIR/initramfs" - || fail "the initramfs is another"
	vm reboot "$VM" >/dev/null
	up
	want_network
}

# ---- SELinux ---------------------------------------------------------------------------------------------------------------------------

# The machine enforces a policy of ours (selinux/policy.cil: one type that may do all, and two that may not), by Debian's kernel and
# systemd, with secilc's policy.
enforcing() {
	secilc -c 33 -o "$CASE_DIR/policy.33" -f /dev/null "$here/selinux/policy.cil" || fail "no policy"
	in_vm "$VM" mkdir -p /etc/selinux/lab/policy /etc/selinux/lab/contexts/files
	put "$VM" "$CASE_DIR/policy.33" /etc/selinux/lab/policy/policy.33 644
	sh_in "$VM" 'set -e
		printf "SELINUX=enforcing\nSELINUXTYPE=lab\n" >/etc/selinux/config
		echo "/.* system_u:object_r:machine_t" >/etc/selinux/lab/contexts/files/file_contexts
		echo "<busconfig><selinux/></busconfig>" >/etc/selinux/lab/contexts/dbus_contexts
		echo "GRUB_CMDLINE_LINUX=\"security=selinux selinux=1\"" >>/etc/default/grub
		/usr/libexec/ib-lab/boot-loader' || fail "no policy in the machine"
	vm reboot "$VM" >/dev/null
	up
	[ "$(in_vm "$VM" cat /sys/fs/selinux/enforce)" = 1 ] || fail "SELinux does not enforce: $(in_vm "$VM" cat /proc/cmdline)"
}
label() { in_vm "$VM" chcon "system_u:object_r:$2" "$1"; }

# denied PATH TYPE TEXT: where PATH is of that type apply ends so, with the kernel's own record of it, and everything is as it was.
denied() {
	label "$1" "$2"
	denied_code=0
	in_vm "$VM" /root/ib-vmext --settings /root/settings apply --yes >"$CASE_DIR/out" 2>&1 || denied_code=$?
	cat "$CASE_DIR/out"
	[ $denied_code = 14 ] || fail "$1: exit code $denied_code"
	grep -q "SELinux denied $3" "$CASE_DIR/out" || fail "$1: it does not tell $3"
	grep -q 'restorecon -RFv' "$CASE_DIR/out" || fail "$1: no next step"
	told "$VM" | diff "$CASE_DIR/told" - || fail "$1: packages, marks or units differ"
	if in_vm "$VM" test -e "$1"; then label "$1" machine_t; fi
}
case_selinux() {
	by_hand
	echo '{"driver": "inbox"}' >"$CASE_DIR/settings"
	put "$VM" "$CASE_DIR/settings" /root/settings 644
	enforcing
	told "$VM" >"$CASE_DIR/told"
	in_vm "$VM" mkdir -p /usr/libexec/ib-vmext
	denied /usr/libexec/ib-vmext untrusted_t 'execute to .* of the type untrusted_t'
	denied /etc/systemd/system sealed_t 'add_name to .* of the type sealed_t'
	denied /usr/share/doc sealed_t 'add_name to dpkg on dir .* of the type sealed_t'
	denied "$(in_vm "$VM" modinfo -n mlx5_ib | tr -d '\r')" untrusted_t 'module_load to modprobe on system ".*/mlx5_ib.ko" of the type untrusted_t'
	in_vm "$VM" /root/ib-vmext --settings /root/settings apply --yes || fail "with the right labels: exit code $?"
	want_hca
}
