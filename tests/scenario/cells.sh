# The scenarios with the real agent, in cells. A name is the reason why the case exists.

. "$here/valid.sh"

# The longest first: the agent, too, waits for silent metadata.
cases() {
	cat <<'CASES'
metadata_in_trouble
success
followed_receipted_undone
second_enable_without_change
new_settings
protected_settings
update_idle
update_in_the_middle_of_the_work
downgrade
update_with_a_failing_install
update_with_a_failing_enable
update_with_a_failing_disable
update_with_a_failing_update
update_with_a_failing_uninstall
disable_and_enable
agent_restart_during_the_work
handler_directory_deleted_under_the_worker
reboot_in_the_middle
uninstall_keeps
uninstall_undoes
kept_stack_is_configured
files_that_their_readers_take
agent_that_assigns
code_1
code_10
code_11_network_direct
code_11_after_the_wait
adapter_appears_during_the_wait
code_12
code_13
code_13_skipped
code_14
no_driver_no_success
slice_killed_worker_alive
newer_request_takes_over
no_init
newer_agent
bad_handler_environment
bad_settings_file
bad_metadata
bad_kvp_pool
wrong_certificate
no_openssl
unwritable_status_folder
two_enables_at_once
journal_of_a_higher_version
systemd_run_fails
noexec
lock_held
capture_equals_the_machine
capture_refusals
CASES
}

case_success() {
	create "$VM"
	deploy "$VM"
	want_success "$VM"
	[ "$(status_of "$VM" '.substatus | map(select(.status != "success")) | length')" = 0 ] || fail "a substatus is not success"
	[ "$(status_of "$VM" '.substatus | length')" -ge 4 ] || fail "fewer than four substatus"
	sh_in "$VM" "grep -q 'code 0' $STATUS_LOG" || fail "the log does not tell the end"
	in_vm "$VM" test ! -e "$STATE/journal/open"
	in_vm "$VM" test ! -e /etc/systemd/system/ib-vmext-resume.service
	sh_in "$VM" "jq --version >/dev/null 2>&1 || true; grep -q '\"route\": \"inbox\"' $STATE/receipt.json" || fail "no receipt"
	in_vm "$VM" test ! -e "$(handler_dir "$VM")/heartbeat.log"
	[ -z "$(sh_in "$VM" 'ps -eo args | grep "[i]b-vmext"')" ] || fail "something keeps running afterwards"
	# Agent events, as the contract has them; the agent collects them every five minutes.
	sh_in "$VM" "cat /var/log/azure/$TYPE/events/*.json" | jq -s -e 'length > 3 and all(keys ==
		["EventLevel", "EventPid", "EventTid", "Message", "OperationId", "TaskName", "Timestamp", "Version"])' >/dev/null || fail "no events for the agent"
	"$LAB" extension list "$VM" -o table | grep -q '^InfiniBandDriverLinux  Succeeded' || fail "extension list"
}

# A person beside the agent: follows its run, reads the receipt as SPDX, takes it back, and is told how long it takes the next time.
case_followed_receipted_undone() {
	create "$VM"
	put "$VM" "$top/build/ib-vmext" /root/ib-vmext
	deploy "$VM"
	wait_until 60 sh_in "$VM" "/root/ib-vmext status --json | grep -qE '\"state\": \"(waiting|running)\"'"
	in_vm "$VM" /root/ib-vmext status --watch >"$CASE_DIR/watch" || fail "the watch ended with $?: $(cat "$CASE_DIR/watch")"
	grep -q 'step.begin: install .* ([0-9]* %)$' "$CASE_DIR/watch" || fail "the watch does not tell how far it is: $(cat "$CASE_DIR/watch")"
	grep -q '^result    apply, code 0: InfiniBand works' "$CASE_DIR/watch" || fail "the watch does not tell the end: $(cat "$CASE_DIR/watch")"
	want_success "$VM"
	in_vm "$VM" /root/ib-vmext status --json | jq -e '.state == "installed" and .ended.exitCode == 0 and .ended.seq == 0' >/dev/null || fail "status"
	in_vm "$VM" /root/ib-vmext status --spdx >"$CASE_DIR/spdx"
	for name in rdma-core perftest; do
		url=$(jq -r --arg n $name '.packages[] | select(.name == $n) | .downloadLocation' "$CASE_DIR/spdx")
		sum=$(jq -r --arg n $name '.packages[] | select(.name == $n) | .checksums[0] | "\(.algorithm | ascii_downcase)sum \(.checksumValue)"' "$CASE_DIR/spdx")
		[ "$(sh_in "$VM" "curl -sf '$url' | ${sum% *} | cut -d' ' -f1")" = "${sum#* }" ] || fail "$name, $sum, is not what lies at $url"
	done
	jq -r '.files[] | "\(.checksums[] | select(.algorithm == "SHA1").checksumValue)  \(.fileName)"' "$CASE_DIR/spdx" >"$CASE_DIR/sums"
	put "$VM" "$CASE_DIR/sums" /root/sums
	sh_in "$VM" 'cd / && sha1sum -c --quiet /root/sums' || fail "files are not as SPDX says"
	# What a person does meanwhile is told from what the run did; modules stay, where the cell shows any.
	sh_in "$VM" 'echo "# mine" >/etc/modprobe.d/site.conf; echo "# mine" >>/etc/modules-load.d/ib-vmext.conf'
	in_vm "$VM" /root/ib-vmext undo --json >"$CASE_DIR/undo" || fail "undo: $(cat "$CASE_DIR/undo")"
	[ "$(jq -c '[.compared, (.differences[] | select(.why != "next-boot") | .kind, .name, .why)]' "$CASE_DIR/undo")" = \
		'[true,"file","etc/modprobe.d/site.conf","foreign","file","etc/modules-load.d/ib-vmext.conf.ib-vmext-kept","kept-beside"]' ] ||
		fail "undo does not tell what differs: $(jq -c .differences "$CASE_DIR/undo")"
	want_former "$VM"
	in_vm "$VM" /root/ib-vmext apply --yes >/dev/null || fail "apply"
	sh_in "$VM" "grep 'step.begin: install ' $STATUS_LOG | tail -1 | grep -q ' ([0-9]* %, about [0-9]* s left)'" ||
		fail "what the first run took does not tell what the second takes: $(sh_in "$VM" "grep step.begin $STATUS_LOG")"
	note "$(grep -c . "$CASE_DIR/watch") lines followed; $(jq '.packages | length' "$CASE_DIR/spdx") packages, $(jq '.files | length' "$CASE_DIR/spdx") files"
}

