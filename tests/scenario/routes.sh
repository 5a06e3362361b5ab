# The vendor's routes. fixture_*: that the stand-ins of the vendor's files (lab/mirror/vendor) do by hand what the real ones do, with
# nothing of ours in the VM. route_*: install, upgrade, downgrade and undo by the real agent.

cases() {
	cat <<'CASES'
fixture_doca_ubuntu2204
fixture_doca_ubuntu2404
fixture_doca_el9
fixture_doca_el8
fixture_mlnx_ubuntu2004
fixture_mlnx_el8
fixture_mlnx_el7
fixture_masked_build
fixture_installer_codes
fixture_trust
route_doca_ubuntu2204
route_doca_ubuntu2404
route_doca_debian12
route_doca_el9
route_doca_el8
route_mlnx_ubuntu2004
route_mlnx_el8
route_mlnx_el7
route_openibd
route_pinned
route_masked_build
route_foreign
route_initramfs_of_others
route_vault
route_prebuilt_debian12
CASES
}

. "$here/oracle.sh"
. "$here/valid.sh"

# The images' layers and repositories one after the other ($ROUTE_IMAGES: these alone), and the stand-ins once: $WORK/vendors.json has the
# settings that use them.
prepare() {
	for prepare_image in ${ROUTE_IMAGES:-debian12 ubuntu22.04 ubuntu24.04 ubuntu20.04 el9 el8 el7}; do
		"$LAB" vm create prepare --no-agent --image $prepare_image >/dev/null || return 1
		"$LAB" vm delete prepare >/dev/null || return 1
	done
	"$LAB" mirror vendors >"$work/vendors.json"
}

FILES=https://10.7.0.1:8443/files
DOCA=www.mellanox.com/downloads/DOCA
OFED=content.mellanox.com/ofed

# ---- by hand --------------------------------------------------------------------------------------------------------------------

# The build packages, then the packages as they are before the vendor's.
ready_apt() {
	sh_in "$VM" 'apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -y -q --no-install-recommends install \
		"linux-headers-$(uname -r)" gcc make dkms libnl-3-200 libnl-route-3-200 && mkdir -p /root/v' >"$CASE_DIR/ready" 2>&1 ||
		fail "what compiling needs: $(tail -3 "$CASE_DIR/ready")"
}
ready_dnf() {
	sh_in "$VM" 'PATH=$PATH:/usr/bin; $(command -v dnf || echo yum) -q -y install "kernel-devel-$(uname -r)" gcc make dkms rpm-build elfutils-libelf-devel lsof tcl tk &&
		mkdir -p /root/v' >"$CASE_DIR/ready" 2>&1 || fail "what compiling needs: $(tail -3 "$CASE_DIR/ready")"
}
inventory() { sh_in "$1" 'if [ -e /usr/bin/rpm ]; then rpm -qa | grep -v ^gpg-pubkey | sort; else dpkg-query -W -f "\${db:Status-Abbrev} \${Package} \${Version}\n"; fi'; }
module_file() { sh_in "$VM" "modinfo -k \$(uname -r) -F filename $1"; }

