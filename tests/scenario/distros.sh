# The images of other distributions (ib-lab vm images): that they are what they say to the program under test, and that its inbox
# route works there from install to undo. Below, all of them are Debian: what is proved is the product's half, not the distribution's.

cases() {
	cat <<'CASES'
looks_el9
looks_el8
looks_el7
looks_sles15
looks_azurelinux3
looks_ubuntu1804
looks_ubuntu2004
looks_ubuntu2204
looks_ubuntu2404
inbox_ubuntu2404
inbox_el9
inbox_el8
inbox_el7
inbox_sles15
inbox_azurelinux3
mirror_rpm_packages
mirror_files
mirror_proxy_without_login
machines_are_debian
CASES
}

# The layers and the rpm repositories, one after the other: two cases that make the same one would only wait for each other.
prepare() {
	for prepare_image in el9 el8 el7 sles15 azurelinux3 ubuntu18.04 ubuntu20.04 ubuntu22.04 ubuntu24.04; do
		"$LAB" vm create prepare --no-agent --image $prepare_image >/dev/null || return 1
		"$LAB" vm delete prepare >/dev/null || return 1
	done
}

# has FILE JQ-FILTER VALUE: what a JSON file says.
has() { [ "$(jq -r "$2" "$1")" = "$3" ] || fail "$2 is $(jq -r "$2" "$1"), wanted $3"; }

# looks_like IMAGE OS-ID OS-VERSION PACKAGES KERNEL PUBLISHER ROUTE: boots, the agent asks Azure, facts and plan are sensible.
looks_like() {
	create "$VM" --image "$1"
	put "$VM" "$top/build/ib-vmext" /root/ib-vmext
	sh_in "$VM" '/root/ib-vmext --json facts' >"$CASE_DIR/facts" || fail "facts"
	has "$CASE_DIR/facts" .os.id "$2"
	has "$CASE_DIR/facts" .os.version "$3"
	has "$CASE_DIR/facts" .packageManager "$4"
	has "$CASE_DIR/facts" .kernel.release "$5"
	has "$CASE_DIR/facts" .vm.publisher "$6"
	has "$CASE_DIR/facts" '.modules | map(select(.name == "mlx5_ib" and .path != null)) | length' 1
	sh_in "$VM" '/root/ib-vmext --json plan' >"$CASE_DIR/plan" || fail "plan"
	has "$CASE_DIR/plan" .decision.exitCode 0
	has "$CASE_DIR/plan" .decision.route "$7"
	[ "$(sh_in "$VM" 'ls /lib/modules')" = "$5" ] || fail "modules of another kernel"
	[ "$(sh_in "$VM" 'ls -d /usr/bin/apt-get /usr/bin/dpkg /var/lib/dpkg /usr/bin/rpm 2>/dev/null | tr "\n" " "')" = "$8" ] || fail "package managers"
	in_vm "$VM" systemctl is-active walinuxagent >/dev/null || fail "no agent"
	wait_until 60 sh -c "'$LAB' vm counts '$VM' | jq -e '.[\"wire.goalstate\"] > 0'"
	[ -z "$(in_vm "$VM" systemctl --failed --no-legend)" ] || fail "units have failed: $(in_vm "$VM" systemctl --failed --no-legend)"
}
DPKG="/usr/bin/apt-get /usr/bin/dpkg /var/lib/dpkg "
RPM="/usr/bin/rpm "

case_looks_el9() { looks_like el9 almalinux 9.6 dnf 5.14.0-570.12.1.el9_6.x86_64 almalinux doca-ofed "$RPM"; }
case_looks_el8() { looks_like el8 rocky 8.10 dnf 4.18.0-553.54.1.el8_10.x86_64 resf doca-ofed "$RPM"; }
case_looks_el7() { looks_like el7 centos 7.7 yum 3.10.0-1062.12.1.el7.x86_64 OpenLogic mlnx-ofed "$RPM"; }
case_looks_sles15() { looks_like sles15 sles 15.5 zypper 5.14.21-150500.33.66-azure SUSE inbox "$RPM"; }
case_looks_azurelinux3() {
	looks_like azurelinux3 azurelinux 3.0 tdnf 6.6.96.2-2.azl3 MicrosoftCBLMariner distro "$RPM"
	said_by "$VM" 'tdnf --assumeno install perftest' '^libibverbs  *x86_64  *55.0-1.azl3  *ib-lab '
	in_vm "$VM" tdnf -y install perftest || fail "not installed"
	in_vm "$VM" rpm -V perftest || fail "not whole"
	[ "$(in_vm "$VM" tdnf -y install perftest)" = "Nothing to do." ] || fail "it would install again"
	said_by "$VM" 'tdnf -y install nosuch' 'Error(1011)'
}
case_looks_ubuntu1804() { looks_like ubuntu18.04 ubuntu 18.04 apt 5.4.0-1109-azure Canonical mlnx-ofed "$DPKG"; }
case_looks_ubuntu2004() { looks_like ubuntu20.04 ubuntu 20.04 apt 5.15.0-1089-azure Canonical doca-ofed "$DPKG"; }
case_looks_ubuntu2204() { looks_like ubuntu22.04 ubuntu 22.04 apt 6.8.0-1031-azure Canonical doca-ofed "$DPKG"; }
case_looks_ubuntu2404() { looks_like ubuntu24.04 ubuntu 24.04 apt 6.14.0-1014-azure Canonical doca-ofed "$DPKG"; }