case_second_enable_without_change() {
	create "$VM"
	deploy "$VM"
	want_success "$VM"
	before=$(installs "$VM") runs=$(journals "$VM") lines=$(sh_in "$VM" "wc -l <$STATUS_LOG")
	in_vm "$VM" systemctl restart walinuxagent
	wait_until 60 sh_in "$VM" "[ \$(grep -c 'handler enable' /var/log/azure/$TYPE/CommandExecution.log) -ge 2 ]"
	wait_for "$VM" --until success
	[ "$(installs "$VM")" = "$before" ] && [ "$(journals "$VM")" = "$runs" ] || fail "a second enable did something"
	vm reboot "$VM" >/dev/null
	wait_until 60 sh_in "$VM" "[ \$(grep -c 'handler enable' /var/log/azure/$TYPE/CommandExecution.log) -ge 3 ]"
	want_success "$VM"
	[ "$(installs "$VM")" = "$before" ] && [ "$(journals "$VM")" = "$runs" ] || fail "enable after a reboot did something"
	note "log lines: $lines before, $(sh_in "$VM" "wc -l <$STATUS_LOG") after a restart and a reboot"
}

case_new_settings() {
	create "$VM"
	deploy "$VM"
	want_success "$VM"
	before=$(installs "$VM")
	deploy "$VM" --settings '{"timestamp": 2}'
	want_success "$VM"
	[ "$(report "$VM" .seqNo)" = 1 ] || fail "seqNo is not 1"
	[ "$(installs "$VM")" = "$before" ] || fail "new settings changed packages"
}

case_protected_settings() {
	create "$VM"
	deploy "$VM" --protected '{"sasToken": "sv=2024&sig=MARKERinTHEtoken", "proxyPassword": "MARKERinTHEpassword"}'
	want_success "$VM"
	found=$(sh_in "$VM" "grep -rlE 'MARKERinTHE(token|password)' /var/log $STATE /var/lib/waagent /run /tmp 2>/dev/null" || :)
	[ -z "$found" ] || fail "the secret is in $found"
	sh_in "$VM" "grep -q '\"protected\": *\"' $STATE/request.json" || fail "the ciphertext is not kept for the worker"
}

case_update_idle() {
	create "$VM"
	deploy "$VM"
	want_success "$VM"
	before=$(installs "$VM")
	deploy "$VM" --version 1.1.1
	wait_until 60 sh_in "$VM" "test -e /var/lib/waagent/$TYPE-1.1.1/status/0.status"
	wait_until 90 sh -c "[ \"\$('$LAB' extension show '$VM' --json | jq -r .report.handler.handlerVersion)\" = 1.1.1 ]"
	want_success "$VM"
	[ "$(installs "$VM")" = "$before" ] || fail "an update changed packages"
	in_vm "$VM" test ! -e "$STATE/update.json"
	in_vm "$VM" test ! -e "/var/lib/waagent/$TYPE-1.1.0"
}

during_the_packages() { wait_until 90 sh_in "$1" "grep -q 'step.begin: install' $STATUS_LOG"; }
one_transaction() {
	[ "$(sh_in "$1" "grep -c ' install rdma-core' /var/log/dpkg.log")" = 1 ] || fail "rdma-core was installed more than once"
	[ "$(sh_in "$1" "grep -cE ' (remove|purge) ' /var/log/dpkg.log || :")" = 0 ] || fail "something was removed"
}