# want_vendor OFED-INFO MODULES...: dkms says installed for the kernel that the cell shows, files come before the kernel's own, the
# HCA appears, the service waits for the next boot.
want_vendor() {
	[ "$(in_vm "$VM" ofed_info -s)" = "$1:" ] || fail "ofed_info tells $(in_vm "$VM" ofed_info -s)"
	shift
	in_vm "$VM" dkms status >"$CASE_DIR/dkms"
	for want_module in "$@"; do
		grep -q "^$want_module/.*, $(in_vm "$VM" uname -r), .*: installed" "$CASE_DIR/dkms" || fail "dkms: $(cat "$CASE_DIR/dkms")"
	done
	case $(module_file mlx5_ib) in */kernel/*) fail "modprobe would load $(module_file mlx5_ib)" ;; esac
	[ "$(sh_in "$VM" 'modinfo -k $(uname -r) -F vermagic mlx5_ib | cut -d" " -f1; uname -r' | uniq | wc -l)" = 1 ] || fail "built for another kernel"
	in_vm "$VM" systemctl is-enabled openibd >/dev/null || fail "openibd is not enabled"
	if in_vm "$VM" systemctl is-active openibd >/dev/null; then fail "openibd was started"; fi
	sh_in "$VM" 'modprobe -S $(uname -r) mlx5_ib && modprobe -S $(uname -r) ib_umad' || fail "modprobe"
	want_port "$VM"
	sh_in "$VM" '[ -e /sys/module/mlx_compat ]' || fail "the modules are not the vendor's"
}
want_inbox() {
	case $(module_file mlx5_ib) in */kernel/*) ;; *) fail "modprobe would load $(module_file mlx5_ib)" ;; esac
	[ -z "$(sh_in "$VM" 'dkms status')" ] || fail "dkms still has $(in_vm "$VM" dkms status)"
	inventory "$VM" | diff "$CASE_DIR/before" - || fail "other packages than before"
}
fetch() { sh_in "$VM" "cd /root/v && curl -sfO $FILES/$1" || fail "no $1"; }

# doca_apt IMAGE FILE OFED-INFO
doca_apt() {
	create "$VM" --image "$1" --no-agent
	ready_apt
	inventory "$VM" >"$CASE_DIR/before"
	fetch "$DOCA/$2"
	sh_in "$VM" 'printf "Package: dkms\nPin: release l=DOCA-HOST*\nPin-Priority: -1\n" >/etc/apt/preferences.d/v && dpkg -i /root/v/doca-host*.deb && apt-get -q update' >/dev/null
	[ "$(sh_in "$VM" 'apt-cache madison dkms | grep -c 3.9.0')" = 1 ] || fail "no dkms of the vendor's own to keep out"
	sh_in "$VM" 'DEBIAN_FRONTEND=noninteractive apt-get -y -q --no-install-recommends install doca-ofed' >"$CASE_DIR/apt" 2>&1 || fail "$(tail -3 "$CASE_DIR/apt")"
	want_vendor "$3" mlnx-ofed-kernel iser isert srp
	[ "$(in_vm "$VM" dpkg-query -W -f '${Version}' dkms | cut -d. -f1)" = 3 ] && [ -z "$(sh_in "$VM" 'ls /usr/share/doc/dkms/of-doca 2>/dev/null')" ] || fail "dkms was replaced"
	sh_in "$VM" 'export DEBIAN_FRONTEND=noninteractive; apt-get -y -q purge doca-ofed doca-ofed-userspace doca-host && ofed_uninstall.sh --force && apt-get -y -q autoremove' >"$CASE_DIR/apt" 2>&1 || fail "$(tail -3 "$CASE_DIR/apt")"
	want_inbox
}
case_fixture_doca_ubuntu2204() { doca_apt ubuntu22.04 DOCA_v3.2.1/host/doca-host_3.2.1-044000-25.10-ubuntu2204_amd64.deb OFED-internal-25.10-1.6.6; }
case_fixture_doca_ubuntu2404() { doca_apt ubuntu24.04 DOCA_v3.2.3/host/doca-host_3.2.3-019000-25.10-ubuntu2404_amd64.deb OFED-internal-25.10-3.1.9; }

# doca_dnf IMAGE FILE OFED-INFO
doca_dnf() {
	create "$VM" --image "$1" --no-agent
	ready_dnf
	inventory "$VM" >"$CASE_DIR/before"
	fetch "$DOCA/$2"
	sh_in "$VM" 'rpm -i /root/v/doca-host*.rpm && dnf -q -y --exclude=dkms install doca-ofed' >"$CASE_DIR/dnf" 2>&1 || fail "$(tail -3 "$CASE_DIR/dnf")"
	want_vendor "$3" mlnx-ofa_kernel iser isert srp
	sh_in "$VM" 'cp /usr/sbin/ofed_uninstall.sh /root/v && dnf -q -y remove "doca-*"; sh /root/v/ofed_uninstall.sh --force' >"$CASE_DIR/dnf" 2>&1 || grep -q 'No OFED' "$CASE_DIR/dnf" || fail "$(tail -3 "$CASE_DIR/dnf")"
	want_inbox
}
case_fixture_doca_el9() { doca_dnf el9 DOCA_v3.2.1/host/doca-host-3.2.1-044000_25.10_rhel9.x86_64.rpm OFED-internal-25.10-1.6.6; }
case_fixture_doca_el8() { doca_dnf el8 DOCA_v2.8.0/host/doca-host-2.8.0-204000_24.07_rhel810.x86_64.rpm OFED-internal-24.07-0.6.1; }

# mlnx_unpack VERSION DISTRIBUTION
mlnx_unpack() {
	fetch "$OFED/MLNX_OFED-$1/MLNX_OFED_LINUX-$1-$2-x86_64.tgz"
	sh_in "$VM" 'cd /root/v && tar xzf MLNX*.tgz && rm MLNX*.tgz && mv MLNX* ofed'
}
installer() { sh_in "$VM" "/root/v/ofed/mlnxofedinstall $*" >"$CASE_DIR/said" 2>&1; }

case_fixture_mlnx_ubuntu2004() {
	create "$VM" --image ubuntu20.04 --no-agent
	ready_apt
	inventory "$VM" >"$CASE_DIR/before"
	mlnx_unpack 24.01-0.3.3.1 ubuntu20.04
	installer --add-kernel-support --skip-unsupported-devices-check --without-fw-update --force || fail "$(tail -5 "$CASE_DIR/said")"
	grep -q 'Installation passed successfully' "$CASE_DIR/said" || fail "$(tail -5 "$CASE_DIR/said")"
	want_vendor MLNX_OFED_LINUX-24.01-0.3.3.1 mlnx-ofed-kernel iser isert srp
	sh_in "$VM" 'grep -q "^. hard memlock unlimited" /etc/security/limits.conf && ls /tmp/MLNX_OFED_LINUX.*.logs/general.log /tmp/MLNX_OFED_LINUX.*.logs/rdma-core.debinstall.log' >/dev/null || fail "limits or logs"
	sh_in "$VM" 'ofed_uninstall.sh --force' >"$CASE_DIR/said" 2>&1 || fail "$(tail -5 "$CASE_DIR/said")"
	want_inbox
}

# mlnx_rpm IMAGE VERSION DISTRIBUTION: there the modules are no dkms, but a package that the installer builds.
mlnx_rpm() {
	create "$VM" --image "$1" --no-agent
	ready_dnf
	inventory "$VM" >"$CASE_DIR/before"
	mlnx_unpack "$2" "$3"
	installer --kernel '$(uname -r)' --kernel-sources '/usr/src/kernels/$(uname -r)' --add-kernel-support --skip-repo \
		--skip-unsupported-devices-check --without-fw-update --force --distro "$3" || fail "$(tail -5 "$CASE_DIR/said")"
	want_vendor "MLNX_OFED_LINUX-$2"
	case $(module_file mlx5_ib) in */extra/mlnx-ofa_kernel/*) ;; *) fail "modules lie elsewhere: $(module_file mlx5_ib)" ;; esac
	in_vm "$VM" rpm -q kmod-mlnx-ofa_kernel mlnx-ofa_kernel ofed-scripts >/dev/null || fail "packages"
	sh_in "$VM" 'ls /tmp/MLNX_OFED_LINUX.*.logs/rdma-core.rpminstall.log /tmp/MLNX_OFED_LINUX-*/mlnx_iso.*_logs/mlnx_ofed_iso.*.log' >/dev/null || fail "logs"
	sh_in "$VM" 'ofed_uninstall.sh --force' >"$CASE_DIR/said" 2>&1 || fail "$(tail -5 "$CASE_DIR/said")"
	want_inbox
}
case_fixture_mlnx_el8() { mlnx_rpm el8 24.10-0.7.0.0 rhel8.10; }
case_fixture_mlnx_el7() { mlnx_rpm el7 5.5-1.0.3.2 rhel7.7; }

