# Secrets: markers in every protected setting and in addresses with credentials, a run by the real agent through a proxy that asks for
# them, and the markers are nowhere that somebody else could read: no command line, no environment of any process of the VM (each
# execve and each exit is stopped from outside: tests/fault/watch_exec.c), no log, status, event, journal or receipt, and no file that
# is left. The lab's proxy is one for all cases.

PROXY_USER=MARKERproxyUSER
PROXY_PASSWORD=MARKERproxyPASSWORD
SAS_TOKEN='sv=2024-01-01&sig=MARKERsasSIGNATURE'
PROTECTED="{\"proxyUser\": \"$PROXY_USER\", \"proxyPassword\": \"$PROXY_PASSWORD\", \"sasToken\": \"$SAS_TOKEN\"}"
# In public settings, where they should not be. The agent keeps those in the clear, and so does the request that the worker needs.
URLS='"mirror": "http://MARKERurlUSER:MARKERurlPASSWORD@10.7.0.1:8000/files", "catalogueUri": "https://10.7.0.1:8000/files/c.json?sv=1&sig=MARKERurlSIGNATURE"'
KEEPS_URLS='/var/lib/waagent/.*(\.settings|ExtensionsConfig.*\.xml|VmSettings.*\.json|waagent_status.*\.json|history/.*)$|/var/lib/ib-vmext/request\.json$'

cases() { echo the_search_finds a_run_that_succeeds a_run_that_fails verbs_at_the_shell; }

prepare() { "$LAB" mirror proxy --user "$PROXY_USER" --password "$PROXY_PASSWORD"; }

# markers: one a line, in each form in which a program may write it.
markers() {
	[ -n "${user_is_public:-}" ] || printf '%s\n' "$PROXY_USER"
	printf '%s\n' "$PROXY_PASSWORD" MARKERsasSIGNATURE
	printf '%s:%s' "$PROXY_USER" "$PROXY_PASSWORD" | base64 -w0
	echo
}
url_markers() { printf '%s\n' MARKERurlPASSWORD MARKERurlSIGNATURE; }

# watch VM: follow all of its processes from now on.
watch() {
	space=$(in_vm "$1" readlink /proc/self/ns/pid)
	mkfifo "$CASE_DIR/watching"
	"$FAULTS/watch-exec" "$space" "$CASE_DIR/processes" >"$CASE_DIR/watching" &
	watcher=$!
	read -r said <"$CASE_DIR/watching" || said=''
	[ "$said" = watching ] || fail "the processes cannot be followed"
}
unwatch() {
	kill -TERM "$watcher"
	wait "$watcher" || fail "the watcher died"
	execs=$(tail -1 "$CASE_DIR/processes" | tr -d =)
	[ "$execs" -ge "$1" ] || fail "only $execs programs were seen: something was not followed"
	note "$execs programs seen"
}

# found VM: where a marker is, a line each.
found() {
	markers >"$CASE_DIR/markers"
	url_markers >"$CASE_DIR/url_markers"
	cat "$CASE_DIR/markers" "$CASE_DIR/url_markers" >"$CASE_DIR/all"
	tr '\0' '\n' <"$CASE_DIR/processes" | grep -aF -f "$CASE_DIR/all" | sort -u | sed 's/^/process: /'
	put "$1" "$CASE_DIR/markers" /run/markers 600
	put "$1" "$CASE_DIR/all" /run/all 600
	found_in='/var/lib /var/log /var/cache /etc /tmp /var/tmp /usr/libexec /root /home /opt'
	sh_in "$1" "grep -raslF -f /run/markers $found_in; grep -raslF -f /run/all $found_in | grep -vE '$KEEPS_URLS';
		find /run -xdev -type f ! -name markers ! -name all -exec grep -aslF -f /run/all {} +
		journalctl --no-pager -a 2>/dev/null | grep -aF -f /run/all; dmesg 2>/dev/null | grep -aF -f /run/all
		rm /run/markers /run/all" | sort -u | sed 's/^/file: /'
	"$LAB" extension show "$1" --json 2>/dev/null | jq -r .report | grep -F -f "$CASE_DIR/all" | sed 's/^/report: /'
}
want_nothing_found() {
	found "$1" >"$CASE_DIR/found" || :
	[ ! -s "$CASE_DIR/found" ] || fail "secrets are in: $(head -c 3000 "$CASE_DIR/found")"
}