case_update_in_the_middle_of_the_work() {
	create "$VM"
	deploy "$VM"
	during_the_packages "$VM"
	deploy "$VM" --version 1.1.1
	wait_until 120 sh_in "$VM" "test -e /var/lib/waagent/$TYPE-1.1.1/status/0.status"
	wait_until 90 sh -c "[ \"\$('$LAB' extension show '$VM' --json | jq -r .report.handler.handlerVersion)\" = 1.1.1 ]"
	want_success "$VM"
	one_transaction "$VM"
}

case_downgrade() {
	create "$VM"
	deploy "$VM" --version 1.1.1
	want_success "$VM"
	deploy "$VM" --version 1.1.0
	wait_until 120 sh -c "[ \"\$('$LAB' extension show '$VM' --json | jq -r .report.handler.handlerVersion)\" = 1.1.0 ]"
	want_success "$VM"
	one_transaction "$VM"
	vm delete "$VM" >/dev/null
	create "$VM-2"
	deploy "$VM-2" --version 1.1.1
	during_the_packages "$VM-2"
	deploy "$VM-2" --version 1.1.0
	wait_until 120 sh -c "[ \"\$('$LAB' extension show '$VM-2' --json | jq -r .report.handler.handlerVersion)\" = 1.1.0 ]"
	want_success "$VM-2"
	one_transaction "$VM-2"
}

# failing_update VM VERSION COMMAND: go to a version whose command fails, see it, then to a good one.
failing_update() {
	create "$1"
	deploy "$1"
	want_success "$1"
	deploy "$1" --version "$2"
	wait_until 120 sh_in "$1" "grep -q 'fail-$3' /var/log/azure/$TYPE/CommandExecution.log /var/log/waagent.log"
	wait_until 60 sh -c "'$LAB' extension show '$1' --json | jq -e '.report.handler.status == \"NotReady\"'"
	note "$(handler_message "$1" | head -c 300)"
	want_stack "$1"
	deploy "$1" --version 1.1.1
	wait_until 120 sh -c "'$LAB' extension show '$1' --json | jq -e '.report.handler | .handlerVersion == \"1.1.1\" and .status == \"Ready\"'"
	want_success "$1"
	one_transaction "$1"
}
case_update_with_a_failing_install() { failing_update "$VM" 1.2.11 install; }
case_update_with_a_failing_enable() { failing_update "$VM" 1.2.12 enable; }
case_update_with_a_failing_update() { failing_update "$VM" 1.2.14 update; }

# These two fail in the version that is left, so they are met on the way away from it.
failing_old() {
	create "$1"
	deploy "$1" --version "$2"
	want_success "$1"
	deploy "$1" --version 1.2.11
	wait_until 120 sh_in "$1" "grep -q 'fail-$3' /var/log/azure/$TYPE/CommandExecution.log /var/log/waagent.log"
	want_stack "$1"
	one_transaction "$1"
}
case_update_with_a_failing_disable() { failing_old "$VM" 1.2.13 disable; }
case_update_with_a_failing_uninstall() { failing_old "$VM" 1.2.15 uninstall; }

case_disable_and_enable() {
	create "$VM"
	deploy "$VM"
	want_success "$VM"
	before=$(installs "$VM")
	deploy "$VM" --state disabled
	wait_until 60 sh -c "'$LAB' extension show '$VM' --json | jq -e '.report.handler.status == \"NotReady\"'"
	want_stack "$VM"
	deploy "$VM" --state enabled
	wait_until 60 sh -c "'$LAB' extension show '$VM' --json | jq -e '.report.handler.status == \"Ready\"'"
	want_success "$VM"
	[ "$(installs "$VM")" = "$before" ] || fail "disable and enable changed packages"
}

case_agent_restart_during_the_work() {
	create "$VM"
	deploy "$VM"
	during_the_packages "$VM"
	in_vm "$VM" systemctl restart walinuxagent
	want_success "$VM"
	one_transaction "$VM"
}

case_handler_directory_deleted_under_the_worker() {
	create "$VM"
	deploy "$VM"
	during_the_packages "$VM"
	"$LAB" extension delete "$VM" >/dev/null
	wait_for "$VM" --until gone
	wait_until 120 sh_in "$VM" "test ! -e $STATE/journal/open && test -e $STATE/receipt.json"
	want_stack "$VM"
	in_vm "$VM" /usr/libexec/ib-vmext/1.1.0/ib-vmext verify >/dev/null
}

case_reboot_in_the_middle() {
	create "$VM"
	deploy "$VM"
	during_the_packages "$VM"
	vm reboot "$VM" >/dev/null
	want_success "$VM"
	in_vm "$VM" test ! -e "$STATE/journal/open"
	in_vm "$VM" test ! -e /etc/systemd/system/ib-vmext-resume.service
}

