# Machines whose Ethernet is really managed: by Debian's systemd-networkd with what cloud-init wrote for it, and by its NetworkManager. The
# IPoIB interface is left alone by both, through a restart, though somebody's configuration is for every interface. A machine is QEMU's;
# cloud-init has the data source NoCloud from a directory: Azure's own needs what the lab has not.

TIMEOUT=900

cases() { echo networkd_and_cloud_init networkmanager; }

. "$here/valid.sh"

eth0_has() { sh_in "$VM" "ip -4 -o address show dev eth0" | awk '{ print $4 }' | tr -d '\r' | sort; }
ib0_has() { sh_in "$VM" "ip -4 -o address show dev ib0" | awk '{ print $4 }' | tr -d '\r'; }
gateway() { sh_in "$VM" 'ip -4 route show default' | tr -d '\r'; }
# What the host has assigned, read by no program of ours: key of 512 bytes, value of 2,048.
kvp_address() {
	sh_in "$VM" "python3 -c '
for record in iter(lambda f=open(\"/var/lib/hyperv/.kvp_pool_0\", \"rb\"): f.read(2560), b\"\"):
    if record[:512].split(b\"\\0\")[0] == b\"IPoIB_Data\":
        print(record[512:].split(b\"\\0\")[0].split(b\"|\")[1].split(b\":\")[1].decode())'" | tr -d '\r'
}

# start_managed: a machine where the lab gives no address any more once the manager starts, so that the node's network is its work alone.
start_managed() {
	create "$VM" --machine --size Standard_HB120rs_v3
	put "$VM" "$top/build/ib-vmext" /root/ib-vmext
	managed_address=$(eth0_has)
	sh_in "$VM" 'cat >/etc/systemd/system/labs-address.service <<U
[Unit]
DefaultDependencies=no
After=lab-guest.service
Wants=network-pre.target
Before=network-pre.target
[Service]
Type=oneshot
ExecStart=ip -4 address flush dev eth0
[Install]
WantedBy=multi-user.target
U
	systemctl enable -q labs-address; apt-get -q update' >/dev/null 2>&1
}
# Compiling Python's files takes minutes here, and is nothing that is looked at.
installed_here() {
	sh_in "$VM" 'printf "#!/bin/sh\n" >/usr/local/bin/py3compile && chmod 755 /usr/local/bin/py3compile'
	sh_in "$VM" "DEBIAN_FRONTEND=noninteractive apt-get -y -q --no-install-recommends install $*" >"$CASE_DIR/apt" 2>&1 ||
		fail "$*: $(tail -3 "$CASE_DIR/apt")"
}

# want_network: as it was before, and IPoIB beside it as the host says.
want_network() {
	[ "$(eth0_has)" = "$managed_address" ] || fail "eth0 has $(eth0_has), and had $managed_address"
	case $(gateway) in *'via 10.7.0.1 dev eth0'*) ;; *) fail "default route: $(gateway)" ;; esac
	in_vm "$VM" curl -sf -o /dev/null http://168.63.129.16/?comp=versions || fail "the host's wire server is not reached"
	wait_until 120 sh_in "$VM" '/root/ib-vmext verify >/dev/null'
	[ "$(ib0_has)" = "$(kvp_address)/16" ] || fail "ib0 has $(ib0_has), and was assigned $(kvp_address)"
}
# restarted: the agent has asked for us again, and nothing was done.
restarted() {
	managed_runs=$(journals "$VM")
	vm reboot "$VM" >/dev/null
	# Nobody may have wanted it; its start ends when the manager says that the network is there.
	wait_until 300 sh_in "$VM" 'systemctl start network-online.target && systemctl is-active network-online.target'
	want_network
	wait_until 300 sh_in "$VM" "[ \$(grep -c 'handler enable' /var/log/azure/$TYPE/CommandExecution.log) -ge 2 ]"
	want_success "$VM"
	[ "$(journals "$VM")" = "$managed_runs" ] || fail "the restart led to another run"
	note "network-online after $(sh_in "$VM" 'systemctl show network-online.target -p ActiveEnterTimestampMonotonic --value' | tr -d '\r') us"
}

# by_*: the state of a device, as its manager says it.
by_networkd() { sh_in "$VM" "networkctl --no-legend list '$1'" | tr -d '\r' | awk '{ print $5 }'; }
by_manager() { sh_in "$VM" 'nmcli -t -f DEVICE,STATE device' | tr -d '\r' | sed -n "s/^$1://p"; }
is_in() { [ "$("$1" "$2")" = "$3" ]; }
# run_and_restart BY ETH0/IB0: after both, eth0 and ib0 are in these states.
run_and_restart() {
	deploy "$VM"
	want_success "$VM"
	want_network
	want_states "$@"
	want_valid "$VM" 7
	restarted
	want_states "$@"
}
want_states() { [ "$("$1" eth0)/$("$1" ib0)" = "$2" ] || fail "eth0 is $("$1" eth0), ib0 $("$1" ib0)"; }

case_networkd_and_cloud_init() {
	start_managed
	installed_here cloud-init
	# cloud-init writes what eth0 has; the file for every interface is the owner's. Azure's DHCP gives routes to the host and to the
	# metadata; without the first the agent asks DHCP itself, for ever.
	sh_in "$VM" 'mkdir -p /var/lib/cloud/seed/nocloud-net && cd /var/lib/cloud/seed/nocloud-net && : >user-data &&
		echo "instance-id: lab" >meta-data && cat >network-config <<N
version: 2
ethernets:
  eth0:
    match: {macaddress: "$(cat /sys/class/net/eth0/address)"}
    set-name: eth0
    addresses: ["'"$managed_address"'"]
    gateway4: 10.7.0.1
    routes: [{to: 168.63.129.16/32, via: 10.7.0.1}, {to: 169.254.169.254/32, via: 10.7.0.1}]
N
	cat >/etc/cloud/cloud.cfg.d/99-lab.cfg <<C
datasource_list: [NoCloud]
system_info: {network: {renderers: [networkd]}}
users: []
cloud_init_modules: []
cloud_config_modules: []
cloud_final_modules: []
C
	printf "[Match]\nName=*\n[Network]\nDHCP=yes\n" >/etc/systemd/network/99-every.network
	systemctl unmask -q systemd-networkd-wait-online && systemctl enable -q systemd-networkd systemd-networkd-wait-online'
	vm reboot "$VM" >/dev/null
	sh_in "$VM" 'cloud-init status --long --wait' | tee "$CASE_DIR/cloud" | grep -q 'status: done' || fail "cloud-init: $(cat "$CASE_DIR/cloud")"
	wait_until 120 is_in by_networkd eth0 configured
	sh_in "$VM" 'ls /run/systemd/network /etc/systemd/network' | grep -q cloud-init || fail "cloud-init wrote nothing for networkd"
	run_and_restart by_networkd configured/unmanaged
	in_vm "$VM" systemctl is-active systemd-networkd-wait-online || fail "wait-online: $(sh_in "$VM" 'systemctl status systemd-networkd-wait-online --no-pager')"
	# The control: without our file networkd takes it.
	sh_in "$VM" 'mv /etc/systemd/network/05-ib-vmext-ipoib.network /root && networkctl reload'
	wait_until 60 is_in by_networkd ib0 configuring
	note "without our file ib0 is $(by_networkd ib0)"
	sh_in "$VM" 'mv /root/05-ib-vmext-ipoib.network /etc/systemd/network && networkctl reload'
	wait_until 60 is_in by_networkd ib0 unmanaged
}

case_networkmanager() {
	start_managed
	sh_in "$VM" 'mkdir -p /etc/NetworkManager/system-connections && cd /etc/NetworkManager/system-connections && umask 077 && cat >eth0.nmconnection <<N
[connection]
id=eth0
type=ethernet
interface-name=eth0
[ipv4]
method=manual
address1='"$managed_address"',10.7.0.1
route1=168.63.129.16/32,10.7.0.1
route2=169.254.169.254/32,10.7.0.1
[ipv6]
method=disabled
N
	cat >every.nmconnection <<N
[connection]
id=every
type=infiniband
[infiniband]
transport-mode=datagram
[ipv4]
method=auto
N'
	# Debian's package of the agent does not want to be beside it; that of the distributions that have NetworkManager does.
	sh_in "$VM" "sed -i '/^Package: waagent$/,/^$/s/^Conflicts: network-manager, /Conflicts: /' /var/lib/dpkg/status"
	installed_here network-manager
	sh_in "$VM" 'systemctl enable -q NetworkManager NetworkManager-wait-online'
	vm reboot "$VM" >/dev/null
	wait_until 300 is_in by_manager eth0 connected
	run_and_restart by_manager connected/unmanaged
	# The control: without our file NetworkManager takes it.
	sh_in "$VM" 'mv /etc/NetworkManager/conf.d/90-ib-vmext-ipoib.conf /root && systemctl restart NetworkManager'
	wait_until 120 sh_in "$VM" '! nmcli -t -f DEVICE,STATE device | grep -q "^ib0:unmanaged"'
	note "without our file ib0 is $(by_manager ib0)"
	sh_in "$VM" 'mv /root/90-ib-vmext-ipoib.conf /etc/NetworkManager/conf.d && systemctl restart NetworkManager'
	wait_until 120 is_in by_manager ib0 unmanaged
}
