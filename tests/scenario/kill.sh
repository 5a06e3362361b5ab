# Kill tests: SIGKILL after each durable write in turn (odd runs), and at random instants to the verb, the worker, the agent, the
# package manager, a scriptlet or everything, held and then killed, a disk that is full or fails from some write on, a network that
# is cut off (even runs); then the next verb, goal state or boot. What must hold: the machine is
# then exactly in the new state or exactly in the former one, as the oracle tells, and the product says which truthfully. $SEED
# and $N tell the draws. The route is the inbox one, on three images; with 200 runs and more one in 25 is a vendor's (vendor_kind).

. "$here/oracle.sh"

SEED=${SEED:-1}

cases() {
	i=1
	while [ $i -le "$N" ]; do echo "run_$i"; i=$((i + 1)); done
}
i=1
while [ $i -le "${N:-0}" ]; do eval "case_run_$i() { one_run $i; }"; i=$((i + 1)); done

# Kinds are images with the inbox route, and vendors' routes. $KINDS: these alone, in turn.
image_of() {
	case $1 in
	doca) echo ubuntu22.04 ;;
	mlnx) echo el8 ;;
	*) echo "$1" ;;
	esac
}
settings_of() {
	case $1 in
	doca) with '{"driver": "doca-ofed", "driverVersion": "3.2.1"}' ;;
	mlnx) with '{"driver": "mlnx-ofed", "driverVersion": "24.10-0.7.0.0"}' ;;
	*) echo '{"driver": "inbox"}' ;;
	esac
}
# apt; in every fifth run dnf or zypper.
kind_of() {
	if [ -n "${KINDS:-}" ]; then
		# shellcheck disable=SC2086
		set -- "$1" $KINDS
		eval "echo \${$(($1 % ($# - 1) + 2))}"
	elif [ "$N" -ge 200 ] && [ $(($1 % 25)) -eq 12 ]; then
		if [ $(($1 / 25 % 2)) -eq 0 ]; then echo doca; else echo mlnx; fi
	elif [ "$N" -lt 10 ] || [ $(($1 / 2 % 5)) -ne 4 ]; then echo debian12
	elif [ $(($1 / 10 % 2)) -eq 0 ]; then echo el9
	else echo sles15
	fi
}

prepare() {
	draws_differ || return 1
	WORK=$work i=1
	while [ $i -le "$N" ]; do kind_of $i; i=$((i + 1)); done | sort -u >"$work/kinds"
	if grep -qx -e doca -e mlnx "$work/kinds"; then "$LAB" mirror vendors >"$work/vendors.json" || return 1; fi
	for kind in $(cat "$work/kinds"); do
		make_controls "$kind" "$(image_of "$kind")" || return 1
		measure "$kind" || return 1
	done
}

# The length of a run, and the number of its durable writes, from a run of its own. What that leaves of a vendor's route is the control
# of success: routes.sh tells whether it is right.
measure() {
	measure_vm=measure
	if vendor_kind "$1"; then measure_vm=control-$1-success; fi
	create $measure_vm --no-agent --image "$(image_of "$1")"
	arm $measure_vm "$1"
	begin=$(date +%s%N)
	sh_in $measure_vm "KILL_AT_COUNT=/root/writes /root/kill-at 100000 /root/ib-vmext apply --yes --settings /root/settings" || return 1
	echo $((($(date +%s%N) - begin) / 1000000)) >"$work/run-ms-$1"
	in_vm $measure_vm cat /root/writes >"$work/writes-$1"
	echo "$1: a run takes $(cat "$work/run-ms-$1") ms and makes $(cat "$work/writes-$1") durable writes; seed $SEED"
	# The run of a vendor's route goes on after its restart.
	if vendor_kind "$1"; then
		wait_until 300 sh_in $measure_vm "test ! -e $STATE/journal/open && ! pgrep -x ib-vmext && systemctl is-system-running | grep -qE 'running|degraded'"
		told_of_control "$1" success
	else
		vm delete measure >/dev/null
	fi
}

arm() {
	put "$1" "$top/build/ib-vmext" /root/ib-vmext
	put "$1" "$FAULTS/kill-at" /root/kill-at
	put "$1" "$here/manifest.py" /root/manifest.py
	settings_of "$2" >"$WORK/settings-$1"
	put "$1" "$WORK/settings-$1" /root/settings 644
	apt_started "$1"
}

