# Faults of the package source, of locks and of the disk, over the inbox route with apt, dnf and zypper: each ends with its own fault,
# its cause and its next step in the status that the portal shows, and with the former state, as the oracle tells.

. "$here/oracle.sh"

cases() {
	cat <<'CASES'
faults_apt
faults_dnf
faults_zypper
CASES
}

prepare() {
	for prepare_image in debian12 el9 sles15; do
		"$LAB" vm create prepare --no-agent --image $prepare_image >/dev/null || return 1
		"$LAB" vm delete prepare >/dev/null || return 1
	done
}

# begin_faults IMAGE: a lab of the case's own, since the trouble of a mirror is the whole lab's; a VM, and one that stays untouched.
begin_faults() {
	IB_LAB_STATE=$CASE_DIR/lab
	export IB_LAB_STATE
	trap '"$LAB" down >/dev/null 2>&1' EXIT
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
	turn=0 wrong=
}

# ends SLUG TEXT [SETTINGS]: the next goal state ends with that fault, its text and its remedy. What may pass is
# tried again after 5 s, and after 15 s more there is no time for it.
ends() {
	turn=$((turn + 1))
	began_turn=$(date +%s)
	deploy "$VM" --settings "{\"driver\": \"inbox\", \"timestamp\": $turn, ${3:-\"timeouts\": {\"total\": 16\}}}"
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
	deploy "$VM" --settings '{"driver": "inbox", "timestamp": 0}'
	wait_for "$VM" --until success
	want_port "$VM"
	vm delete "$VM-untouched" >/dev/null
}

case_faults_apt() {
	begin_faults debian12
	lock_for_ever /var/lib/dpkg/lock-frontend
	# What may pass apt itself tries thrice, which takes 8 s.
	ends_all <<'ROWS'
404|package-update|does not have a Release file
429|download|429|"timeouts": {"total": 12}
503|download|503|"timeouts": {"total": 12}
badsig|package-signature|BADSIG
truncate|download|InRelease|"timeouts": {"total": 12}
redirect-loop|package-update|does not have a Release file
expired|package-update|expired
hang|deadline|timeouts.total|"timeouts": {"total": 10}
ROWS
	no_room /var/lib/ib-vmext 16k disk-full space
	no_room /var/cache/apt/archives 64k disk-full space
	# Not the files: where dpkg fails at the first package, apt leaves the others selected ("install ok not-installed").
	no_room /usr/share/doc 4k disk-full space is_told
	end_faults
}

case_faults_dnf() {
	begin_faults el9
	lock_for_ever /var/lib/rpm/.rpm.lock
	ends_all <<'ROWS'
404|package-update|404
429|package-update|429
503|package-update|503
badsig|package-signature|signature
truncate|package-update|
redirect-loop|package-update|edirect
hang|deadline|timeouts.total|"timeouts": {"total": 10}
ROWS
	no_room /var/cache/dnf 64k disk-full space
	no_room /etc/rdma 4k disk-full space
	end_faults
}

case_faults_zypper() {
	begin_faults sles15
	lock_for_ever /var/lib/rpm/.rpm.lock
	# Of 503, and of what was cut off, zypper believes that it passes, and waits for minutes.
	ends_all <<'ROWS'
404|package-update|type can't be determined
429|download|429
503|deadline|timeouts.total|"timeouts": {"total": 6}
badsig|package-signature|ignature
truncate|deadline|timeouts.total|"timeouts": {"total": 6}
redirect-loop|download|edirect
hang|deadline|timeouts.total|"timeouts": {"total": 10}
ROWS
	no_room /var/cache/zypp 64k disk-full /var/cache/zypp
	no_room /etc/rdma 4k disk-full space
	end_faults
}