# ---- the inbox route, from install to undo ----

# What is installed, and what of it differs from what its package brought. The root lacks two directories that apt makes itself.
inventory() {
	sh_in "$1" 'if [ -e /usr/bin/rpm ]; then rpm -qa | sort; rpm -Va; else dpkg-query -W; dpkg -V | grep -v "/apt/.*partial$"; fi' || :
}

# inbox_from_install_to_undo IMAGE PACKAGE...: by the real agent; success means that the ports are up and these are there.
inbox_from_install_to_undo() {
	create "$VM" --image "$1"
	shift
	inventory "$VM" >"$CASE_DIR/before"
	deploy "$VM" --settings '{"driver": "inbox", "onRemove": "undo"}'
	wait_for "$VM" --until success
	[ "$(status_of "$VM" .code)" = 0 ] || fail "code $(status_of "$VM" .code)"
	want_port "$VM"
	inventory "$VM" >"$CASE_DIR/after"
	for inbox_package in "$@"; do
		grep -q "^$inbox_package[-	:]" "$CASE_DIR/after" || fail "$inbox_package is not there"
	done
	put "$VM" "$top/build/ib-vmext" /root/ib-vmext
	in_vm "$VM" /root/ib-vmext verify >"$CASE_DIR/verify" || fail "verify: $(cat "$CASE_DIR/verify")"
	inbox_runs=$(journals "$VM")
	deploy "$VM" --settings '{"driver": "inbox", "onRemove": "undo", "timestamp": 2}'
	wait_for "$VM" --until success
	[ "$(journals "$VM")" = "$inbox_runs" ] || fail "the second run did something"
	inventory "$VM" | diff "$CASE_DIR/after" - || fail "the second run changed packages"
	"$LAB" extension delete "$VM" >/dev/null
	wait_for "$VM" --until gone
	inventory "$VM" | diff "$CASE_DIR/before" - || fail "undo has not put back what was there"
}

case_inbox_ubuntu2404() { inbox_from_install_to_undo ubuntu24.04 rdma-core ibverbs-providers infiniband-diags perftest; }

case_inbox_el9() { inbox_from_install_to_undo el9 rdma-core; }
case_inbox_el8() { inbox_from_install_to_undo el8 rdma-core; }
case_inbox_el7() { inbox_from_install_to_undo el7 rdma-core; }
case_inbox_sles15() { inbox_from_install_to_undo sles15 rdma-core; }
case_inbox_azurelinux3() { inbox_from_install_to_undo azurelinux3 rdma-core; }

# ---- the package source ----

# said_by VM COMMAND TEXT: the command fails, and says that.
said_by() {
	if sh_in "$1" "$2" >"$CASE_DIR/said" 2>&1; then fail "no failure: $2"; fi
	grep -q "$3" "$CASE_DIR/said" || fail "not \"$3\" but: $(tail -3 "$CASE_DIR/said")"
}

case_mirror_rpm_packages() {
	create "$VM" --image el9 --no-agent
	in_vm "$VM" dnf -q -y install perftest-24.07.0 || fail "the older version is not to be had"
	[ "$(in_vm "$VM" rpm -q --qf '%{VERSION} %{RSAHEADER:pgpsig}' perftest | cut -c1-12)" = "24.07.0 RSA/" ] || fail "not signed, or another version"
	in_vm "$VM" dnf -q -y install kernel-devel-5.14.0-570.12.1.el9_6.x86_64 gcc make dkms elfutils-libelf-devel || fail "what compiling needs is not to be had"
}

case_mirror_files() {
	mkdir "$CASE_DIR/files"
	head -c 300000 /dev/urandom >"$CASE_DIR/files/$VM.bin"
	"$LAB" mirror add "$CASE_DIR/files"
	create "$VM" --no-agent
	sh_in "$VM" "cd /root && curl -sf -r 0-99999 -o f http://10.7.0.1:8000/files/$VM.bin && curl -sf -C - -o f http://10.7.0.1:8000/files/$VM.bin"
	[ "$(sh_in "$VM" 'sha256sum </root/f')" = "$(sha256sum <"$CASE_DIR/files/$VM.bin")" ] || fail "two halves are not the whole"
	[ "$(sh_in "$VM" "curl -s -o /dev/null -w '%{http_code}' -r 300000- http://10.7.0.1:8000/files/$VM.bin")" = 416 ] || fail "no 416"
	[ "$(sh_in "$VM" "curl -s --path-as-is -o /dev/null -w '%{http_code}' http://10.7.0.1:8000/files/../Release")" = 404 ] || fail "a way out of the directory"
}

# With a login: the suite offline.
case_mirror_proxy_without_login() {
	create "$VM" --no-agent --image el9
	"$LAB" mirror proxy
	[ "$(sh_in "$VM" "curl -s -x http://10.7.0.1:3128 -o /dev/null -w '%{http_code}' http://10.7.0.1:8000/el9/repodata/repomd.xml")" = 200 ] || fail "a login without being set"
}

case_machines_are_debian() {
	if create "$VM" --machine --image el9 2>"$CASE_DIR/said"; then fail "a machine of el9"; fi
	grep -q 'others are for cells' "$CASE_DIR/said" || fail "$(cat "$CASE_DIR/said")"
	if create "$VM" --image el5 2>"$CASE_DIR/said"; then fail "an image that is none"; fi
	grep -q 'el9' "$CASE_DIR/said" || fail "it does not tell which there are"
}
