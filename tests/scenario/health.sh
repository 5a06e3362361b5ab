# What verify and status say of ports and machine, held against the field's own tools: over ibsim's fabrics with a live opensm, and in
# machines, where things are broken one by one. ibsim's rate is 10 Gb/s (SDR), which no size has: there even the best is "degraded".

TIMEOUT=900

cases() {
	cat <<'CASES'
over_a_fabric
report_in_a_browser
told_apart
the_fields_own_tools
CASES
}

# Each port as facts has it, and as ibstat does. The GUID is the node's.
ports_of_facts() {
	jq -r '.ports[] | [.device, .port, (.state | ascii_downcase), (.physState | ascii_downcase), .rateGbps, .lid, .smLid, (.guid | gsub(":"; ""))] | @tsv' "$1" | sort
}
ports_of_ibstat() {
	tr -d '\r' <"$1" | awk -v OFS='\t' '
		/^CA / { gsub("\047", "", $2); ca = $2 }
		/^\tPort [0-9]+:/ { sub(":", "", $2); port = $2 }
		/State: / && !/Physical/ { state = tolower($2 == "Initializing" ? "init" : $2) }
		/Physical state: / { physical = tolower($3) }
		/Rate: / { rate = $2 }
		/Base lid: / { lid = $3 }
		/SM lid: / { sm = $3 }
		/Node GUID: / { guid = substr($3, 3) }
		/Link layer: / { print ca, port, state, physical, rate, lid, sm, guid }' | sort
}
want_ibstat() {
	ports_of_facts "$1" >"$CASE_DIR/ours"
	ports_of_ibstat "$2" >"$CASE_DIR/theirs"
	[ -s "$CASE_DIR/theirs" ] || fail "ibstat says nothing: $(cat "$2")"
	diff -u "$CASE_DIR/ours" "$CASE_DIR/theirs" || fail "ibstat says otherwise"
}

# red VERIFY-JSON: the checks that are not ok, without the names of ports.
red() { jq -r '[.checks[] | select(.ok | not) | .id | sub(":.*"; "")] | unique | join(" ")' "$1"; }

# ---- ibsim -----------------------------------------------------------------------------------------------------------------------------