# A build that fails is no failure of the package manager's; only the modules are not there.
case_fixture_masked_build() {
	create "$VM" --image ubuntu22.04 --no-agent
	ready_apt
	fetch "$DOCA/DOCA_v3.2.1/host/doca-host_3.2.1-044000-25.10-ubuntu2204_amd64.deb"
	sh_in "$VM" ': >/etc/ib-lab-broken-build; rm -f /etc/apt/preferences.d/v; dpkg -i /root/v/doca-host*.deb && apt-get -q update' >/dev/null
	sh_in "$VM" 'DEBIAN_FRONTEND=noninteractive apt-get -y -q --no-install-recommends install doca-ofed' >"$CASE_DIR/apt" 2>&1 || fail "it does not hide the failure"
	grep -q 'Build of mlnx-ofed-kernel failed' "$CASE_DIR/apt" || fail "it says nothing"
	sh_in "$VM" 'grep -q ib-lab-broken-build /var/lib/dkms/mlnx-ofed-kernel/*/build/make.log' || fail "no make.log"
	case $(module_file mlx5_ib) in */kernel/*) ;; *) fail "it was built all the same" ;; esac
}

# want_installer CODE TEXT OPTION...
want_installer() {
	want_installer_code=$1 want_installer_text=$2 got=0
	shift 2
	installer "$@" || got=$?
	[ "$got" = "$want_installer_code" ] || fail "code $got, wanted $want_installer_code: $(tail -3 "$CASE_DIR/said")"
	grep -q -- "$want_installer_text" "$CASE_DIR/said" || fail "not \"$want_installer_text\" but: $(tail -3 "$CASE_DIR/said")"
}
case_fixture_installer_codes() {
	create "$VM" --image ubuntu20.04 --no-agent
	in_vm "$VM" mkdir -p /root/v
	mlnx_unpack 24.01-0.3.3.1 ubuntu20.04
	want_installer 22 'Invalid option' --nosuch
	want_installer 1 'is not supported' --distro rhel8.6
	want_installer 172 'required packages for installing MLNX_OFED_LINUX are missing' --force
	vm set "$VM" adapter=off >/dev/null
	want_installer 171 'No supported device' --force
	vm set "$VM" adapter=on >/dev/null
	sh_in "$VM" 'mkdir -p /root/t && mount -t tmpfs -o size=1m t /root/t'
	want_installer 28 'Not enough space' --force --tmpdir /root/t
	ready_apt
	want_installer 0 '' --check-deps-only
	want_installer 1 'continue' ''
	want_installer 2 'DEVICE_INI_MISSING' --force
	[ "$(in_vm "$VM" ofed_info -s)" = "MLNX_OFED_LINUX-24.01-0.3.3.1:" ] || fail "code 2 comes after the installation"
}

# An artefact without a digest needs TLS: the lab's authority is one that cells trust, and a certificate of another is refused.
case_fixture_trust() {
	create "$VM" --no-agent
	sh_in "$VM" "curl -sf $FILES/catalogue.json" | jq -e '.drivers | length > 50' >/dev/null || fail "the catalogue"
	sh_in "$VM" "curl -sf $FILES/catalogue.json.minisig | grep -q '^untrusted comment'" || fail "its signature"
	if sh_in "$VM" "curl -sf --cacert /dev/null --capath /nonexistent $FILES/catalogue.json" >/dev/null 2>&1; then fail "a certificate that nobody vouches for"; fi
	if sh_in "$VM" "curl -sf https://127.0.0.1:8443/files/catalogue.json" >/dev/null 2>&1; then fail "another host"; fi
}

# ---- by the agent -----------------------------------------------------------------------------------------------------------------

# $VM-2, a control for $VM: see came_and_left.
untouched() {
	create "$VM-2" --image "$1" --no-agent
	for untouched_vm in "$VM" "$VM-2"; do put "$untouched_vm" "$here/manifest.py" /root/manifest.py; done
	apt_started "$VM-2"
	came_and_left "$VM-2" "$1"
}
# want_untouched: files, packages, marks and units of $VM are those of $VM-2; a loaded module stays until the next boot.
want_untouched() {
	layer_paths "$VM" "$VM-2" >"$CASE_DIR/paths"
	manifest "$VM" "$CASE_DIR/paths" >"$CASE_DIR/mine"
	manifest "$VM-2" "$CASE_DIR/paths" >"$CASE_DIR/control"
	bad=$(unexplained "$CASE_DIR/control" "$CASE_DIR/mine")
	[ -z "$bad" ] || fail "files differ: $(echo "$bad" | head -30)"
	for untouched_vm in "$VM" "$VM-2"; do told "$untouched_vm" >"$CASE_DIR/told-$untouched_vm"; done
	diff "$CASE_DIR/told-$VM-2" "$CASE_DIR/told-$VM" || fail "packages, marks or units differ"
}

# want_route OFED-INFO: the agent reported success, the modules that are loaded are the vendor's, InfiniBand works.
want_route() {
	wait_for "$VM" --until success
	[ "$(status_of "$VM" .code)" = 0 ] || fail "code $(status_of "$VM" .code)"
	note "$(status_of "$VM" .formattedMessage.message)"
	[ "$(in_vm "$VM" ofed_info -s)" = "$1:" ] || fail "ofed_info tells $(in_vm "$VM" ofed_info -s)"
	want_route_version=${1#MLNX_OFED_LINUX-}
	[ "$(sh_in "$VM" 'cat /sys/module/mlx5_ib/version')" = "${want_route_version#OFED-internal-}" ] || fail "another mlx5_ib is loaded"
	want_port "$VM"
	put "$VM" "$top/build/ib-vmext" /root/ib-vmext
	in_vm "$VM" /root/ib-vmext --json verify >"$CASE_DIR/verify" || fail "verify: $(cat "$CASE_DIR/verify")"
}

# The extension is deleted, and what it undoes has been undone: the handler waits 240 s for the worker, and leaves it at work then.
deleted() {
	"$LAB" extension delete "$VM" >/dev/null
	wait_for "$VM" --until gone
	wait_until 600 sh_in "$VM" "test ! -e $STATE/journal/open && ! pgrep -f '[h]andler worker'"
}
gone_again() {
	deleted
	want_untouched
}

# route IMAGE DRIVER VERSION OFED-INFO [VERSION OFED-INFO]: install, again, up or down and back, undo.
route() {
	TIMEOUT=900
	create "$VM" --image "$1"
	untouched "$1"
	deploy "$VM" --settings "$(with "{\"driver\": \"$2\", \"driverVersion\": \"$3\", \"onRemove\": \"undo\"}")"
	want_route "$4"
	want_valid "$VM" 6
	inventory "$VM" >"$CASE_DIR/after"
	route_runs=$(journals "$VM")
	deploy "$VM" --settings "$(with "{\"driver\": \"$2\", \"driverVersion\": \"$3\", \"onRemove\": \"undo\", \"timestamp\": 2}")"
	wait_for "$VM" --until success
	[ "$(journals "$VM")" = "$route_runs" ] || fail "the second run did something"
	inventory "$VM" | diff "$CASE_DIR/after" - || fail "the second run changed packages"
	if [ $# -gt 4 ]; then
		change "$2" "$5" "$6"
		change "$2" "$3" "$4"
		inventory "$VM" | diff "$CASE_DIR/after" - || fail "there and back is not where it was"
	fi
	gone_again
}

# change DRIVER VERSION OFED-INFO: another version by the setting alone. Its modules take the place of the loaded ones at a boot, which
# only a first installation gets by itself.
change() {
	deploy "$VM" --settings "$(with "{\"driver\": \"$1\", \"driverVersion\": \"$2\", \"onRemove\": \"undo\"}")"
	wait_for "$VM" --until success
	vm reboot "$VM" >/dev/null
	want_route "$3"
}

case_route_doca_ubuntu2204() { route ubuntu22.04 doca-ofed 3.2.1 OFED-internal-25.10-1.6.6 2.8.0 OFED-internal-24.07-0.6.1; }
case_route_doca_ubuntu2404() { route ubuntu24.04 doca-ofed 3.2.3 OFED-internal-25.10-3.1.9; }
case_route_doca_el9() { route el9 doca-ofed 3.2.1 OFED-internal-25.10-1.6.6 3.2.2 OFED-internal-25.10-2.3.5; }
case_route_doca_el8() { route el8 doca-ofed 3.2.1 OFED-internal-25.10-1.6.6 2.8.0 OFED-internal-24.07-0.6.1; }
case_route_doca_debian12() { route debian12 doca-ofed 2.8.0 OFED-internal-24.07-0.6.1; }
case_route_mlnx_ubuntu2004() { route ubuntu20.04 mlnx-ofed 24.01-0.3.3.1 MLNX_OFED_LINUX-24.01-0.3.3.1 23.10-0.5.5.0 MLNX_OFED_LINUX-23.10-0.5.5.0; }
case_route_mlnx_el8() { route el8 mlnx-ofed 24.10-0.7.0.0 MLNX_OFED_LINUX-24.10-0.7.0.0; }

# That artefact has no digest: it comes by TLS alone, and is pinned.
case_route_mlnx_el7() {
	route el7 mlnx-ofed 5.5-1.0.3.2 MLNX_OFED_LINUX-5.5-1.0.3.2
}
case_route_pinned() {
	TIMEOUT=900
	create "$VM" --image el7
	deploy "$VM" --settings "$(with '{"driver": "mlnx-ofed", "mirror": "http://10.7.0.1:8000/files"}')"
	want_code "$VM" 14 download
	deploy "$VM" --settings "$(with '{"driver": "mlnx-ofed"}')"
	want_route MLNX_OFED_LINUX-5.5-1.0.3.2
	[ "$(sh_in "$VM" "cat $STATE/receipt.json" | jq -c '[.artefacts[].pinned]')" = '[true]' ] || fail "not pinned"
}

starts_of_openibd() { sh_in "$VM" 'wc -l </root/starts'; }
show() { sh_in "$VM" "systemctl show $1 -p $2 --value"; }

# openibd waits for udev. One that cannot start is tried again, ten times at most, and the network is there meanwhile; the vendor's own
# unit is what has it come before. The cell's udev has nothing to settle: systemd skips that, and keeps the order.
case_route_openibd() {
	TIMEOUT=900
	create "$VM" --image ubuntu22.04
	deploy "$VM" --settings "$(with '{"driver": "doca-ofed", "driverVersion": "3.2.1", "onRemove": "undo"}')"
	want_route OFED-internal-25.10-1.6.6
	for openibd_key in After Wants; do
		show openibd $openibd_key | grep -qw systemd-udev-settle.service || fail "$openibd_key of openibd: $(show openibd $openibd_key)"
	done
	want_valid "$VM" 10
	want_judges "$VM"
	vm reboot "$VM" >/dev/null
	want_route OFED-internal-25.10-1.6.6
	[ "$(show openibd ActiveState)/$(show openibd NRestarts)" = active/0 ] || fail "openibd is $(show openibd ActiveState)"
	sh_in "$VM" 'cp -p /etc/init.d/openibd /root/openibd && sed -i "2i [ \"\$1\" != start ] || { echo start >>/root/starts; exit 1; }" /etc/init.d/openibd &&
		printf "[Unit]\nBefore=network.target\n" >/etc/systemd/system/openibd.service.d/as-the-vendors.conf &&
		systemctl daemon-reload && systemctl add-wants multi-user.target network.target' 2>/dev/null
	vm reboot "$VM" >/dev/null
	wait_until 120 sh_in "$VM" 'journalctl -b -q -u openibd | grep -q "repeated too quickly" && [ "$(systemctl show openibd -p ActiveState --value)" = failed ]'
	[ "$(starts_of_openibd)" -ge 2 ] && [ "$(starts_of_openibd)" -le 10 ] || fail "openibd was started $(starts_of_openibd) times"
	[ "$(show network.target ActiveEnterTimestampMonotonic)" -lt "$(show openibd ExecMainStartTimestampMonotonic)" ] ||
		fail "the network waited for the last start of openibd"
	note "network.target after $(show network.target ActiveEnterTimestampMonotonic) us, $(starts_of_openibd) starts of openibd, the last after $(show openibd ExecMainStartTimestampMonotonic) us"
	sh_in "$VM" 'cp -p /root/openibd /etc/init.d/openibd && rm /etc/systemd/system/openibd.service.d/as-the-vendors.conf &&
		rm /etc/systemd/system/multi-user.target.wants/network.target && systemctl daemon-reload'
	deleted
	want_nothing_of_ours "$VM"
	sh_in "$VM" '[ ! -e /etc/systemd/system/openibd.service.d ]' || fail "the drop-in's directory stayed"
}

# The package hides that its modules were not built; the run does not believe it.
case_route_masked_build() {
	TIMEOUT=900
	create "$VM" --image ubuntu22.04
	untouched ubuntu22.04
	sh_in "$VM" ': >/etc/ib-lab-broken-build'
	sh_in "$VM-2" ': >/etc/ib-lab-broken-build'
	deploy "$VM" --settings "$(with '{"driver": "doca-ofed"}')"
	want_code "$VM" 14 build
	want_untouched
}

# Somebody else's module that hangs on the stack, by DKMS: the source tells which stack it was built against.
foreign_put() {
	sh_in "$1" 'd=/usr/src/beegfs-7.4 && mkdir -p $d && cd $d && cat >beegfs.c <<C
#include <linux/module.h>
MODULE_LICENSE("GPL");
MODULE_VERSION(STACK);
C
	cat >Makefile <<M
obj-m := beegfs.o
ccflags-y := -DSTACK="\"\$(if \$(wildcard /usr/src/ofa_kernel/x86_64/*/Module.symvers),vendor,inbox)\""
M
	cat >dkms.conf <<D
