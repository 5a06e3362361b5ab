# tests/scenario/lib.sh - what the cases share. POSIX sh, sourced. $VM is the case's first VM, $CASE_DIR its scratch folder.

LAB=${IB_LAB:-$top/build/ib-lab}
TYPE=Microsoft.HpcCompute.InfiniBandDriverLinux
STATE=/var/lib/ib-vmext
STATUS_LOG=/var/log/azure/ib-vmext-status
FAULTS=$top/build/debug/tests/fault

fail() { echo "FAILED: $*"; exit 1; }
note() { echo "-- $*"; }

# repack VERSION BINARY [SED-EXPRESSION]: a package whose manifest is changed by the expression.
repack() {
	"$top/packaging/make-zip" "$2" "$1" "$dist" >/dev/null || return 1
	[ -z "${3:-}" ] || (
		cd "$(mktemp -d)" && unzip -q "$dist/ib-vmext-$1.zip" && sed -i "$3" HandlerManifest.json &&
			rm "$dist/ib-vmext-$1.zip" && zip -q -r "$dist/ib-vmext-$1.zip" . && rm -rf "$PWD"
	)
}

# The packages that the cases deploy: 1.1.0 and 1.1.1 as they are; 1.2.11 to 1.2.15 with one failing command each.
make_packages() {
	dist=$1
	mkdir -p "$dist"
	meson_newer=$top/build/release-1
	(cd "$top" && . tools/dev-lib.sh && meson_build "$meson_newer" -Doptimization=2 -Ddebug=false -Dstatic_pie=true \
		-Dlab=false -Dtests=disabled -Dpatch=1) || return 1
	newer=$meson_newer/src/cli/ib-vmext
	repack 1.1.0 "$top/build/ib-vmext" || return 1
	repack 1.1.1 "$newer" || return 1
	n=11
	for command in install enable disable update uninstall; do
		repack 1.2.$n "$newer" "s|\"bin/ib-vmext-[^\"]* handler $command\"|\"bin/fail-$command; exit 7\"|" || return 1
		n=$((n + 1))
	done
}

vm() { "$LAB" vm "$@"; }
in_vm() {
	in_vm_name=$1
	shift
	"$LAB" vm shell "$in_vm_name" -- "$@"
}
sh_in() { "$LAB" vm shell "$1" -- sh -c "$2"; }
create() {
	create_name=$1
	shift
	vm create "$create_name" "$@" >/dev/null
}
clean_case() {
	for clean_name in "$VM" "$VM-2"; do vm delete "$clean_name" >/dev/null 2>&1 || :; done
}

# deploy VM [options of extension set]: version 1.1.0 and empty settings unless said otherwise.
deploy() {
	deploy_vm=$1
	shift
	case " $* " in *" --version "*) ;; *) set -- "$@" --version 1.1.0 ;; esac
	case " $* " in *" --settings "* | *" --no-settings "*) ;; *) set -- "$@" --settings '{}' ;; esac
	set -- "$@" --no-auto-upgrade
	"$LAB" extension set "$deploy_vm" "$@" >/dev/null
}
wait_for() {
	wait_vm=$1
	shift
	"$LAB" extension wait "$wait_vm" --timeout "${TIMEOUT:-240}" "$@" || {
		sh_in "$wait_vm" "tail -30 $STATUS_LOG; tail -15 /var/log/waagent.log" || :
		fail "extension wait $wait_vm $*"
	}
}
# wait_until SECONDS COMMAND...: until the command succeeds. It polls, ever more seldom, since each look takes time from the machine
# that it looks at; a state of the machine ends it, not the time.
wait_until() {
	until_s=$1 until_pause=2
	shift
	until_end=$(($(date +%s) + until_s))
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt "$until_end" ] || fail "not within $until_s s: $*"
		sleep "$((until_pause / 10)).$((until_pause % 10))"
		until_pause=$((until_pause < 10 ? until_pause + 1 : 10))
	done
}

# report VM JQ-PATH: from what the agent uploaded, and nothing else.
report() { "$LAB" extension show "$1" --json | jq -r "$2"; }
status_of() { report "$1" ".report.status$2"; }

# want_success VM: the agent reported success with code 0, ports are ACTIVE, packages are whole.
want_success() {
	wait_for "$1" --until success
	[ "$(status_of "$1" .code)" = 0 ] || fail "code $(status_of "$1" .code)"
	want_stack "$1"
}
want_port() {
	sh_in "$1" 'for port in /sys/class/infiniband/*/ports/1; do ! grep -q InfiniBand $port/link_layer || exec grep -q ACTIVE $port/state; done; exit 1' ||
		fail "no InfiniBand port is ACTIVE"
}
want_stack() {
	want_port "$1"
	in_vm "$1" dpkg -V rdma-core ibverbs-providers infiniband-diags perftest || fail "dpkg -V"
	[ "$(in_vm "$1" dpkg-query -W -f '${db:Status-Abbrev}' rdma-core perftest)" = "ii ii " ] || fail "packages are not whole"
}
want_former() {
	if in_vm "$1" dpkg-query -W rdma-core >/dev/null 2>&1; then fail "rdma-core is still there"; fi
	[ -z "$(in_vm "$1" dpkg --audit)" ] || fail "dpkg --audit speaks"
}

# want_nothing_of_ours VM: none of the files that success writes, nor the directories that it made for them.
want_nothing_of_ours() {
	ours=$(sh_in "$1" "find /etc -name '*ib-vmext*'; ls -d /etc/systemd/system.conf.d /etc/systemd/user.conf.d 2>/dev/null || :")
	[ -z "$ours" ] || fail "files of ours stayed: $ours"
}

