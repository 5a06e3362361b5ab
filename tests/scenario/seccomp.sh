# The scenarios on an old kernel: in these cells the commands of the handler, the worker, and all that they start (apt, dpkg,
# modprobe, scriptlets) get ENOSYS for each system call newer than Linux 3.10. The agent does not, nor does protected_settings run
# here: Debian 12's OpenSSL, which both call, draws no random number without getrandom.

. "$here/cells.sh"

cases() { echo filter_holds success new_settings update_idle uninstall_undoes agent_restart_during_the_work code_14 verbs_at_the_shell; }

# The packages that are deployed have their commands run under the filter ...
prepare() {
	for version in 1.1.0 1.1.1; do
		(
			unpacked=$(mktemp -d) && cd "$unpacked" && unzip -q "$dist/ib-vmext-$version.zip" &&
				sed -i 's|"bin/ib-vmext|"bin/old-kernel bin/ib-vmext|' HandlerManifest.json && cp "$FAULTS/old-kernel" bin/ &&
				rm "$dist/ib-vmext-$version.zip" && zip -q -r "$dist/ib-vmext-$version.zip" . && rm -rf "$unpacked"
		) || return 1
	done
}

# ... and a drop-in by the prefix of their names (systemd 239 and later) gives it to the units of ours.
create() {
	create_name=$1
	shift
	vm create "$create_name" "$@" >/dev/null
	sh_in "$create_name" 'mkdir -p /etc/systemd/system/ib-vmext-.service.d && cat >/etc/systemd/system/ib-vmext-.service.d/old-kernel.conf && systemctl daemon-reload' <"$here/old-kernel.conf"
}

case_filter_holds() {
	create "$VM"
	out=$(sh_in "$VM" 'systemd-run -q --unit=ib-vmext-worker-test --wait --pipe python3 -c "import os; os.getrandom(4)" 2>&1' || :)
	case $out in *"Errno 38"*) ;; *) fail "getrandom works in a unit of ours: $out" ;; esac
	deploy "$VM"
	want_success "$VM"
	in_vm "$VM" grep -q 'old-kernel bin/ib-vmext.*handler enable' "/var/log/azure/$TYPE/CommandExecution.log"
}

case_verbs_at_the_shell() {
	create "$VM"
	put "$VM" "$top/build/ib-vmext" /root/ib-vmext
	put "$VM" "$FAULTS/old-kernel" /root/old-kernel
	for verb in facts plan "plan --resolve" "apply --yes" verify status undo; do
		sh_in "$VM" "/root/old-kernel /root/ib-vmext $verb >/root/out 2>&1" || {
			case $verb in plan*) continue ;; esac
			fail "$verb: $(in_vm "$VM" cat /root/out)"
		}
	done
}