PACKAGE_NAME="beegfs"
PACKAGE_VERSION="7.4"
AUTOINSTALL="yes"
MAKE[0]="make -C \$kernel_source_dir M=\$dkms_tree/\$PACKAGE_NAME/\$PACKAGE_VERSION/build modules"
CLEAN="true"
BUILT_MODULE_NAME[0]="beegfs"
DEST_MODULE_LOCATION[0]="/updates"
D
	export DEBIAN_FRONTEND=noninteractive
	apt-get -q update && apt-get -y -q --no-install-recommends install "linux-headers-$(uname -r)" gcc make dkms &&
		dkms install -m beegfs -v 7.4 -k "$(uname -r)"' >"$CASE_DIR/foreign" 2>&1 || fail "$(tail -5 "$CASE_DIR/foreign")"
}
foreign_stack() { sh_in "$VM" 'modinfo -k "$(uname -r)" -F version beegfs'; }

# It is built anew against the vendor's stack; undo has the former file back, to the byte.
case_route_foreign() {
	TIMEOUT=900
	create "$VM" --image ubuntu22.04
	foreign_put "$VM"
	[ "$(foreign_stack)" = inbox ] || fail "built against $(foreign_stack)"
	sh_in "$VM" 'cd /var/lib/dkms/beegfs && find . /lib/modules/*/updates -name "beegfs*.ko*" -type f -o -name make.log | sort | xargs sha256sum' >"$CASE_DIR/built"
	deploy "$VM" --settings "$(with '{"driver": "doca-ofed", "driverVersion": "3.2.1", "onRemove": "undo"}')"
	want_route OFED-internal-25.10-1.6.6
	[ "$(foreign_stack)" = vendor ] || fail "still built against $(foreign_stack)"
	deleted
	[ "$(foreign_stack)" = inbox ] || fail "built against $(foreign_stack) after undo"
	sh_in "$VM" 'cd /var/lib/dkms/beegfs && sha256sum -c' <"$CASE_DIR/built" >"$CASE_DIR/check" || fail "$(cat "$CASE_DIR/check")"
}

