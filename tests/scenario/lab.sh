# What the lab leaves behind when it ends, in each way that it can end: nothing. Looked at from outside: mounts of every process,
# links, processes, its socket.

cases() { echo down_leaves_nothing interrupt_leaves_nothing kill_leaves_nothing; }

# Everything on this machine that is of the lab of this case: it names its state, or is one of its programs started with it.
traces() {
	grep -ls "$IB_LAB_STATE" /proc/[0-9]*/mountinfo | sed 's/^/mounts in /'
	for traces_pid in $(grep -lsz "^IB_LAB_STATE=$IB_LAB_STATE\$" /proc/[0-9]*/environ | cut -d/ -f3); do
		ps -o pid=,args= -p "$traces_pid"
	done | grep -E '^ *[0-9]+ [^ ]*(ib-lab|systemd-nspawn|qemu-system|systemd|waagent)'
	pgrep -a -f "ib-lab-.*$VM"
	[ ! -S "$IB_LAB_STATE/lab.sock" ] || echo "the socket"
}
no_traces() { [ -z "$(traces)" ]; }

lab_of_its_own() {
	IB_LAB_STATE=$CASE_DIR/lab
	export IB_LAB_STATE
	mkdir -p "$IB_LAB_STATE" "$CASE_DIR/dist"
	ip -o link | sort >"$CASE_DIR/links"
}
with_vms() {
	create "$VM"
	create "$VM-2" --machine
	if no_traces; then fail "while it is up, nothing shows of it: the test sees nothing"; fi
}
nothing_left() {
	wait_until 20 no_traces
	ip -o link | sort | diff "$CASE_DIR/links" - || fail "links differ"
}

case_down_leaves_nothing() {
	lab_of_its_own
	"$LAB" up --empty --dist "$CASE_DIR/dist" >/dev/null
	with_vms
	"$LAB" down
	nothing_left
}

foreground() {
	# Without job control a shell starts what is in the background with SIGINT ignored.
	env --default-signal=INT "$LAB" up --empty --foreground --dist "$CASE_DIR/dist" >"$CASE_DIR/out" 2>&1 &
	lab_pid=$!
	wait_until 60 "$LAB" vm list
	with_vms
}

case_interrupt_leaves_nothing() {
	lab_of_its_own
	foreground
	kill -INT "$lab_pid"
	wait "$lab_pid" || :
	nothing_left
}

# What a kill leaves goes with its processes; the directory of the state is for the next `up` or `down` to sweep.
case_kill_leaves_nothing() {
	lab_of_its_own
	foreground
	kill -KILL "$lab_pid"
	wait "$lab_pid" || :
	"$LAB" down >/dev/null 2>&1 || :
	nothing_left
}