one_of() {
	one_at=$(($(draw "$1" "$2" $(($# - 2))) + 3))
	eval "echo \${$one_at}"
}

# The way of killing; $at is the instant in ms or the number of the write.
kill_after_a_write() {
	sh_in "$VM" "/root/kill-at $at /root/ib-vmext apply --yes --settings /root/settings" || :
}
in_background() {
	sh_in "$VM" '/root/ib-vmext apply --yes --settings /root/settings >/root/out 2>&1; echo $? >/root/code' &
	background=$!
}
# Held after some write while what it started goes on, and killed then.
stop_and_kill() {
	sh_in "$VM" "KILL_AT_HOW=stop /root/kill-at $at /root/ib-vmext apply --yes --settings /root/settings" || :
}
# After some write there is no room on the disk, or it fails, until that program ends. Its output goes to a pipe, which has room.
with_a_bad_disk() {
	sh_in "$VM" "{ KILL_AT_HOW=$1 /root/kill-at $at /root/ib-vmext apply --yes --settings /root/settings; echo \$? >/root/code; } 2>&1 | cat >/root/out"
	[ "$(in_vm "$VM" cat /root/code)" -ne 0 ] || fail "the disk is bad ($1), and yet exit code 0: $(in_vm "$VM" cat /root/out)"
	# Where the module is refused too, the way back may end before that write, or have only tidying left.
	matter=$2
	[ "$refuse" -ne 0 ] || matter="$matter|Key was rejected"
	sh_in "$VM" "grep -qiE '$matter' /root/out" || fail "what is the matter with the disk is not named: $(in_vm "$VM" cat /root/out)"
}
fill_the_disk() { with_a_bad_disk full 'no space left|disk is full'; }
fail_the_disk() { with_a_bad_disk io 'input/output error'; }
# A vendor's run may have come to its restart, in which nothing can be asked.
when_up() { wait_until 120 sh_in "$VM" "$1"; }
# The package source, and nothing else, is out of reach for a while. A restart takes the route away.
cut_the_network() {
	in_background
	pause "$at"
	when_up 'ip route replace unreachable 10.7.0.1/32'
	wait $background || :
	when_up 'ip route flush type unreachable exact 10.7.0.1/32'
}
kill_the_verb() {
	in_background
	pause "$at"
	sh_in "$VM" 'pkill -KILL -x ib-vmext' || :
	wait $background || :
}
kill_the_package_manager() {
	in_background
	pause "$at"
	sh_in "$VM" 'for n in apt-get dpkg dnf zypper rpm; do pkill -KILL -x $n; done; pkill -KILL -f "^/bin/sh (/var/lib/dpkg/(info|tmp.ci)|/var/tmp/rpm-tmp)"' || :
	wait $background || :
}
kill_a_scriptlet() {
	in_background
	pause $((at / 2))
	# As soon as one is there, while this run still goes on.
	sh_in "$VM" 'for n in $(seq 400); do pkill -KILL -f "/var/lib/dpkg/(info|tmp.ci)/|/var/tmp/rpm-tmp" && break; [ -e /root/code ] && break; sleep 0.02; done' || :
	wait $background || :
}
kill_everything() {
	in_background
	pause "$at"
	vm kill "$VM" >/dev/null
	wait $background || :
	vm start "$VM" >/dev/null
}
# These two, and what they did, begin with a goal state.
deployed_at_work() {
	deploy "$VM" --settings "$(settings_of "$kind")"
	wait_until 60 sh_in "$VM" "pgrep -f '[h]andler worker'"
	pause "$at"
}
kill_the_worker() {
	deployed_at_work
	sh_in "$VM" "pkill -KILL -f '[h]andler worker'" || :
}
kill_the_agent() {
	deployed_at_work
	sh_in "$VM" "pkill -KILL -f '[w]aagent'" || :
	when_up 'systemctl start walinuxagent' # Debian's unit does not restart it; systemd, executed anew meanwhile, loses what it was asked
}

next_verb() {
	sh_in "$VM" '/root/ib-vmext apply --yes --settings /root/settings >/root/next 2>&1; echo $? >/root/next-code'
	# The worker or the resume unit may be at it: the verb says so, and is called again when that has ended.
	if sh_in "$VM" 'grep -q "(run-held)" /root/next'; then
		at_rest
		sh_in "$VM" '/root/ib-vmext apply --yes --settings /root/settings >/root/next 2>&1; echo $? >/root/next-code'
	fi
	# A vendor's goes on after its restart.
	! vendor_kind "$kind" || at_rest
}
enables() { sh_in "$VM" "grep -c 'handler enable' /var/log/azure/$TYPE/CommandExecution.log || :" | tr -d '\r'; }
enabled_since() { [ "$(enables)" -gt "$1" ]; }
next_boot() {
	enabled=$(enables 2>/dev/null)
	[ "$way" = kill_everything ] || vm reboot "$VM" >/dev/null
	wait_until 60 sh_in "$VM" 'systemctl is-system-running | grep -qE "running|degraded"'
	# What runs is at its end where it has taken its unit away.
	if sh_in "$VM" "! pgrep -x ib-vmext && test -e $STATE/journal/open && test ! -e /etc/systemd/system/multi-user.target.wants/ib-vmext-resume.service"; then
		# Before the first change was prepared, or at its very end: nothing goes on by itself, and the next verb finds it. Of the
		# unit the file may be there, but not what enables it.
		sh_in "$VM" "grep -qE '\"to\": ?\"(done|undone)\"' $STATE/journal/\$(cat $STATE/journal/open).jsonl" || told "$VM" | grep -v '^ib-vmext-resume.service  *disabled' | diff "$WORK/told-control-$kind-untouched" -
		next=next_verb
		next_verb
	fi
	# The agent of a VM that has one asks for the driver again.
	case $way in kill_the_worker | kill_the_agent) wait_until 120 enabled_since "$enabled" ;; esac
	at_rest
}
next_goal_state() {
	deploy "$VM" --settings "$(settings_of "$kind" | jq -c '. + {timestamp: 7}')"
	"$LAB" extension wait "$VM" --timeout 600 --until final >/dev/null || [ "$(status_of "$VM" .status)" = error ] || fail "no final status"
	at_rest
}
at_rest() {
	wait_until 400 sh_in "$VM" "test ! -e $STATE/journal/open && ! pgrep -x ib-vmext"
}

# As the plain package manager leaves a root after install and removal (groups stay), or as it was before anything.
equals_former() { (equals "$1" "control-$kind-former") >"$CASE_DIR/former" 2>&1 || equals "$1" "control-$kind-untouched" || { cat "$CASE_DIR/former"; return 1; }; }

settled() {
	if vendor_kind "$kind"; then
		if sh_in "$VM" 'command -v ofed_info' >/dev/null; then echo success; else echo former; fi
	elif sh_in "$VM" 'if [ -e /usr/bin/rpm ]; then rpm -q rdma-core; else [ "$(dpkg-query -W -f "\${db:Status-Abbrev}" rdma-core)" = "ii " ]; fi' >/dev/null 2>&1; then
		echo success
	else
		echo former
	fi
}

# ended JQ-PATH: of how the last run ended.
ended() { sh_in "$VM" '/root/ib-vmext status --json || :' | jq -c ".ended | $1"; }

one_run() {
	kind=$(kind_of "$1") image=$(image_of "$kind")
	writes=$(cat "$WORK/writes-$kind")
	refuse=$(draw "$1" 3 4)
	next=$(one_of "$1" 2 next_verb next_boot next_goal_state)
	if [ $(($1 % 2)) -eq 1 ]; then
		way=kill_after_a_write
		at=$(((SEED + $1 / 2 - $1 / 10) % writes + 1))
		[ "$kind" = debian12 ] || at=$(($(draw "$1" 4 "$writes") + 1))
	else
		way=$(one_of "$1" 1 kill_the_verb kill_the_worker kill_the_agent kill_the_package_manager kill_a_scriptlet kill_everything \
			stop_and_kill fill_the_disk fail_the_disk cut_the_network)
		case $way in
		# The last writes tidy up after success: what fails there is told in the log alone.
		stop_and_kill | *_the_disk) at=$(($(draw "$1" 4 $((writes - 10))) + 1)) ;;
		*) at=$(draw "$1" 4 "$(cat "$WORK/run-ms-$kind")") ;;
		esac
	fi
	echo "run $1 of seed $SEED, $kind: $way at $at, then $next$([ "$refuse" -ne 0 ] || echo ', and the module is refused')"
	case $next$way in
	*next_goal_state* | *kill_the_worker | *kill_the_agent) create "$VM" --image "$image" ;;
	*) create "$VM" --no-agent --image "$image" ;;
	esac
	arm "$VM" "$kind"
	[ "$refuse" -ne 0 ] || sh_in "$VM" 'mkdir -p /run/ib-lab/refuse && echo "Key was rejected by service" >/run/ib-lab/refuse/mlx5_ib'
	$way
	when_up true
	$next
	end=$(settled)
	# Where the restart was ordered and not made, the next verb leaves it to a person, and nobody knows yet what the module does.
	if [ "$end" = success ] && vendor_kind "$kind" && [ "$(ended .rebootPending)" = true ]; then end=pending; fi
	[ "$refuse" -ne 0 ] || [ "$end" != success ] || fail "the driver cannot work, and yet the new state was kept"
	if [ "$next" = next_verb ]; then
		code=$(in_vm "$VM" cat /root/next-code)
		# What the module does shows a vendor's run after its restart; then status tells the end.
		if [ "$refuse$code" = 00 ] && vendor_kind "$kind"; then code=$(ended .exitCode); fi
		[ "$refuse" -eq 0 ] || [ "$code" = 0 ] || [ "$end" = pending ] || fail "the next verb ended with $code: $(in_vm "$VM" cat /root/next)"
		[ "$end" != former ] || [ "$code" = 14 ] || fail "former state, but the verb ended with $code"
	fi
	if [ "$end" = former ]; then
		want_nothing_of_ours "$VM"
	else
		in_vm "$VM" test -e "$STATE/receipt.json" || fail "new state without a receipt"
		if [ "$kind" = debian12 ]; then want_stack "$VM"; elif [ "$end" = success ]; then want_port "$VM"; fi
	fi
	in_vm "$VM" test ! -e /etc/systemd/system/ib-vmext-resume.service || fail "the resume unit stayed: $(sh_in "$VM" "ls -la $STATE $STATE/journal; cat /root/next; tail -15 $STATUS_LOG; ps ax | grep ib-vmext")"
	case $end in
	success) equals "$VM" "control-$kind-success" ;;
	pending) told "$VM" | diff "$WORK/told-control-$kind-success" - ;;
	former) equals_former "$VM" ;;
	esac
	echo "ended in: $end"
}