# After the run others renew the initramfs: what they put into it stays when the driver is taken back, and the driver does not.
in_initramfs() { sh_in "$VM" "lsinitramfs /boot/initrd.img-\$(uname -r) | grep -q '$1'"; }
case_route_initramfs_of_others() {
	create "$VM" --no-agent --image debian12
	put "$VM" "$top/build/ib-vmext" /root/ib-vmext
	with '{"driver": "doca-ofed", "driverVersion": "2.8.0"}' >"$CASE_DIR/settings"
	put "$VM" "$CASE_DIR/settings" /root/settings 644
	in_vm "$VM" /root/ib-vmext --settings /root/settings apply --yes || fail "exit code $?"
	wait_until 600 sh_in "$VM" "/root/ib-vmext --json status | tr -d ' \n' | grep -q '\"state\":\"installed\"'"
	in_initramfs updates/dkms/mlx5_core || fail "the driver is not in the initramfs"
	sh_in "$VM" 'cat >/etc/initramfs-tools/hooks/others <<"HOOK"
#!/bin/sh
[ "$1" != prereqs ] || exit 0
echo "of others" >"$DESTDIR/etc/of-others"
HOOK
		chmod 755 /etc/initramfs-tools/hooks/others && update-initramfs -u -k "$(uname -r)"' >"$CASE_DIR/renewed" 2>&1 || fail "$(tail -3 "$CASE_DIR/renewed")"
	in_initramfs etc/of-others || fail "nobody renewed it: $(cat "$CASE_DIR/renewed")"
	in_vm "$VM" /root/ib-vmext undo || fail "undo: exit code $?"
	in_initramfs etc/of-others || fail "what others put into the initramfs is lost"
	if in_initramfs updates/dkms; then fail "the driver is still in the initramfs"; fi
	in_initramfs mellanox/mlx5/core/mlx5_core || fail "the kernel's own driver is not in the initramfs"
}

