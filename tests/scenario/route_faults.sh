# Faults over the vendors' routes, with the stand-ins of their files: each ends with its own fault, its cause and its next step in the
# status that the portal shows, and with the former state, as the oracle tells. In the end the route works.

. "$here/oracle.sh"
. "$here/fault-lib.sh"

cases() {
	cat <<'CASES'
doca_apt
doca_dnf
mlnx_apt
mlnx_dnf
CASES
}

prepare() {
	for prepare_image in ubuntu22.04 el9 ubuntu20.04 el8; do
		"$LAB" vm create prepare --no-agent --image $prepare_image >/dev/null || return 1
		"$LAB" vm delete prepare >/dev/null || return 1
	done
	"$LAB" mirror vendors >"$work/vendors.json"
}

# What compiling needs is there already: else each run would bring it, and take it away again.
ready() {
	sh_in "$1" 'export DEBIAN_FRONTEND=noninteractive PATH=$PATH:/usr/bin
		if [ -e /usr/bin/apt-get ]; then apt-get -q update && apt-get -y -q --no-install-recommends install "linux-headers-$(uname -r)" gcc make dkms
		else dnf -q -y install "kernel-devel-$(uname -r)" gcc make dkms rpm-build elfutils-libelf-devel lsof tcl tk; fi' >"$CASE_DIR/ready" 2>&1 || fail "$(tail -3 "$CASE_DIR/ready")"
}

# begin IMAGE SETTINGS: beside the VM that stays untouched one to which packages came and left.
begin() {
	begin_faults "$1"
	patience='"timeouts": {"total": 900}'
	for begin_vm in "$VM" "$VM-untouched"; do ready "$begin_vm"; done
	told "$VM-untouched" >"$WORK/told-$VM-untouched"
	"$LAB" mirror vendors >"$CASE_DIR/vendors.json"
	base=$(jq -c --argjson more "$2" '. + $more' "$CASE_DIR/vendors.json")
	create "$VM-left" --image "$1"
	put "$VM-left" "$here/manifest.py" /root/manifest.py
	apt_started "$VM-left"
	came_and_left "$VM-left" "$1"
	ready "$VM-left"
	told "$VM-left" >"$WORK/told-$VM-left"
	cp "$WORK/modules-$VM-former" "$WORK/modules-$VM-left"
}
is_former() {
	(equals "$VM" "$VM-untouched") >"$CASE_DIR/differs" 2>&1 || equals "$VM" "$VM-left" ||
		{ cat "$CASE_DIR/differs"; wrong="$wrong former-state-after-$slug"; }
}
is_told() {
	told "$VM" >"$CASE_DIR/told"
	diff -q "$WORK/told-$VM-untouched" "$CASE_DIR/told" >/dev/null || diff "$WORK/told-$VM-left" "$CASE_DIR/told" || wrong="$wrong told-after-$slug"
}
# ordered FILE TEXT SLUG CAUSE: an order to the stand-ins (lab/mirror/vendor/README.md).
ordered() {
	for ordered_vm in "$VM" "$VM-untouched" "$VM-left"; do sh_in "$ordered_vm" "echo $2 >/etc/$1"; done
	slug=$3
	ends "$3" "$4"
	for ordered_vm in "$VM" "$VM-untouched" "$VM-left"; do in_vm "$ordered_vm" rm "/etc/$1"; done
	is_former
}

# Trouble with the vendor's file alone: the repositories of the distribution and the catalogue are there.
artefact_rows() {
	ends_all <<ROWS
corrupt@$1|download-digest|SHA-256
404@$1|download-not-found|404
429@$1|unreachable|429|"timeouts": {"total": 16}
503@$1|unreachable|503|"timeouts": {"total": 16}
truncate@$1|download||"timeouts": {"total": 20}
redirect-loop@$1|download-redirect|redirect
hang@$1|download|timed out|"timeouts": {"total": 15}
slow:2000@$1|download|timed out|"timeouts": {"total": 15}
ROWS
}
# A server whose certificate is for another name.
wrong_name() {
	sh_in "$VM" 'cp /etc/hosts /root/hosts; echo "10.7.0.1 mirror.example" >>/etc/hosts'
	slug=download-tls
	ends download-tls mirror.example '"mirror": "https://mirror.example:8443/files"'
	sh_in "$VM" 'cat /root/hosts >/etc/hosts'
	is_former
}
# In the end it works; only a first installation restarts by itself.
end() {
	TIMEOUT=900
	end_faults
	vm delete "$VM-left" >/dev/null
}

case_doca_apt() {
	begin ubuntu22.04 '{"driver": "doca-ofed", "driverVersion": "3.2.1"}'
	artefact_rows doca-host
	wrong_name
	lock_for_ever /var/lib/dpkg/lock-frontend
	no_room /var/cache/apt/archives 64k disk-full space
	no_room /usr/src 64k disk-full space is_told
	no_room /var/lib/dkms 64k disk-full space is_told
	ordered ib-lab-broken-build x build-failed mlnx-ofed-kernel
	end
}

case_doca_dnf() {
	begin el9 '{"driver": "doca-ofed", "driverVersion": "3.2.1"}'
	artefact_rows doca-host
	no_room /var/cache/dnf 64k disk-full space
	no_room /var/lib/dkms 64k disk-full space
	ordered ib-lab-broken-build x build-failed mlnx-ofa_kernel
	end
}

case_mlnx_apt() {
	begin ubuntu20.04 '{"driver": "mlnx-ofed", "driverVersion": "24.01-0.3.3.1"}'
	artefact_rows .tgz
	ordered ib-lab-installer-code 171 adapter-lost "finds no adapter"
	ordered ib-lab-installer-code 173 installer-failed 173
	ordered ib-lab-installer-code 28 disk-full space
	no_room /var/lib/dkms 64k disk-full space is_told
	ordered ib-lab-broken-build x build-failed mlnx-ofed-kernel
	end
}

case_mlnx_dnf() {
	begin el8 '{"driver": "mlnx-ofed", "driverVersion": "24.10-0.7.0.0"}'
	ordered ib-lab-installer-code 171 adapter-lost "finds no adapter"
	ordered ib-lab-broken-build x build-failed "do not compile"
	end
}
