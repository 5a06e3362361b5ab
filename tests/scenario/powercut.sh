# Power cuts on machines: QEMU is killed in the middle of the work; the file system recovers, the next boot decides. Odd runs have
# the agent, even ones none: there the resume unit alone goes on. $SEED and $N tell the draws.

. "$here/oracle.sh"

SEED=${SEED:-1}
TIMEOUT=600 # a machine without KVM on a busy host is slow

prepare() { draws_differ; }
cases() {
	i=1
	while [ $i -le "$N" ]; do echo "cut_$i"; i=$((i + 1)); done
}
i=1
while [ $i -le "${N:-0}" ]; do eval "case_cut_$i() { one_cut $i; }"; i=$((i + 1)); done

one_cut() {
	delay=$(draw "$1" 0 12000)
	echo "cut $1 of seed $SEED: $delay ms after the packages step began, $([ $(($1 % 2)) -eq 1 ] && echo with || echo without) agent"
	create "$VM" --machine --size Standard_HB120rs_v3
	in_vm "$VM" touch /root/before
	if [ $(($1 % 2)) -eq 1 ]; then
		deploy "$VM"
	else
		in_vm "$VM" systemctl disable --now walinuxagent
		put "$VM" "$top/build/ib-vmext" /root/ib-vmext
		sh_in "$VM" 'systemd-run -q --unit=run /root/ib-vmext apply --yes'
	fi
	wait_until 600 sh_in "$VM" "grep -q 'step.begin: install' $STATUS_LOG"
	pause "$delay"
	vm cut "$VM" >/dev/null
	vm start "$VM" >/dev/null || {
		tail -n 40 "$(vm show "$VM" --json | jq -r .dir)/console.log"
		fail "it does not boot"
	}
	wait_until 600 sh_in "$VM" "test ! -e $STATE/journal/open"
	sh_in "$VM" 'dmesg | grep -iE "EXT4-fs.*recover|orphan" || :'
	[ $(($1 % 2)) -eq 0 ] || want_success "$VM"
	if [ "$(in_vm "$VM" dpkg-query -W -f '${db:Status-Abbrev}' rdma-core 2>/dev/null)" = "ii " ]; then
		in_vm "$VM" test -e "$STATE/receipt.json" || fail "new state without a receipt"
		want_stack "$VM"
		echo "ended in: success"
	else
		want_former "$VM"
		want_nothing_of_ours "$VM"
		echo "ended in: former"
	fi
	# In a long row of cuts every file is read again, which takes most of a minute; in a short one those of the packages that came. The
	# lab configures its agent.
	if [ "$N" -gt 5 ]; then verify='dpkg -V'; else
		verify='find /var/lib/dpkg/info -name "*.md5sums" -cnewer /root/before -printf "%f\n" 2>&1 | sed "s/[.]md5sums\$//" | xargs -r dpkg -V 2>&1'
	fi
	whole=$(sh_in "$VM" "dpkg --audit; $verify"' | grep -v " c /etc/waagent.conf$"; ls /var/lib/dpkg/updates')
	[ -z "$whole" ] || fail "dpkg is not whole: $whole"
	in_vm "$VM" test ! -e /etc/systemd/system/ib-vmext-resume.service || fail "the resume unit stayed"
}