IBSIM_SOCKNAME=ib-vmext-$$ # a simulator of our own
export IBSIM_SOCKNAME
SIMULATED=$(ls /usr/lib/*/umad2sim/libumad2sim.so 2>/dev/null || :)
# of_node NODE COMMAND...: as that node of the fabric has it.
of_node() {
	of_node_name=$1
	shift
	SIM_HOST=$of_node_name LD_PRELOAD=$SIMULATED "$@"
}
console() { echo "$*" >&9; }

# world_of NODE: a captured machine, whose adapter is that node's: what ibsim shows below /sys stands in the place of its port.
world_of() {
	rm -rf "$CASE_DIR/world"
	cp -r "$top/tests/worlds/hbv3-debian12-ready" "$CASE_DIR/world"
	(cd "$CASE_DIR" && of_node "$1" exec ibping -S >/dev/null 2>&1) &
	world_pid=$!
	wait_until 20 test -e "$CASE_DIR/sys-$world_pid/sys/class/infiniband_mad/umad0/port"
	world_hca=$CASE_DIR/world/root/sys/class/infiniband/mlx5_0
	rm -r "$world_hca/ports/1/pkeys"
	cp -r "$CASE_DIR/sys-$world_pid/sys/class/infiniband/ibsim0/." "$world_hca/"
	kill "$world_pid"
	wait "$world_pid" || :
	echo InfiniBand >"$world_hca/ports/1/link_layer"
}
# want_of NODE VERDICT RED: both tools on that node.
want_of() {
	world_of "$1"
	of_node "$1" timeout 20 ibstat >"$CASE_DIR/ibstat"
	sed -i "s/ibsim0/mlx5_0/" "$CASE_DIR/ibstat"
	"$top/build/ib-vmext" --world "$CASE_DIR/world" facts --json >"$CASE_DIR/facts"
	want_ibstat "$CASE_DIR/facts" "$CASE_DIR/ibstat"
	"$top/build/ib-vmext" --world "$CASE_DIR/world" verify --json >"$CASE_DIR/verify" || :
	[ "$(jq -r .verdict "$CASE_DIR/verify"): $(red "$CASE_DIR/verify")" = "$2: $3" ] ||
		fail "$1 is $(jq -r .verdict "$CASE_DIR/verify"): $(red "$CASE_DIR/verify"), and not $2: $3"
	note "$1: $2: $3; $(tr '\t' ' ' <"$CASE_DIR/ours")"
}
is_in() { of_node "$1" timeout 20 ibstat | grep -q "State: $2"; }
is_limited() {
	world_of "$1"
	grep -q 0x7fff "$CASE_DIR/world/root/sys/class/infiniband/mlx5_0/ports/1/pkeys/0"
}
# A subnet manager that lives on H1 and looks every second.
manage() {
	SIM_HOST=H1 LD_PRELOAD=$SIMULATED opensm -s 1 -f "$CASE_DIR/opensm.log" "$@" >/dev/null 2>&1 9>&- &
	manager=$!
}
# Without its fabric it would not end.
unmanage() {
	[ -z "$manager" ] || { kill "$manager" && wait "$manager"; } || :
	manager=
}

case_over_a_fabric() {
	[ -n "$SIMULATED" ] || fail "ibsim is not installed"
	cd "$CASE_DIR"
	printf '%s\n' 'Switch 8 "S1"' '[1] "H1"[1]' '[2] "H2"[1]' '[3] "H3"[1]' '' 'Hca 1 "H1"' '[1] "S1"[1]' '' 'Hca 1 "H2"' '[1] "S1"[2]' '' \
		'Hca 1 "H3"' '[1] "S1"[3]' '' >net
	mkfifo console
	ibsim -s net <console >ibsim.log 2>&1 9>&- &
	simulator=$! manager=
	trap 'unmanage; kill $simulator; clean_case' EXIT
	exec 9>console
	wait_until 20 sh -c "grep -q '^MaxMcastCap' ibsim.log"
	want_of H2 fabric-not-ready "port-active"
	manage
	wait_until 30 is_in H2 Active
	wait_until 30 is_in H3 Active
	want_of H2 degraded "port-rate"
	want_of H3 degraded "port-rate"
	console 'Unlink "H2"[1]'
	wait_until 20 is_in H2 Down
	want_of H2 fabric-not-ready "port-active port-link-up"
	want_of H3 degraded "port-rate"
	console 'Link "H2"[1] "S1"[2]'
	echo 'Default=0x7fff, ipoib : ALL=limited, SELF=full ;' >partitions
	wait_until 30 is_in H2 Active
	unmanage
	manage -P "$CASE_DIR/partitions"
	wait_until 30 is_limited H2
	want_of H2 degraded "pkey-full-member port-rate"
}

# The page of a fleet, by Chromium: no picture of it is stored, a person has to look.
case_report_in_a_browser() {
	WANT_BROWSER=1 sh "$top/tests/unit/cli/test_report.sh" "$top/build/ib-vmext" "$top/build/debug/tests/unit/compose" "$top/tests/worlds"
}

# ---- in a machine ----------------------------------------------------------------------------------------------------------------------

# looks VM: verify and status, and how long each took by the guest's own clock. Their first word after a change has to know of it.
looks() {
	sh_in "$1" 'cd /root; up() { cut -d" " -f1 /proc/uptime; }; up >t; ./ib-vmext verify --json >v; up >>t; ./ib-vmext status --json >s; up >>t'
	in_vm "$1" cat /root/v >"$CASE_DIR/verify"
	in_vm "$1" cat /root/s >"$CASE_DIR/status"
	in_vm "$1" cat /root/t | tr -d '\r' | awk 'NR > 1 { print int(1000 * ($1 - last)) } { last = $1 }' >>"$CASE_DIR/took"
}
verdict_and_red() { echo "$(jq -r .verdict "$CASE_DIR/verify"): $(red "$CASE_DIR/verify")"; }
ports_of_status() { jq -r '[.ports[] | select(.linkLayer == "InfiniBand") | "\(.device) \(.state) \(.rateGbps)"] | join(", ")' "$CASE_DIR/status"; }

# tell NAME DO UNDO VERDICT: RED [PORTS]: something is changed, is told, and is put right again. Ports as status has them, where they differ.
tell() {
	sh_in "$VM" "$2" || fail "$1: $2"
	looks "$VM"
	note "$1: $(verdict_and_red); status: $(ports_of_status)"
	[ "$(verdict_and_red); $(ports_of_status)" = "$4; ${5-$healthy}" ] || wrong="$wrong, $1"
	sh_in "$VM" "$3" || fail "$1: $3"
	wait_until 60 sh_in "$VM" '/root/ib-vmext verify >/dev/null'
}

case_told_apart() {
	create "$VM" --machine --size Standard_HB120rs_v3
	put "$VM" "$top/build/ib-vmext" /root/ib-vmext
	deploy "$VM"
	wait_until 120 sh_in "$VM" "/root/ib-vmext status --json | grep -qE '\"state\": \"(waiting|running)\"'"
	in_vm "$VM" /root/ib-vmext status --watch >"$CASE_DIR/watch" || fail "the watch ended with $?: $(cat "$CASE_DIR/watch")"
	grep -q '^result    apply, code 0: InfiniBand works' "$CASE_DIR/watch" || fail "the watch: $(cat "$CASE_DIR/watch")"
	want_success "$VM"
	looks "$VM"
	healthy=$(ports_of_status)
	[ "$(verdict_and_red)" = "ok: " ] || fail "from the beginning it is $(verdict_and_red)"
	device=${healthy%% *}
	of=/sys/class/infiniband/$device
	pci=$(sh_in "$VM" "basename \$(readlink -f $of/device)" | tr -d '\r')
	lib=/sys/module/fakeib/parameters
	: >"$CASE_DIR/took"
	wrong=

	tell "port down" "echo 1 >$lib/state" "echo 4 >$lib/state" "fabric-not-ready: port-active port-link-up" "$device DOWN 10"
	tell "no subnet manager" "echo 2 >$lib/state" "echo 4 >$lib/state" "fabric-not-ready: port-active" "$device INIT 200"
	tell "half the rate" "echo 100 >$lib/rate" "echo 0 >$lib/rate" "degraded: port-rate" "$device ACTIVE 100"
	tell "no driver bound" "echo $pci >/sys/bus/pci/drivers/fakeib/unbind" "echo $pci >/sys/bus/pci/drivers/fakeib/bind" \
		"driver-broken: driver-bound ports-present" ""
	tell "function gone" 'echo 0 >/sys/module/fakevmbus/parameters/plugged' 'echo 1 >/sys/module/fakevmbus/parameters/plugged' \
		"absent: adapter-present" ""
	tell "another name" "rdma dev set $device name other0" "rdma dev set other0 name $device" "ok: " "other0 ${healthy#* }"
	tell "interface down" 'ip link set ib0 down' 'ip link set ib0 up; /root/ib-vmext handler addresses >/dev/null 2>&1 || :' "degraded: ipoib-up"
	tell "no address" 'ip -4 -o address show dev ib0 | awk "{ print \$4 }" >/root/address; ip -4 address flush dev ib0' \
		'ip address add "$(cat /root/address)" dev ib0' "degraded: ipoib-address"
	# The port is the lab's module's, and stays. Debian's modules of the kernel have no srcversion: another one on the disk cannot be told.
	tell "no module for user space" "echo $pci >/sys/bus/pci/drivers/fakeib/unbind && rmmod rdma_ucm mlx5_ib ib_uverbs && echo $pci >/sys/bus/pci/drivers/fakeib/bind &&
		until ip -4 -o address show dev ib0 | grep -q inet; do sleep 0.1; done" \
		'modprobe -a mlx5_ib ib_uverbs rdma_ucm' "degraded: modules-loaded"
	tell "sessions may lock little" 'echo "* hard memlock 64" >/etc/security/limits.d/99-site.conf' 'rm /etc/security/limits.d/99-site.conf' \
		"degraded: memlock-sessions"
	tell "services may lock little" \
		'printf "[Manager]\nDefaultLimitMEMLOCK=65536\n" >/etc/systemd/system.conf.d/99-site.conf; systemctl daemon-reexec' \
		'rm /etc/systemd/system.conf.d/99-site.conf; systemctl daemon-reexec' "degraded: memlock-services"
	[ -z "$wrong" ] || fail "told otherwise:${wrong#,}"
	sort -n "$CASE_DIR/took" >"$CASE_DIR/sorted"
	slowest=$(tail -1 "$CASE_DIR/sorted")
	note "of $(wc -l <"$CASE_DIR/sorted") answers the median took $(sed -n "$(($(wc -l <"$CASE_DIR/sorted") / 2))p" "$CASE_DIR/sorted") ms, the slowest $slowest ms of guest time"
	[ "$slowest" -lt 1000 ] || fail "it took $slowest ms"
}

# What lspci, ibstatus and rdma(8) say, in the words of facts.
ports_of_ibstatus() {
	tr -d '\r' | awk -v OFS='\t' '
		/^Infiniband device/ { gsub("\047", ""); device = $3; port = $5 }
		/base lid:/ { lid = $3 }
		/sm lid:/ { sm = $3 }
		/\tstate:/ { state = tolower($3) }
		/phys state:/ { physical = tolower($4) }
		/rate:/ { rate = $2 }
		/link_layer:/ { print device, port, state, physical, rate, lid, sm, $2 }' | sort
}
ports_of_rdma() {
	tr -d '\r' | awk -v OFS='\t' '{
		split($2, at, "/")
		for (i = 3; i < NF; i++) said[$i] = tolower($(i + 1))
		print at[1], at[2], said["state"], said["physical_state"]
	}' | sort
}

case_the_fields_own_tools() {
	create "$VM" --machine --size Standard_HB120rs_v3
	put "$VM" "$top/build/ib-vmext" /root/ib-vmext
	deploy "$VM"
	want_success "$VM"
	sh_in "$VM" 'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq --no-install-recommends install ibverbs-utils pciutils' >/dev/null 2>&1 || fail "no tools"
	in_vm "$VM" /root/ib-vmext facts --json >"$CASE_DIR/facts"
	in_vm "$VM" ibstat >"$CASE_DIR/ibstat"
	want_ibstat "$CASE_DIR/facts" "$CASE_DIR/ibstat"
	in_vm "$VM" ibstatus | ports_of_ibstatus >"$CASE_DIR/theirs"
	jq -r 'def hex: tostring | tonumber | if . == 0 then "0x0" else [while(. > 0; . / 16 | floor) | . % 16 | "0123456789abcdef"[. : . + 1]] | reverse | "0x" + join("") end;
		.ports[] | [.device, .port, (.state | ascii_downcase), (.physState | ascii_downcase), .rateGbps, (.lid | hex), (.smLid | hex), .linkLayer] | @tsv' \
		"$CASE_DIR/facts" | sort >"$CASE_DIR/ours"
	diff -u "$CASE_DIR/ours" "$CASE_DIR/theirs" || fail "ibstatus says otherwise"
	in_vm "$VM" rdma link show | ports_of_rdma >"$CASE_DIR/theirs"
	jq -r '.ports[] | [.device, .port, (.state | ascii_downcase), (.physState | ascii_downcase | sub("linkup"; "link_up"))] | @tsv' "$CASE_DIR/facts" | sort >"$CASE_DIR/ours"
	diff -u "$CASE_DIR/ours" "$CASE_DIR/theirs" || fail "rdma(8) says otherwise"
	in_vm "$VM" lspci -D -n -d 15b3: | tr -d '\r' | awk '{ print $1, $3 }' | sort >"$CASE_DIR/theirs"
	jq -r '.nics[] | "\(.address) \(.vendor):\(.device)"' "$CASE_DIR/facts" | sort >"$CASE_DIR/ours"
	diff -u "$CASE_DIR/ours" "$CASE_DIR/theirs" || fail "lspci says otherwise: $(jq -c .nics "$CASE_DIR/facts")"
	note "$(wc -l <"$CASE_DIR/theirs") functions, $(jq '.ports | length' "$CASE_DIR/facts") ports: all agree"

	sh_in "$VM" 'cd /root; now() { date +%s%N; }
		for i in 1 2 3 4 5 6 7; do
			a=$(now); ./ib-vmext verify >/dev/null; b=$(now)
			{ ibstat; ibstatus; ibv_devinfo; lspci; } >/dev/null 2>&1; c=$(now)
			echo $(((b - a) / 1000)) $(((c - b) / 1000))
		done' | tr -d '\r' | sort -n >"$CASE_DIR/times"
	ours=$(awk '{ print $1 }' "$CASE_DIR/times" | sort -n | sed -n 4p)
	theirs=$(awk '{ print $2 }' "$CASE_DIR/times" | sort -n | sed -n 4p)
	note "verify $ours us, the four tools $theirs us (medians of 7)"
	[ $((5 * ours)) -le "$theirs" ] || fail "verify takes $ours us, the four tools $theirs us"
}