# want_code VM CODE FAULT: error with that code; the message names cause and next step, the log has it, it fits the portal.
want_code() {
	wait_for "$1" --until error
	[ "$(status_of "$1" .code)" = "$2" ] || fail "code $(status_of "$1" .code), wanted $2"
	want_message=$(status_of "$1" .formattedMessage.message)
	[ "$(printf %s "$want_message" | wc -c)" -lt 1024 ] || fail "the message has 1,024 characters or more"
	case $want_message in *"$3"*) ;; *) fail "the message does not name $3: $want_message" ;; esac
	sh_in "$1" "grep -q 'code $2' $STATUS_LOG" || fail "$STATUS_LOG does not tell code $2"
	note "code $2: $want_message"
}
# The agent's own word on a command: "Plugin enabled", or the failure with its exit code.
handler_message() { report "$1" .report.handler.formattedMessage.message; }

# metadata VM: what the instance metadata service answers there, asked without a program of ours.
metadata() {
	in_vm "$1" bash -c 'exec 3<>/dev/tcp/169.254.169.254/80 && printf "GET /metadata/instance?api-version=2021-02-01 HTTP/1.0\r\nHost: 169.254.169.254\r\nMetadata: true\r\nConnection: close\r\n\r\n" >&3 && cat <&3' |
		tr -d '\r' | sed '1,/^$/d'
}
# identity VM: what only this VM has, a line each. Addresses of the RDMA network keep their prefix, and are not among it.
identity() {
	in_vm "$1" hostname
	metadata "$1" | jq -r '.compute | .vmId, .subscriptionId, .name, .resourceGroupName'
	sh_in "$1" 'cat /sys/class/net/*/address /sys/class/infiniband/*/node_guid 2>/dev/null; hostname -I | tr " " "\n" | grep -v "^172[.]16[.]"' || :
}
# want_same_world VM: what `capture` makes there is the machine itself, key by key, but for what it hides; and it hides.
want_same_world() {
	put "$1" "$top/build/ib-vmext" /root/ib-vmext
	sh_in "$1" '/root/ib-vmext facts --json' >"$CASE_DIR/live.json" || fail "facts"
	in_vm "$1" /root/ib-vmext capture /root/world || fail "capture"
	sh_in "$1" '/root/ib-vmext --world /root/world facts --json' >"$CASE_DIR/world.json" || fail "facts of the captured world"
	for same_which in live world; do
		# The room that is free changes under every log line.
		jq -S 'del(.ports[]?.guid, .ports[]?.ipv4, .ports[]?.assignedIpv4, .kvp?.assigned?, .vm.placementGroup, .rootSpace.freeBytes, .spaces[]?.freeBytes)' \
			"$CASE_DIR/$same_which.json" >"$CASE_DIR/$same_which" || fail "$same_which: not JSON"
	done
	diff -u "$CASE_DIR/live" "$CASE_DIR/world" || fail "the captured world is another machine"
	[ "$(jq '.ports | length' "$CASE_DIR/world.json")" -ge 1 ] || fail "a machine without ports proves little"
	[ "$(jq -c '[.ports[].guid] | map(. == null or . == "") | unique' "$CASE_DIR/world.json")" = '[false]' ] || fail "a port lost its GUID"
	identity "$1" | grep -E '......' | grep -vE '^(null|[0:-]+)$' | sort -u >"$CASE_DIR/identity"
	[ "$(wc -l <"$CASE_DIR/identity")" -ge 3 ] || fail "the VM's identity is not known: $(cat "$CASE_DIR/identity")"
	put "$1" "$CASE_DIR/identity" /root/identity
	found=$(sh_in "$1" 'cd /root/world && { grep -rliF -f /root/identity . ; find . | grep -iF -f /root/identity; } || :')
	[ -z "$found" ] || fail "it tells whose it is: $found"
	# Not over something that is there, and nothing half-written beside it.
	if in_vm "$1" /root/ib-vmext capture /root/world; then fail "a second capture went over the first"; fi
	[ -z "$(sh_in "$1" 'ls -A /root | grep "^[.]world"')" ] || fail "something was left behind"
	note "$(sh_in "$1" 'find /root/world -type f | wc -l; du -sk /root/world | cut -f1' | tr '\n' ' ')files, KiB; hidden: $(tr '\n' ' ' <"$CASE_DIR/identity")"
}

installs() { sh_in "$1" "grep -cE ' (install|upgrade|remove|purge) ' /var/log/dpkg.log || :"; }
journals() { sh_in "$1" "ls $STATE/journal 2>/dev/null | grep -c jsonl || :"; }
put() { sh_in "$1" "cat >'$3' && chmod ${4:-755} '$3'" <"$2"; }
handler_dir() { sh_in "$1" "ls -d /var/lib/waagent/$TYPE-*/ | sort -V | tail -1 | sed 's,/$,,'"; }

# run_handler VM VERB [SEQ]: call a command as the agent would; prints its output, returns its exit status.
run_handler() {
	run_dir=$(handler_dir "$1")
	sh_in "$1" "cd $run_dir && AZURE_GUEST_AGENT_EXTENSION_PATH=$run_dir ConfigSequenceNumber=${3:-0} bin/ib-vmext-\$(uname -m) handler $2"
}
worker_pid() { sh_in "$1" "cat $STATE/lock 2>/dev/null | tr -d '\n'; echo"; }
