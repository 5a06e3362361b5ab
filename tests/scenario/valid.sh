# tests/scenario/valid.sh - that each file of ours is one that its reader takes, asked of the reader itself. POSIX sh, sourced.
#
# systemd 252 has no `udevadm verify` (254 brings it): there the rules are read by `udevadm test`, which tells the same errors of form.
# Units that systemd-run makes (worker, dead man's switch) are no files: they are proven by their being started.

# files_of_ours VM: what the receipt lists and what bears our name; a program and its state are no configuration.
files_of_ours() {
	{
		sh_in "$1" "cat $STATE/receipt.json" | jq -r '.installed[].put.files[].path' | sed 's,^/*,/,'
		sh_in "$1" "find /etc /usr/lib/systemd /usr/lib/udev -name '*ib-vmext*' -type f"
	} | grep -vE "^($STATE|/usr/libexec)/" | sort -u
}

verify_unit() { sh_in "$1" "systemd-analyze --man=no verify '$2' 2>&1 || :"; }
# By a user's manager, as nobody: it refuses to test itself as root, and the system's is mute in a cell. system.conf has the same reader.
verify_manager() {
	sh_in "$1" "cp '$2' /etc/systemd/user.conf.d/zz-tested.conf; mkdir -p /tmp/nobody
		setpriv --reuid=65534 --regid=65534 --clear-groups env -i SYSTEMD_LOG_TARGET=console XDG_RUNTIME_DIR=/tmp/nobody \
			/lib/systemd/systemd --test --user 2>&1 | grep -F zz-tested.conf: || :
		rm /etc/systemd/user.conf.d/zz-tested.conf"
}
verify_rules() {
	sh_in "$1" "if udevadm verify --help >/dev/null 2>&1; then udevadm verify '$2' 2>&1 | grep -v 'success\|fail\|^\$'
		else udevadm test --action=add /sys/class/net/lo 2>&1 | grep -F '$2:'; fi || :"
}
# networkd in a network of its own, until it has read everything.
verify_networkd() {
	sh_in "$1" ": >/tmp/networkd # what an earlier one said
		SYSTEMD_LOG_TARGET=console unshare --net --mount /lib/systemd/systemd-networkd >/tmp/networkd 2>&1 & pid=\$!
		until grep -q 'Enumeration completed' /tmp/networkd || ! kill -0 \$pid; do sleep 0.1; done
		kill \$pid; wait \$pid; grep -F '$2:' /tmp/networkd || :"
}

# complaints VM PATH: what the reader of that file has against it.
complaints() {
	case $2 in
	/etc/systemd/system/*.d/*) verify_unit "$1" "$(basename "${2%.d/*}")" | grep -E "ib-vmext|$(basename "${2%.d/*}")" || : ;;
	/etc/systemd/system/*) verify_unit "$1" "$2" ;;
	/etc/systemd/system.conf.d/* | /etc/systemd/user.conf.d/*) verify_manager "$1" "$2" ;;
	/etc/systemd/network/*) verify_networkd "$1" "$2" ;;
	/etc/udev/rules.d/*) verify_rules "$1" "$2" ;;
	/etc/NetworkManager/conf.d/*) sh_in "$1" "if command -v NetworkManager >/dev/null; then NetworkManager --print-config 2>&1 >/dev/null; else grep -vE '^(#|\[keyfile\]$|unmanaged-devices=)' '$2' || :; fi" ;;
	/etc/modules-load.d/*) sh_in "$1" "grep -v '^#' '$2' | xargs modinfo -k \"\$(ls /lib/modules | head -1)\" 2>&1 >/dev/null || :" ;;
	# The installer of MLNX_OFED writes its lines into limits.conf itself.
	/etc/security/limits.conf | /etc/security/limits.d/*) sh_in "$1" "grep -vE '^(#.*|[*][[:space:]]+(soft|hard)[[:space:]]+(memlock|stack|nofile)[[:space:]]+(unlimited|[0-9]+)|)$' '$2' || :" ;;
	/etc/yum.repos.d/*) sh_in "$1" "\$(command -v /usr/bin/dnf || command -v /usr/bin/yum) -q repolist 2>&1 >/dev/null || :" ;;
	/etc/apt/preferences.d/*) sh_in "$1" 'apt-cache policy 2>&1 >/dev/null || :' ;;
	*) echo "nobody is asked about $2" ;;
	esac
}

# want_valid VM [LEAST]: nobody complains about any of them; there are so many at least.
want_valid() {
	files_of_ours "$1" >"$CASE_DIR/ours"
	[ "$(wc -l <"$CASE_DIR/ours")" -ge "${2:-1}" ] || fail "few files of ours: $(cat "$CASE_DIR/ours")"
	while read -r valid_path; do
		complaints "$1" "$valid_path" </dev/null >"$CASE_DIR/complaints"
		[ ! -s "$CASE_DIR/complaints" ] || fail "$valid_path: $(cat "$CASE_DIR/complaints")"
	done <"$CASE_DIR/ours"
	note "valid: $(tr '\n' ' ' <"$CASE_DIR/ours")"
}

# want_judges VM: each of them complains about the same file with a line that is none.
want_judges() {
	while read -r judged_path; do
		sh_in "$1" "cp -p '$judged_path' /root/good && echo broken-by-the-test >>'$judged_path'" </dev/null
		complaints "$1" "$judged_path" </dev/null >"$CASE_DIR/complaints"
		[ -s "$CASE_DIR/complaints" ] || fail "nobody complains about a broken $judged_path"
		note "$(head -1 "$CASE_DIR/complaints")"
		sh_in "$1" "cp -p /root/good '$judged_path'" </dev/null
	done <"$CASE_DIR/ours"
}