case_uninstall_keeps() {
	create "$VM"
	deploy "$VM"
	want_success "$VM"
	"$LAB" extension delete "$VM" >/dev/null
	wait_for "$VM" --until gone
	want_stack "$VM"
	in_vm "$VM" /usr/libexec/ib-vmext/1.1.0/ib-vmext undo
	want_former "$VM"
}

case_uninstall_undoes() {
	create "$VM"
	deploy "$VM" --settings '{"onRemove": "undo"}'
	want_success "$VM"
	"$LAB" extension delete "$VM" >/dev/null
	wait_for "$VM" --until gone
	want_former "$VM"
	in_vm "$VM" test ! -e /etc/modules-load.d/ib-vmext.conf
	in_vm "$VM" test ! -e "$STATE/receipt.json"
}

# A stack that somebody else has installed stays, and gets what an installed one would; once, and no more than that goes again.
agents_conf() { sh_in "$VM" 'cat /etc/waagent.conf; stat -c "%a %U %G" /etc/waagent.conf'; }
# Is the agent the one that was started at the boot?
agent_pid() { sh_in "$VM" 'systemctl show walinuxagent -p MainPID --value'; }

# `ipoib: agent` is one line of waagent.conf, which the agent reads at its next start and not before; undo has the former file back, to
# the byte, but for what its owner made of other lines.
case_agent_that_assigns() {
	create "$VM"
	agents_conf >"$CASE_DIR/former"
	agent=$(agent_pid)
	deploy "$VM" --settings '{"ipoib": "agent", "onRemove": "undo"}'
	want_success "$VM"
	agents_conf >"$CASE_DIR/told"
	diff "$CASE_DIR/former" "$CASE_DIR/told" | sed -n '/^[<>]/p' >"$CASE_DIR/lines"
	[ "$(grep -c '^>' "$CASE_DIR/lines")" = 1 ] && grep -qx '> OS.EnableRDMA=y' "$CASE_DIR/lines" || fail "not one line: $(cat "$CASE_DIR/lines")"
	[ "$(grep '^<' "$CASE_DIR/lines" | grep -vc 'OS.EnableRDMA')" = 0 ] || fail "another line went: $(cat "$CASE_DIR/lines")"
	[ "$(agent_pid)" = "$agent" ] || fail "the agent was restarted"
	if sh_in "$VM" 'grep -q "RDMA capabilities are enabled" /var/log/waagent.log'; then fail "the agent reads it by itself"; fi
	[ -z "$(sh_in "$VM" 'find /etc -name "*ib-vmext-ipoib*"')" ] || fail "we assign addresses, too"
	runs=$(journals "$VM")
	in_vm "$VM" systemctl restart walinuxagent
	wait_until 120 sh_in "$VM" 'grep -q "RDMA capabilities are enabled in configuration" /var/log/waagent.log'
	wait_until 120 sh_in "$VM" "[ \$(grep -c 'handler enable' /var/log/azure/$TYPE/CommandExecution.log) -ge 2 ]"
	want_success "$VM"
	[ "$(journals "$VM")" = "$runs" ] || fail "the agent's restart led to another run"
	in_vm "$VM" /usr/libexec/ib-vmext/1.1.0/ib-vmext undo || fail "undo"
	agents_conf | diff "$CASE_DIR/former" - || fail "undo has not the former file back"
	deploy "$VM" --settings '{"ipoib": "agent", "onRemove": "undo", "timestamp": 2}'
	want_success "$VM"
	agents_conf | diff "$CASE_DIR/told" - || fail "the second time differs"
	sh_in "$VM" 'sed -i "s/^Logs.Verbose=.*/Logs.Verbose=y/" /etc/waagent.conf; echo "# mine" >>/etc/waagent.conf'
	"$LAB" extension delete "$VM" >/dev/null
	wait_for "$VM" --until gone
	wait_until 120 sh_in "$VM" "test ! -e $STATE/journal/open && ! pgrep -f '[h]andler worker'"
	sed -e 's/^Logs.Verbose=.*/Logs.Verbose=y/' -e '$i # mine' "$CASE_DIR/former" >"$CASE_DIR/owners"
	[ "$(diff "$CASE_DIR/former" "$CASE_DIR/owners" | grep -c '^[<>]')" = 3 ] || fail "the owner changed nothing"
	agents_conf | diff "$CASE_DIR/owners" - || fail "undo took the owner's lines away, or left ours"
}

