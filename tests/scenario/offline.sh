# Machines that cannot reach their mirror: by an offline bundle that a connected one of the same kind has made, or by a proxy alone.
# The inbox route, by the real agent.

cases() {
	cat <<'CASES'
offline_ubuntu2404
offline_el9
offline_sles15
proxy_ubuntu2404
proxy_el9
proxy_sles15
CASES
}

# The proxy asks for a password; who reaches the mirror needs no proxy.
prepare() {
	"$LAB" mirror proxy --user lab --password MARKERinTHEpassword || return 1
	for prepare_image in ubuntu24.04 el9 sles15; do
		"$LAB" vm create prepare --no-agent --image $prepare_image >/dev/null || return 1
		"$LAB" vm delete prepare >/dev/null || return 1
	done
}

# What is installed, and what of it differs from what its package brought.
inventory() {
	sh_in "$1" 'if [ -e /usr/bin/rpm ]; then rpm -qa | sort; rpm -Va; else dpkg-query -W; dpkg -V | grep -v "/apt/.*partial$"; fi' || :
}
fetch_from() { sh_in "$1" "cat '$2'" >"$3"; }

# bundle_of IMAGE: $CASE_DIR/bundle, made on a connected VM of it; $KEY is who signed it.
bundle_of() {
	create "$VM-2" --no-agent --image "$1"
	KEY=$("$top/build/debug/tests/unit/cli/make-key" "$CASE_DIR/secret.key")
	printf '{"driver": "inbox", "trustedKeys": ["%s"]}\n' "$KEY" >"$CASE_DIR/trust.json"
	put "$VM-2" "$top/build/ib-vmext" /root/ib-vmext
	put "$VM-2" "$CASE_DIR/secret.key" /root/secret.key 600
	put "$VM-2" "$CASE_DIR/trust.json" /root/trust.json
	inventory "$VM-2" >"$CASE_DIR/maker"
	in_vm "$VM-2" /root/ib-vmext --settings /root/trust.json offline make /root/ib.bundle --key /root/secret.key || fail "offline make"
	inventory "$VM-2" | diff "$CASE_DIR/maker" - || fail "offline make has changed the machine"
	in_vm "$VM-2" /root/ib-vmext --settings /root/trust.json offline check /root/ib.bundle || fail "offline check where it was made"
	fetch_from "$VM-2" /root/ib.bundle "$CASE_DIR/bundle"
	vm delete "$VM-2" >/dev/null
}

# offline_from_install_to_undo IMAGE PACKAGE...
offline_from_install_to_undo() {
	bundle_of "$1"
	create "$VM" --image "$1"
	shift
	vm set "$VM" mirror=off >/dev/null
	inventory "$VM" >"$CASE_DIR/before"
	# Without it: the mirror is what is missing, and nothing has changed.
	deploy "$VM" --settings '{"driver": "inbox"}'
	want_code "$VM" 14 "10.7.0.1:8000"
	inventory "$VM" | diff "$CASE_DIR/before" - || fail "it has changed something"
	put "$VM" "$top/build/ib-vmext" /root/ib-vmext
	put "$VM" "$CASE_DIR/trust.json" /root/trust.json
	# One byte, in the middle of a package.
	cp "$CASE_DIR/bundle" "$CASE_DIR/spoilt"
	printf X | dd of="$CASE_DIR/spoilt" bs=1 seek=$(($(stat -c %s "$CASE_DIR/spoilt") / 2)) conv=notrunc status=none
	put "$VM" "$CASE_DIR/spoilt" /root/ib.bundle
	if in_vm "$VM" /root/ib-vmext --settings /root/trust.json offline check /root/ib.bundle; then fail "a spoilt bundle is right"; fi
	offline_settings="\"driver\": \"inbox\", \"onRemove\": \"undo\", \"offlineBundle\": \"/root/ib.bundle\", \"trustedKeys\": [\"$KEY\"]"
	deploy "$VM" --settings "{$offline_settings, \"timestamp\": 1}"
	want_code "$VM" 14 "is not what was signed"
	inventory "$VM" | diff "$CASE_DIR/before" - || fail "it has changed something"
	put "$VM" "$CASE_DIR/bundle" /root/ib.bundle
	in_vm "$VM" /root/ib-vmext --settings /root/trust.json offline check /root/ib.bundle || fail "offline check"
	deploy "$VM" --settings "{$offline_settings, \"timestamp\": 2}"
	wait_for "$VM" --until success
	want_port "$VM"
	inventory "$VM" >"$CASE_DIR/after"
	for offline_package in "$@"; do
		grep -q "^$offline_package[-	:]" "$CASE_DIR/after" || fail "$offline_package is not there"
	done
	[ -z "$(sh_in "$VM" "ls $STATE | grep -x offline")" ] || fail "what was unpacked is still there"
	"$LAB" extension delete "$VM" >/dev/null
	wait_for "$VM" --until gone
	inventory "$VM" | diff "$CASE_DIR/before" - || fail "undo has not put back what was there"
}

case_offline_ubuntu2404() { offline_from_install_to_undo ubuntu24.04 rdma-core ibverbs-providers infiniband-diags perftest; }
case_offline_el9() { offline_from_install_to_undo el9 rdma-core; }
case_offline_sles15() { offline_from_install_to_undo sles15 rdma-core; }

# ---- by the proxy alone ----

# proxy_from_install_to_undo IMAGE: the mirror answers nobody but the proxy, which asks for a password.
proxy_from_install_to_undo() {
	create "$VM" --image "$1"
	vm set "$VM" mirror=off >/dev/null
	inventory "$VM" >"$CASE_DIR/before"
	proxy_settings='"driver": "inbox", "onRemove": "undo", "proxy": "http://10.7.0.1:3128"'
	deploy "$VM" --settings "{$proxy_settings, \"timestamp\": 1}" --protected '{"proxyUser": "lab", "proxyPassword": "wrongMARKER"}'
	want_code "$VM" 14 407
	want_code "$VM" 14 "proxyUser and proxyPassword"
	inventory "$VM" | diff "$CASE_DIR/before" - || fail "it has changed something"
	# Past the proxy there is no way.
	deploy "$VM" --settings "{$proxy_settings, \"noProxy\": \"10.7.0.1\", \"timestamp\": 2}" --protected '{"proxyUser": "lab", "proxyPassword": "MARKERinTHEpassword"}'
	want_code "$VM" 14 "10.7.0.1:8000"
	case $(status_of "$VM" .formattedMessage.message) in *407*) fail "the proxy was asked" ;; esac
	inventory "$VM" | diff "$CASE_DIR/before" - || fail "it has changed something"
	deploy "$VM" --settings "{$proxy_settings, \"timestamp\": 3}" --protected '{"proxyUser": "lab", "proxyPassword": "MARKERinTHEpassword"}'
	wait_for "$VM" --until success
	want_port "$VM"
	proxy_found=$(sh_in "$VM" "grep -rlE '(MARKERinTHEpassword|wrongMARKER)' /var/log $STATE /var/lib/waagent /run /tmp /etc 2>/dev/null" || :)
	[ -z "$proxy_found" ] || fail "the password is in $proxy_found"
	"$LAB" extension delete "$VM" >/dev/null
	wait_for "$VM" --until gone
	inventory "$VM" | diff "$CASE_DIR/before" - || fail "undo has not put back what was there"
}

case_proxy_ubuntu2404() { proxy_from_install_to_undo ubuntu24.04; }
case_proxy_el9() { proxy_from_install_to_undo el9; }
case_proxy_sles15() { proxy_from_install_to_undo sles15; }
