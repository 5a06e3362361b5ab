# The scenarios on an old kernel: in these cells every service, and so the agent, our commands, the worker and all that they
# start, gets ENOSYS for each system call newer than Linux 3.10.

. "$here/cells.sh"

cases() { echo filter_holds success new_settings protected_settings update_idle uninstall_undoes agent_restart_during_the_work code_14 verbs_at_the_shell; }

# Every service of the VM gets the filter, by a drop-in for the whole type (systemd 244 and later).
create() {
	create_name=$1
	shift
	vm create "$create_name" "$@" --no-agent >/dev/null
	sh_in "$create_name" 'mkdir -p /etc/systemd/system/service.d && cat >/etc/systemd/system/service.d/old-kernel.conf && systemctl daemon-reload && systemctl start walinuxagent' <"$here/old-kernel.conf"
}

case_filter_holds() {
	create "$VM"
	out=$(sh_in "$VM" 'systemd-run -q --wait --pipe python3 -c "import os; os.getrandom(4)" 2>&1' || :)
	case $out in *"Errno 38"*) ;; *) fail "getrandom works: $out" ;; esac
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