# Each unit, drop-in, rule and file of configuration that a run leaves, and the unit that is there while it works. Who manages the network
# is enabled and not there: that has the plan write for both.
case_files_that_their_readers_take() {
	create "$VM"
	sh_in "$VM" 'cd /etc/systemd/system/multi-user.target.wants && ln -s /lib/systemd/system/systemd-networkd.service /lib/systemd/system/NetworkManager.service .'
	deploy "$VM" --settings '{"persistentNames": true}'
	during_the_packages "$VM"
	complaints "$VM" /etc/systemd/system/ib-vmext-resume.service >"$CASE_DIR/resume"
	in_vm "$VM" test -e "$STATE/journal/open" || fail "the run was over too soon"
	[ ! -s "$CASE_DIR/resume" ] || fail "ib-vmext-resume.service: $(cat "$CASE_DIR/resume")"
	want_success "$VM"
	want_valid "$VM" 9
	want_judges "$VM"
	# The timer that docs/metrics.md shows.
	put "$VM" "$top/build/ib-vmext" /usr/bin/ib-vmext
	awk '/^## / { on = /By a timer/ } /^    \[Unit\]/ { n++ } on && /^    / { print substr($0, 5) >(dir "/metrics-" n) }' dir="$CASE_DIR" "$top/docs/metrics.md"
	put "$VM" "$CASE_DIR/metrics-1" /etc/systemd/system/ib-vmext-metrics.service 644
	put "$VM" "$CASE_DIR/metrics-2" /etc/systemd/system/ib-vmext-metrics.timer 644
	for timer_part in service timer; do
		timer_said=$(verify_unit "$VM" /etc/systemd/system/ib-vmext-metrics.$timer_part)
		[ -z "$timer_said" ] || fail "$timer_said"
	done
}

case_kept_stack_is_configured() {
	create "$VM"
	deploy "$VM"
	want_success "$VM"
	"$LAB" extension delete "$VM" >/dev/null
	wait_for "$VM" --until gone
	sh_in "$VM" "find /etc -name '*ib-vmext*' ! -path '*modules-load*' -delete; rm -rf $STATE /usr/libexec/ib-vmext; rmdir /etc/systemd/*.conf.d"
	before=$(installs "$VM")
	sh_in "$VM" 'find /etc -type f -exec sha256sum {} + | sort -k2' >"$CASE_DIR/former"
	deploy "$VM"
	want_success "$VM"
	case $(status_of "$VM" .formattedMessage.message) in *'kept as it was'*) ;; *) fail "not kept: $(status_of "$VM" .formattedMessage.message)" ;; esac
	sh_in "$VM" "grep -q limits-manager $STATE/receipt.json" || fail "no entry in the receipt"
	[ "$(in_vm "$VM" systemctl show --property DefaultLimitMEMLOCK)" = DefaultLimitMEMLOCK=infinity ] || fail "systemd has the former limit"
	runs=$(journals "$VM") receipt=$(sh_in "$VM" "grep -c '\"run\"' $STATE/receipt.json")
	deploy "$VM" --settings '{"timestamp": 2}'
	want_success "$VM"
	[ "$(journals "$VM")" = "$runs" ] && [ "$(sh_in "$VM" "grep -c '\"run\"' $STATE/receipt.json")" = "$receipt" ] || fail "a second run did something"
	[ "$(installs "$VM")" = "$before" ] || fail "packages were changed"
	in_vm "$VM" /usr/libexec/ib-vmext/1.1.0/ib-vmext undo || fail "undo"
	want_stack "$VM"
	sh_in "$VM" 'find /etc -type f -exec sha256sum {} + | sort -k2' >"$CASE_DIR/now"
	diff "$CASE_DIR/former" "$CASE_DIR/now" || fail "/etc is not as it was"
	in_vm "$VM" test ! -e "$STATE/receipt.json"
}

case_code_1() {
	create "$VM"
	deploy "$VM" --settings '{"driverVerison": "5.5"}'
	want_code "$VM" 1 driverVersion
	case $(handler_message "$VM") in *"Exit code: 1"* | *"exit code: 1"* | *" 1"*) ;; *) fail "the agent does not tell exit code 1: $(handler_message "$VM")" ;; esac
	want_former "$VM"
	deploy "$VM" --settings '{"timeouts": {"lock": "long"}}'
	want_code "$VM" 1 timeouts.lock
}

case_code_10() {
	create "$VM" --no-vmbus
	deploy "$VM"
	want_code "$VM" 10 VMBus
	want_former "$VM"
}

case_code_11_network_direct() {
	create "$VM" --size Standard_H16r
	deploy "$VM"
	want_code "$VM" 11 "Network Direct"
	in_vm "$VM" test ! -e "$STATE/lock"
}

case_code_11_after_the_wait() {
	create "$VM" --no-adapter
	deploy "$VM" --settings '{"timeouts": {"adapter": 12}}'
	wait_until 60 sh -c "'$LAB' extension show '$VM' --json | jq -e '.report.status.status == \"transitioning\"'"
	want_code "$VM" 11 Standard_HB120rs_v3
	sh_in "$VM" "grep -q 'adapter.wait.*until' $STATUS_LOG" || fail "the wait does not say until when"
	want_former "$VM"
}