# A release past its end: what compiling needs comes from the archive, which a file of ours tells yum of for as long as it takes. Here
# the archive is the lab's own repository, by the same paths.
case_route_vault() {
	TIMEOUT=900
	create "$VM" --image el7
	vault=$CASE_DIR/files/vault.centos.org/7.7.1908
	mkdir -p "$vault"
	repository=$(ls -td "${IB_LAB_CACHE:-/var/cache/ib-lab}"/rpms-el7-* | head -1)
	for archive in os updates; do mkdir "$vault/$archive" && ln -s "$repository" "$vault/$archive/x86_64"; done
	"$LAB" mirror add "$CASE_DIR/files" >/dev/null
	sh_in "$VM" 'cp "$(sed -n "s,^gpgkey=file://,,p" /etc/yum.repos.d/*.repo | head -1)" /etc/pki/rpm-gpg/RPM-GPG-KEY-CentOS-7
		rm -rf /root/repos && mkdir /root/repos && mv /etc/yum.repos.d/*.repo /root/repos && cat >/etc/yum.repos.d/CentOS-Base.repo <<R
[base]
name=CentOS-7 - Base
mirrorlist=http://mirrorlist.centos.org/?release=7&arch=x86_64&repo=os
gpgcheck=1
R
	ls /etc/yum.repos.d' >"$CASE_DIR/before"
	deploy "$VM" --settings "$(with '{"driver": "mlnx-ofed", "driverVersion": "5.5-1.0.3.2"}')"
	want_route MLNX_OFED_LINUX-5.5-1.0.3.2
	in_vm "$VM" rpm -q rpm-build gcc >/dev/null || fail "what compiling needs is not there"
	in_vm "$VM" ls /etc/yum.repos.d | diff "$CASE_DIR/before" - || fail "the archive's file is still there"
}

# ---- packs of prebuilt modules --------------------------------------------------------------------------------------------------------

# packs_of IMAGE SETTINGS: $CASE_DIR/packs.tar, of what a VM of the same kind has compiled; $KEY is who signed them.
packs_of() {
	KEY=$("$top/build/debug/tests/unit/cli/make-key" "$CASE_DIR/secret.key")
	create "$VM-3" --image "$1"
	deploy "$VM-3" --settings "$(with "$2")"
	wait_for "$VM-3" --until success
	put "$VM-3" "$top/build/ib-vmext" /root/ib-vmext
	put "$VM-3" "$CASE_DIR/secret.key" /root/secret.key 600
	sh_in "$VM-3" 'mkdir /root/packs && /root/ib-vmext pack make /root/packs --key /root/secret.key' || fail "pack make"
	sh_in "$VM-3" 'tar -C /root -cf - packs' >"$CASE_DIR/packs.tar"
	vm delete "$VM-3" >/dev/null
}
with_pack() { with "$1" | jq -c --arg key "$KEY" --arg from "$2" '. + {prebuilt: $from, onRemove: "undo", trustedKeys: (.trustedKeys + [$key])}'; }
route_taken() { sh_in "$VM" "cat $STATE/receipt.json" | jq -r .route; }
can_compile() { sh_in "$VM" 'command -v dkms || ls -d "/lib/modules/$(uname -r)/build/include"' >/dev/null 2>&1; }
# want_prebuilt OFED-INFO: the modules of the pack serve, and neither headers nor DKMS are there.
want_prebuilt() {
	want_route "$1"
	[ "$(route_taken)" = prebuilt ] || fail "by the route $(route_taken): $(in_vm "$VM" cat $STATUS_LOG)"
	if can_compile; then fail "what compiling needs is there: $(in_vm "$VM" cat $STATUS_LOG)"; fi
}
# prebuilt IMAGE SETTINGS OFED-INFO: from a directory, and once more changes nothing; undo; from a store that opens to a shared access
# signature alone; undo; with a pack that is spoilt, and from a store that refuses: compiled as without one.
prebuilt() {
	TIMEOUT=900
	packs_of "$1" "$2"
	create "$VM" --image "$1"
	untouched "$1"
	sh_in "$VM" 'tar -C /root -xf -' <"$CASE_DIR/packs.tar"
	deploy "$VM" --settings "$(with_pack "$2" /root/packs)"
	want_prebuilt "$3"
	prebuilt_runs=$(journals "$VM")
	deploy "$VM" --settings "$(with_pack "$2" /root/packs | jq -c '. + {timestamp: 2}')"
	wait_for "$VM" --until success
	[ "$(journals "$VM")" = "$prebuilt_runs" ] || fail "the second run did something"
	gone_again

	mkdir "$CASE_DIR/files"
	tar -C "$CASE_DIR/files" -xf "$CASE_DIR/packs.tar"
	mv "$CASE_DIR/files/packs" "$CASE_DIR/files/packs-$VM"
	"$LAB" mirror add "$CASE_DIR/files" >/dev/null
	for prebuilt_vm in "$VM" "$VM-2"; do sh_in "$prebuilt_vm" 'echo "10.7.0.1 packs.blob.core.windows.net" >>/etc/hosts; rm -rf /root/packs'; done
	store=https://packs.blob.core.windows.net:8443/private/packs-$VM
	deploy "$VM" --settings "$(with_pack "$2" "$store" | jq -c '. + {timestamp: 3}')" --protected '{"sasToken": "sv=2024-11-04&sp=r&sig=of-the-lab"}'
	want_prebuilt "$3"
	gone_again

	sh_in "$VM" 'tar -C /root -xf -' <"$CASE_DIR/packs.tar"
	sh_in "$VM" 'cd /root/packs && printf X | dd of="$(ls *.tar)" bs=1 seek=20000 conv=notrunc status=none'
	deploy "$VM" --settings "$(with_pack "$2" /root/packs | jq -c '. + {timestamp: 4}')"
	want_route "$3"
	[ "$(route_taken)" != prebuilt ] || fail "a spoilt pack was used"
	can_compile || fail "and yet nothing was compiled"
	gone_again

	# The pack that came before, and is as good as it was, would serve.
	sh_in "$VM" "rm -r $STATE/packs"
	deploy "$VM" --settings "$(with_pack "$2" "$store" | jq -c '. + {timestamp: 5}')" --protected '{"sasToken": "sv=2024-11-04&sp=r&sig=of-nobody"}'
	want_route "$3"
	[ "$(route_taken)" != prebuilt ] || fail "the store opened to a wrong signature"
	sh_in "$VM" "grep 'packs.blob.core.windows.net.* 403' $STATUS_LOG" || fail "the log does not tell why there is no pack"
	if in_vm "$VM" grep -rl of-nobody /var/log /var/lib/ib-vmext; then fail "the signature is told"; fi
	gone_again
}
# Debian's image alone: the others' kernels are Debian's modules under another name, whose vermagic a pack is held against.
case_route_prebuilt_debian12() { prebuilt debian12 '{"driver": "doca-ofed", "driverVersion": "2.8.0"}' OFED-internal-24.07-0.6.1; }