# The control: what leaks is found, wherever it does.
case_the_search_finds() {
	create "$VM" --no-agent
	watch "$VM"
	sh_in "$VM" "printf 'x\0$PROXY_PASSWORD' >/var/lib/leak; echo 'user $PROXY_USER' >/var/log/leak; echo 'u?sig=MARKERurlSIGNATURE' >/etc/leak"
	in_vm "$VM" systemd-run -q --wait -p "Environment=TOKEN=$SAS_TOKEN" true
	in_vm "$VM" systemd-run -q --wait true "$(markers | tail -1)"

	unwatch 2
	found "$VM" >"$CASE_DIR/found" || :
	for want in "process: TOKEN=$SAS_TOKEN" "process: $(markers | tail -1)" 'file: /var/lib/leak' 'file: /var/log/leak' 'file: /etc/leak'; do
		grep -qF "$want" "$CASE_DIR/found" || fail "not found: $want; found was: $(cat "$CASE_DIR/found")"
	done
}

# begin VM: a machine that can reach its packages by the proxy alone, watched.
begin() {
	create "$1"
	vm set "$1" mirror=off >/dev/null
	watch "$1"
}

case_a_run_that_succeeds() {
	begin "$VM"
	deploy "$VM" --settings "{\"proxy\": \"http://10.7.0.1:3128\", $URLS}" --protected "$PROTECTED"
	want_success "$VM"
	# And undone, by the copy that stays.
	in_vm "$VM" /usr/libexec/ib-vmext/1.1.0/ib-vmext --json status >"$CASE_DIR/status"
	in_vm "$VM" /usr/libexec/ib-vmext/1.1.0/ib-vmext status --spdx >>"$CASE_DIR/status"
	unwatch 100
	tr '\0' ' ' <"$CASE_DIR/processes" | grep -aq '^curl -q --config -' || fail "no download was asked for by an address with credentials"
	want_nothing_found "$VM"
	if grep -F -f "$CASE_DIR/all" "$CASE_DIR/status"; then fail "status tells a secret"; fi
	# The way was that through the proxy, with the login: without it there is none.
	if sh_in "$VM" 'apt-get -q update -o Acquire::http::Proxy=http://10.7.0.1:3128 2>&1 | grep -q "407"'; then :; else fail "the proxy asks for no login"; fi
}

# A login that is refused: what fails says more than what succeeds.
case_a_run_that_fails() {
	begin "$VM"
	PROXY_PASSWORD=MARKERproxyWRONG
	deploy "$VM" --settings "{\"proxy\": \"http://10.7.0.1:3128\", $URLS}" \
		--protected "{\"proxyUser\": \"$PROXY_USER\", \"proxyPassword\": \"$PROXY_PASSWORD\", \"sasToken\": \"$SAS_TOKEN\"}"
	TIMEOUT=400 wait_for "$VM" --until error
	note "$(status_of "$VM" .formattedMessage.message)"
	unwatch 20
	want_nothing_found "$VM"
	want_former "$VM"
}

# Public settings with a login in the address of the proxy, at a shell: the password is one, the user's name is not.
case_verbs_at_the_shell() {
	user_is_public=yes
	create "$VM" --no-agent
	vm set "$VM" mirror=off >/dev/null
	put "$VM" "$top/build/ib-vmext" /root/ib-vmext
	printf '{"proxy": "http://%s:%s@10.7.0.1:3128", %s}' "$PROXY_USER" "$PROXY_PASSWORD" "$URLS" >"$CASE_DIR/settings"
	put "$VM" "$CASE_DIR/settings" /run/settings.json 600
	watch "$VM"
	# By a unit: what enters from outside is nobody's child there, and would not be followed.
	in_vm "$VM" systemd-run -q --wait sh -c '/root/ib-vmext --settings /run/settings.json --json apply >/var/log/answer 2>&1' || fail "apply: $(in_vm "$VM" cat /var/log/answer)"
	want_stack "$VM"
	in_vm "$VM" rm /run/settings.json
	in_vm "$VM" systemd-run -q --wait sh -c '/root/ib-vmext --json undo >>/var/log/answer 2>&1' || fail "undo: $(in_vm "$VM" cat /var/log/answer)"
	unwatch 50
	want_nothing_found "$VM"
	want_former "$VM"
}