case_adapter_appears_during_the_wait() {
	create "$VM" --no-adapter
	deploy "$VM" --settings '{"timeouts": {"adapter": 200}}'
	wait_until 60 sh_in "$VM" "grep -q adapter.wait $STATUS_LOG"
	vm set "$VM" adapter=on >/dev/null
	want_success "$VM"
}

case_code_12() {
	create "$VM"
	deploy "$VM" --settings '{"driver": "mlnx-ofed"}'
	want_code "$VM" 12 inbox
	sh_in "$VM" "sed -i 's/^VERSION_ID=.*/VERSION_ID=\"9\"/' /etc/os-release"
	deploy "$VM" --settings '{"timestamp": 1}'
	want_code "$VM" 12 "debian 9"
	want_former "$VM"
}

case_code_13() {
	create "$VM" --size Standard_D2s_v5 --no-adapter
	deploy "$VM"
	want_code "$VM" 13 Standard_D2s_v5
	want_former "$VM"
}

case_code_13_skipped() {
	create "$VM" --size Standard_D2s_v5 --no-adapter
	deploy "$VM" --settings '{"onUnsupported": "skip"}'
	wait_for "$VM" --until success
	[ "$(status_of "$VM" '.substatus | map(select(.name == "skipped")) | length')" = 1 ] || fail "no substatus skipped"
	want_former "$VM"
}

case_code_14() {
	create "$VM"
	sh_in "$VM" 'mkdir -p /run/ib-lab/refuse && echo "Key was rejected by service" >/run/ib-lab/refuse/mlx5_ib'
	deploy "$VM"
	want_code "$VM" 14 "Key was rejected"
	want_former "$VM"
	in_vm "$VM" test ! -e /etc/modules-load.d/ib-vmext.conf
}

# The negative control: everything as in success, but the driver brings no HCA. Nothing else may make the port appear.
case_no_driver_no_success() {
	create "$VM"
	sh_in "$VM" 'rm -rf /run/ib-lab/hca/*'
	deploy "$VM"
	want_code "$VM" 14 "ports-present"
	want_former "$VM"
}

case_slice_killed_worker_alive() {
	create "$VM"
	deploy "$VM" --version 1.2.12 # its enable fails at once: we call the good one ourselves
	wait_until 60 sh_in "$VM" "grep -q fail-enable /var/log/waagent.log /var/log/azure/$TYPE/CommandExecution.log"
	dir=$(handler_dir "$VM")
	sh_in "$VM" "systemd-run --scope --slice=azure-vmextensions-test.slice -p CPUQuota=20% env -C $dir \
		AZURE_GUEST_AGENT_EXTENSION_PATH=$dir ConfigSequenceNumber=0 bin/ib-vmext-\$(uname -m) handler enable"
	wait_until 60 sh_in "$VM" "grep -q 'step.begin' $STATUS_LOG"
	sh_in "$VM" 'systemctl kill -s KILL azure-vmextensions-test.slice; systemctl stop azure-vmextensions-test.slice'
	wait_until 120 sh_in "$VM" "test -e $STATE/receipt.json && test ! -e $STATE/journal/open"
	want_stack "$VM"
	one_transaction "$VM"
}

case_newer_request_takes_over() {
	create "$VM" --no-adapter
	deploy "$VM" --settings '{"timeouts": {"adapter": 600}}'
	wait_until 60 sh_in "$VM" "grep -q adapter.wait $STATUS_LOG"
	deploy "$VM" --settings '{"timeouts": {"adapter": 5}}'
	want_code "$VM" 11 Standard_HB120rs_v3
	sh_in "$VM" "grep -q 'replaced by request 1' $(handler_dir "$VM")/status/0.status" || fail "the older status was not ended"
}

case_no_init() {
	create "$VM" --no-init
	deploy "$VM"
	want_success "$VM"
}

case_metadata_in_trouble() {
	create "$VM"
	vm set "$VM" imds=429:2 >/dev/null
	deploy "$VM"
	want_success "$VM"
	create "$VM-2"
	vm set "$VM-2" imds=silent >/dev/null
	deploy "$VM-2"
	want_success "$VM-2"
	vm delete "$VM" >/dev/null
	create "$VM" --no-adapter
	vm set "$VM" imds=404 >/dev/null
	deploy "$VM" --settings '{"timeouts": {"adapter": 3}}'
	want_code "$VM" 11 metadata
}

# installed_handler VM: a VM whose extension is in place and has succeeded, for calling its commands by hand.
installed_handler() {
	create "$1"
	deploy "$1"
	want_success "$1"
	in_vm "$1" systemctl stop walinuxagent
}

case_bad_handler_environment() {
	installed_handler "$VM"
	dir=$(handler_dir "$VM")
	for text in '' '{' '[]' '[{"handlerEnvironment": 3}]' '[{"handlerEnvironment": {"logFolder": "/x"}}]'; do
		sh_in "$VM" "printf '%s' '$text' >$dir/HandlerEnvironment.json"
		if out=$(run_handler "$VM" enable 2>&1); then fail "enable accepted '$text'"; fi
		case $out in *HandlerEnvironment.json*) ;; *) fail "the message does not name the file: $out" ;; esac
	done
	want_stack "$VM"
}

