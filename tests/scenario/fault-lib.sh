# tests/scenario/fault-lib.sh - what the cases of faults share: trouble, how a run ends with it, and the former state. POSIX sh, sourced.

# begin_faults IMAGE: a lab of the case's own, since the trouble of a mirror is the whole lab's; a VM, and one that stays untouched.
begin_faults() {
	IB_LAB_STATE=$CASE_DIR/lab
	export IB_LAB_STATE
	trap '"$LAB" down >/dev/null' EXIT
	"$LAB" up --empty --dist "$WORK/dist" >/dev/null
	create "$VM" --image "$1"
	create "$VM-untouched" --image "$1"
	for begin_vm in "$VM" "$VM-untouched"; do
		put "$begin_vm" "$here/manifest.py" /root/manifest.py
		apt_started "$begin_vm"
		# Any change makes dpkg write its list in its own way, and zypper its empty one.
		sh_in "$begin_vm" 'if [ -e /usr/bin/rpm ]; then mkdir -p /var/lib/zypp && touch /var/lib/zypp/AutoInstalled
			else echo dpkg hold | dpkg --set-selections && echo dpkg install | dpkg --set-selections; fi'
	done
	put "$VM" "$FAULTS/hold-lock" /root/hold-lock
	told "$VM-untouched" >"$WORK/told-$VM-untouched"
	for begin_modules in former success; do modules_of "$VM-untouched" >"$WORK/modules-$VM-$begin_modules"; done
	turn=0 wrong= base='{"driver": "inbox"}' patience='"timeouts": {"total": 16}'
}

# ends SLUG TEXT [SETTINGS]: the next goal state, of $base and these, ends with that fault, its text and its remedy. What may pass is
# tried again after 5 s, and after 15 s more there is no time for it ($patience).
ends() {
	turn=$((turn + 1))
	began_turn=$(date +%s)
	deploy "$VM" --settings "$(echo "$base" | jq -c --argjson turn $turn --argjson more "{${3:-$patience}}" '. + {timestamp: $turn} + $more')"
	wait_for "$VM" --until error
	message=$(status_of "$VM" .formattedMessage.message)
	note "$1 ($(($(date +%s) - began_turn)) s): $message"
	case $message in *"$2"*) ;; *) wrong="$wrong $1" && note "NOT: $2" ;; esac
	remedy=$(jq -r --arg s "$1" '.faults[] | select(.slug == $s) | .remedy' "$top/data/faults.json" | cut -c1-60)
	case $message in *"$remedy"*) ;; *) wrong="$wrong $1" && note "NOT the remedy: $remedy" ;; esac
}
is_former() { equals "$VM" "$VM-untouched" || wrong="$wrong former-state-after-$slug"; }
is_told() { told "$VM" | diff "$WORK/told-$VM-untouched" - || wrong="$wrong told-after-$slug"; }
# Each line: trouble of the mirror, fault, text, settings. What the system's programs tell is compared each time, files at the end.
ends_all() {
	while IFS='|' read -r trouble slug text settings; do
		"$LAB" mirror set "fault=$trouble"
		ends "$slug" "$text" "$settings" </dev/null
		is_told </dev/null
	done
	is_former
	"$LAB" mirror set fault=none
}

# no_room DIR SIZE SLUG TEXT [COMPARE]: a file system of that size in the place of the directory.
no_room() {
	sh_in "$VM" "test -d $1 || { mkdir -p $1 && touch /root/made; }; mount -t tmpfs -o size=$2 t $1"
	slug=$3
	ends "$slug" "$4"
	sh_in "$VM" "umount $1; test ! -e /root/made || { rmdir $1; rm /root/made; }"
	"${5:-is_former}"
}
# lock_for_ever FILE: held by somebody who lives on.
lock_for_ever() {
	sh_in "$VM" "systemd-run -q --collect --unit=holder /root/hold-lock $1"
	ends package-lock hold-lock '"timeouts": {"lock": 2}'
	sh_in "$VM" 'systemctl stop holder'
	wait_until 10 sh_in "$VM" '! systemctl cat holder'
	slug=package-lock
	is_former
}
# In the end it works: nothing of the faults has stayed.
end_faults() {
	[ -z "$wrong" ] || fail "these did not end as they should:$wrong"
	deploy "$VM" --settings "$base"
	wait_for "$VM" --until success
	want_port "$VM"
	vm delete "$VM-untouched" >/dev/null
}