case_bad_settings_file() {
	installed_handler "$VM"
	dir=$(handler_dir "$VM")
	for text in '{' '[]' '{"runtimeSettings": []}' '{"runtimeSettings": [{"handlerSettings": {"publicSettings": {"a": 1, "a": 2}}}]}'; do
		sh_in "$VM" "printf '%s' '$text' >$dir/config/7.settings"
		if out=$(run_handler "$VM" enable 7 2>&1); then fail "enable accepted '$text'"; fi
		sh_in "$VM" "grep -q '\"error\"' $dir/status/7.status" || fail "no error status for '$text'"
	done
	sh_in "$VM" "rm $dir/config/7.settings"
	if out=$(run_handler "$VM" enable 7 2>&1); then fail "enable did without its settings file"; fi
	case $out in *7.settings*) ;; *) fail "the message does not name the file: $out" ;; esac
	want_stack "$VM"
}

# A newer agent from its source, as $WALA_SOURCE runs it: the source package that Debian has of 2.12.0.2.
NEWER_AGENT=2.12.0.2
NEWER_AGENT_SHA256=e7a2507c7815d6ad49227c6dd4259949ae01efbfd8ccd7bf8e79bdf051851fb0
newer_agent() {
	newer_dir=${IB_LAB_CACHE:-/var/cache/ib-lab}/waagent-$NEWER_AGENT
	if [ ! -d "$newer_dir" ]; then
		site=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' | grep -v security | head -1)
		curl -fsS --max-time 60 -o "$CASE_DIR/agent.tgz" "$site/pool/main/w/waagent/waagent_$NEWER_AGENT.orig.tar.gz" >&2
		echo "$NEWER_AGENT_SHA256  $CASE_DIR/agent.tgz" | sha256sum -c >&2
		mkdir "$CASE_DIR/agent"
		tar -xzf "$CASE_DIR/agent.tgz" -C "$CASE_DIR/agent" --strip-components=1
		mv "$CASE_DIR/agent" "$newer_dir"
	fi
	echo "$newer_dir"
}

case_newer_agent() {
	WALA_SOURCE=$(newer_agent)
	export WALA_SOURCE
	create "$VM"
	deploy "$VM" --protected '{"sasToken": "sig=abcdefgh"}'
	want_success "$VM"
	sh_in "$VM" "grep -q 'Azure Linux Agent (Goal State Agent version $NEWER_AGENT)' /var/log/waagent.log" || fail "another agent ran"
	deploy "$VM" --version 1.1.1
	wait_until 90 sh -c "[ \"\$('$LAB' extension show '$VM' --json | jq -r .report.handler.handlerVersion)\" = 1.1.1 ]"
	want_success "$VM"
	one_transaction "$VM"
	"$LAB" extension delete "$VM" >/dev/null
	wait_for "$VM" --until gone
	want_stack "$VM"
}

# An answer of 200 that is no metadata: the size is unknown, the adapter is there, so it is served.
case_bad_metadata() {
	create "$VM"
	vm set "$VM" imds=200 >/dev/null
	deploy "$VM"
	want_success "$VM"
}

# What the host wrote there is no whole number of records.
case_bad_kvp_pool() {
	create "$VM"
	sh_in "$VM" 'systemctl stop walinuxagent; for n in 0 1 3; do head -c 3333 /dev/urandom >/var/lib/hyperv/.kvp_pool_$n; done; systemctl start walinuxagent'
	deploy "$VM"
	want_success "$VM"
}

case_wrong_certificate() {
	create "$VM"
	deploy "$VM" --version 1.2.12 --protected '{"sasToken": "sig=abcdefgh"}'
	wait_until 60 sh_in "$VM" "grep -q fail-enable /var/log/waagent.log /var/log/azure/$TYPE/CommandExecution.log"
	in_vm "$VM" systemctl stop walinuxagent
	sh_in "$VM" 'cd /var/lib/waagent && openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=other -keyout /tmp/k -out /tmp/c 2>/dev/null &&
		for f in *.prv; do case $f in Trans*) ;; *) cp /tmp/k $f; cp /tmp/c ${f%.prv}.crt ;; esac; done'
	if out=$(run_handler "$VM" enable 2>&1); then fail "enable went on without its protected settings"; fi
	sh_in "$VM" "grep -q '\"code\": *1[,}]' $(handler_dir "$VM")/status/0.status" || fail "no status with code 1"
	note "$out"
	want_former "$VM"
}

case_no_openssl() {
	create "$VM"
	deploy "$VM" --version 1.2.12 --protected '{"sasToken": "sig=abcdefgh"}'
	wait_until 60 sh_in "$VM" "grep -q fail-enable /var/log/waagent.log /var/log/azure/$TYPE/CommandExecution.log"
	sh_in "$VM" 'systemctl stop walinuxagent; mv /usr/bin/openssl /usr/bin/openssl.away'
	if out=$(run_handler "$VM" enable 2>&1); then fail "enable went on without openssl"; fi
	case $out in *openssl*) ;; *) fail "the message does not name openssl: $out" ;; esac
	# Nothing of ours needs curl in this route.
	sh_in "$VM" 'mv /usr/bin/openssl.away /usr/bin/openssl; mv /usr/bin/curl /usr/bin/curl.away 2>/dev/null; systemctl start walinuxagent'
	deploy "$VM" --version 1.1.1 --settings '{"timestamp": 3}'
	want_success "$VM"
}

case_unwritable_status_folder() {
	installed_handler "$VM"
	dir=$(handler_dir "$VM")
	sh_in "$VM" "rm -rf $dir/status && : >$dir/status && printf '{\"runtimeSettings\":[{\"handlerSettings\":{\"publicSettings\":{\"timestamp\":9}}}]}' >$dir/config/9.settings"
	if out=$(run_handler "$VM" enable 9 2>&1); then fail "enable succeeded without a status"; fi
	case $out in *status*) ;; *) fail "the message does not name the status folder: $out" ;; esac
	want_stack "$VM"
}

case_two_enables_at_once() {
	create "$VM"
	deploy "$VM" --version 1.2.12
	wait_until 60 sh_in "$VM" "grep -q fail-enable /var/log/waagent.log /var/log/azure/$TYPE/CommandExecution.log"
	run_handler "$VM" enable >"$CASE_DIR/1" 2>&1 &
	run_handler "$VM" enable >"$CASE_DIR/2" 2>&1 &
	wait
	cat "$CASE_DIR/1" "$CASE_DIR/2"
	wait_until 120 sh_in "$VM" "test -e $STATE/receipt.json && test ! -e $STATE/journal/open"
	want_stack "$VM"
	one_transaction "$VM"
}

case_journal_of_a_higher_version() {
	create "$VM"
	sh_in "$VM" "mkdir -p $STATE/journal && printf X >$STATE/journal/open && printf '{\"v\":99,\"run\":\"X\",\"data\":{\"version\":\"2.0.0\"}}\n' >$STATE/journal/X.jsonl"
	deploy "$VM"
	want_code "$VM" 14 "2.0.0"
	in_vm "$VM" grep -q '"v":99' "$STATE/journal/X.jsonl"
	want_former "$VM"
}

case_systemd_run_fails() {
	create "$VM"
	sh_in "$VM" 'printf "#!/bin/sh\necho \"Failed to start transient service unit: Connection timed out\" >&2\nexit 1\n" >/usr/local/sbin/systemd-run && chmod +x /usr/local/sbin/systemd-run'
	deploy "$VM"
	want_code "$VM" 14 "systemd"
	want_former "$VM"
}

case_noexec() {
	create "$VM"
	sh_in "$VM" 'mkdir -p /usr/libexec/ib-vmext && mount -t tmpfs -o noexec t /usr/libexec/ib-vmext'
	deploy "$VM"
	want_code "$VM" 14 "noexec"
	want_former "$VM"
}

# A package manager's lock with a living holder: named, with its deadline, and waited for. For ever: the suite faults.
case_lock_held() {
	create "$VM"
	put "$VM" "$FAULTS/hold-lock" /root/hold-lock
	sh_in "$VM" 'systemd-run -q --unit=holder /root/hold-lock /var/lib/dpkg/lock-frontend'
	deploy "$VM" --settings '{"timeouts": {"lock": 200}}'
	wait_until 60 sh_in "$VM" "grep -q 'waiting for hold-lock (pid [0-9]*), which holds /var/lib/dpkg/lock-frontend.*until' $STATUS_LOG"
	sh_in "$VM" 'systemctl stop holder'
	want_success "$VM"
}

case_capture_equals_the_machine() {
	create "$VM"
	deploy "$VM"
	want_success "$VM"
	want_same_world "$VM"
}

# Where a world cannot be made it says where and why, and leaves nothing.
case_capture_refusals() {
	create "$VM"
	put "$VM" "$top/build/ib-vmext" /root/ib-vmext
	sh_in "$VM" 'mkdir -p /root/ro /root/small && mount -t tmpfs -o ro t /root/ro && mount -t tmpfs -o size=64k t /root/small'
	for place in ro small; do
		if out=$(in_vm "$VM" /root/ib-vmext capture /root/$place/world 2>&1); then fail "capture into $place succeeded"; fi
		case $out in *"/root/$place/world"*) ;; *) fail "the message does not name the place: $out" ;; esac
		[ -z "$(in_vm "$VM" ls -A /root/$place)" ] || fail "something was left behind in $place"
		note "$out"
	done
}
