# The driver in an image: baked on a machine without an adapter and in a chroot without systemd, and the VMs that are made of it.
# What is simulated: the adapter of each VM, and the cloud that makes a VM of an image (tar, and `vm create --root`).

cases() {
	cat <<'CASES'
vendors_driver
another_kernel
boots_and_changes_nothing
chroot_without_systemd
another_adapter
refusals
baked_again_and_undone
CASES
}

SIZE=Standard_HB120rs_v3

# builder VM: a VM of a size without InfiniBand, as image builders use them, with the program in it.
builder() {
	create "$1" --size Standard_D2s_v5 --no-adapter
	put "$1" "$top/build/ib-vmext" /usr/bin/ib-vmext
}
# image_of VM DIR: all of its files, as an image has them. The agent's identity goes, as by `waagent -deprovision`.
image_of() {
	mkdir -p "$2"
	sh_in "$1" 'rm -rf /var/lib/waagent/* /var/log/waagent.log; tar -C / --one-file-system -c .' | tar -C "$2" -x
}
# want_general DIR WORDS: the files of ours below DIR name none of the words.
want_general() {
	sort -u "$2" | grep -E '......' >"$CASE_DIR/words"
	[ "$(wc -l <"$CASE_DIR/words")" -ge 5 ] || fail "the builder's identity is not known: $(cat "$CASE_DIR/words")"
	found=$( (find "$1/var/lib/ib-vmext" "$1/usr/libexec/ib-vmext" -type f; find "$1/etc" -name '*ib-vmext*' -type f) |
		xargs grep -liFf "$CASE_DIR/words" || :)
	[ -z "$found" ] || fail "it tells of its builder: $found: $(echo "$found" | xargs grep -oiFf "$CASE_DIR/words" | sort | uniq -c)"
	for left in journal request.json result.json ended.json update.json; do
		[ ! -e "$1/var/lib/ib-vmext/$left" ] || fail "$left of the builder is in the image"
	done
	[ ! -e "$1/$STATUS_LOG" ] || fail "a log of the builder is in the image"
	[ -e "$1/var/lib/ib-vmext/baked.json" ] || fail "no baked.json"
}
# words_of VM: what only the builder has. Its boot, machine-id and host keys besides what identity() knows.
words_of() {
	identity "$1" | grep -vE '^(null|[0:-]+)$'
	sh_in "$1" 'cat /etc/machine-id /proc/sys/kernel/random/boot_id; cut -d" " -f2 /etc/ssh/*.pub 2>/dev/null || :'
}
bake() { in_vm "$1" ib-vmext bake --json --for "${2:-$SIZE}" >"$CASE_DIR/bake" || fail "bake: $? $(cat "$CASE_DIR/bake")"; }

# baked VM DIR [COMMAND]: bake in it, and take its files, after what somebody else does there meanwhile.
baked() {
	builder "$1"
	words_of "$1" >"$CASE_DIR/identity"
	bake "$1"
	jq -e '.exitCode == 0 and .changed and (.verify.checks | length > 4 and all(.ok)) and (.plan.steps | map(.kind) |
		index("modules") == null and index("addresses") == null)' "$CASE_DIR/bake" >/dev/null || fail "$(cat "$CASE_DIR/bake")"
	[ -z "$(sh_in "$1" 'ls /sys/class/infiniband 2>/dev/null')" ] || fail "baking loaded a module"
	[ -z "${3:-}" ] || sh_in "$1" "$3" >/dev/null || fail "$3"
	image_of "$1" "$2"
	want_general "$2" "$CASE_DIR/identity"
}
# from_image DIR [options of vm create]: the second VM of the case, of that image.
from_image() {
	image=$1
	shift
	: >"$image/var/log/dpkg.log"
	create "$VM-2" --root "$image" "$@"
}
# first_enables VM DIR: five times the first enable of a VM of the image DIR, in ms.
first_enables() {
	put "$1" "$2$STATE/baked.json" /root/baked.json
	put "$1" "$2$STATE/receipt.json" /root/receipt.json
	first_dir=$(handler_dir "$1")
	sh_in "$1" "cd $first_dir && for i in 1 2 3 4 5; do
		rm -f $STATE/request.json $STATE/result.json $STATE/ended.json && cp /root/baked.json /root/receipt.json $STATE/ || exit 1
		from=\$(date +%s%N)
		AZURE_GUEST_AGENT_EXTENSION_PATH=$first_dir ConfigSequenceNumber=0 bin/ib-vmext-\$(uname -m) handler enable >/root/said || exit 1
		to=\$(date +%s%N)
		grep -q 'baked into this image' /root/said || exit 1
		echo \$(((to - from) / 1000000))
	done"
}
receipt_of() { sh_in "$1" "cat $STATE/receipt.json"; }

case_boots_and_changes_nothing() {
	baked "$VM" "$CASE_DIR/root"
	vm delete "$VM" >/dev/null
	from_image "$CASE_DIR/root" --size "$SIZE"
	deploy "$VM-2"
	want_success "$VM-2"
	case $(status_of "$VM-2" .formattedMessage.message) in *"baked into this image"*"nothing was changed"*) ;;
	*) fail "$(status_of "$VM-2" .formattedMessage.message)" ;; esac
	[ "$(installs "$VM-2")" = 0 ] || fail "packages were changed: $(sh_in "$VM-2" 'cat /var/log/dpkg.log')"
	[ "$(journals "$VM-2")" = 0 ] || fail "a run was begun"
	sh_in "$VM-2" "! grep -q 'worker' $STATUS_LOG" || fail "a worker was started: $(sh_in "$VM-2" "cat $STATUS_LOG")"
	in_vm "$VM-2" test ! -e "$STATE/baked.json" || fail "the marker stays although the VM has its own receipt"
	receipt_of "$VM-2" | jq -e '.ofImage == false and .right.ports == 1 and (.installed | length == 1)' >/dev/null || fail "$(receipt_of "$VM-2")"
	note "enable on a VM that fits, median of five: $(first_enables "$VM-2" "$CASE_DIR/root" | sort -n | sed -n 3p) ms"
	# And the next one is the usual quick way.
	run_handler "$VM-2" enable >"$CASE_DIR/again" || fail "enable: $(cat "$CASE_DIR/again")"
	grep -q 'nothing to do' "$CASE_DIR/again" || fail "the next enable is not quick: $(cat "$CASE_DIR/again")"
	sh_in "$VM-2" 'ib-vmext undo --json' >"$CASE_DIR/undo" || fail "undo: $(cat "$CASE_DIR/undo")"
	want_former "$VM-2"
	want_nothing_of_ours "$VM-2"
}

case_chroot_without_systemd() {
	builder "$VM"
	words_of "$VM" >"$CASE_DIR/identity"
	sh_in "$VM" 'mkdir -p /srv/image && tar -C / --one-file-system --exclude=./srv/image -c . | tar -C /srv/image -x' || fail "the chroot cannot be made"
	if in_vm "$VM" chroot /srv/image ib-vmext bake --for "$SIZE" >"$CASE_DIR/bake" 2>&1; then fail "it baked without /proc and /dev"; fi
	grep -q 'mount the builder' "$CASE_DIR/bake" || fail "it does not say what is missing: $(cat "$CASE_DIR/bake")"
	sh_in "$VM" 'mount --bind /proc /srv/image/proc && mount --rbind --make-rslave /dev /srv/image/dev'
	in_vm "$VM" chroot /srv/image ib-vmext bake --for "$SIZE,CX5" --json >"$CASE_DIR/bake" || fail "bake: $(cat "$CASE_DIR/bake")"
	jq -e '.exitCode == 0 and .changed' "$CASE_DIR/bake" >/dev/null || fail "$(cat "$CASE_DIR/bake")"
	in_vm "$VM" test ! -e "$STATE/receipt.json" || fail "it wrote outside of the chroot"
	sh_in "$VM" 'umount /srv/image/proc && umount -R /srv/image/dev'
	mkdir "$CASE_DIR/root"
	sh_in "$VM" 'tar -C /srv/image -c .' | tar -C "$CASE_DIR/root" -x
	rm -rf "$CASE_DIR/root/var/lib/waagent/"*
	want_general "$CASE_DIR/root" "$CASE_DIR/identity"
	[ "$(jq -c .for "$CASE_DIR/root/var/lib/ib-vmext/baked.json")" = "[\"$SIZE\",\"CX5\"]" ] || fail "$(cat "$CASE_DIR/root/var/lib/ib-vmext/baked.json")"
	vm delete "$VM" >/dev/null
	from_image "$CASE_DIR/root" --size "$SIZE"
	deploy "$VM-2"
	want_success "$VM-2"
	[ "$(installs "$VM-2")" = 0 ] && [ "$(journals "$VM-2")" = 0 ] || fail "something was changed"
	case $(status_of "$VM-2" .formattedMessage.message) in *"baked into this image"*) ;; *) fail "not by the marker" ;; esac
}

# with JSON: the settings that use the stand-ins of the vendor's files, and these.
with() { jq -c --argjson more "$1" '. + $more' "$WORK/vendors.json"; }
prepare() { "$LAB" mirror vendors >"$work/vendors.json"; }

# DOCA, whose modules DKMS builds on the builder, for the kernel of the image.
case_vendors_driver() {
	create "$VM" --size Standard_D2s_v5 --no-adapter --image ubuntu22.04
	put "$VM" "$top/build/ib-vmext" /usr/bin/ib-vmext
	words_of "$VM" >"$CASE_DIR/identity"
	with '{}' >"$CASE_DIR/settings"
	put "$VM" "$CASE_DIR/settings" /root/settings.json 600
	in_vm "$VM" ib-vmext bake --json --for "$SIZE" --settings /root/settings.json >"$CASE_DIR/bake" || fail "bake: $(cat "$CASE_DIR/bake")"
	jq -e '.plan.decision.route == "doca-ofed" and (.verify.checks | map(select(.id == "image-dkms:mlnx-ofed-kernel" and .ok)) | length == 1)' \
		"$CASE_DIR/bake" >/dev/null || fail "$(cat "$CASE_DIR/bake")"
	[ -z "$(sh_in "$VM" 'ls /sys/class/infiniband /var/lib/dkms/mok.key 2>/dev/null')" ] || fail "a module was loaded, or a key is left"
	image_of "$VM" "$CASE_DIR/root"
	want_general "$CASE_DIR/root" "$CASE_DIR/identity"
	vm delete "$VM" >/dev/null
	from_image "$CASE_DIR/root" --size "$SIZE" --image ubuntu22.04
	deploy "$VM-2" --settings "$(cat "$CASE_DIR/settings")"
	wait_for "$VM-2" --until success
	case $(status_of "$VM-2" .formattedMessage.message) in *"doca-ofed 3.2.1, baked into this image"*) ;; *) fail "not by the marker" ;; esac
	[ "$(installs "$VM-2")" = 0 ] && [ "$(journals "$VM-2")" = 0 ] || fail "something was changed"
	sh_in "$VM-2" '[ -e /sys/module/mlx_compat ]' || fail "the modules are not the vendor's"
	in_vm "$VM-2" ib-vmext verify >/dev/null || fail "verify"
}

# Another kernel than the baked one, and a package that is gone: said, and repaired.
case_another_kernel() {
	baked "$VM" "$CASE_DIR/root" 'dpkg -r rdma-core'
	vm delete "$VM" >/dev/null
	was=$(jq -r .kernel "$CASE_DIR/root/var/lib/ib-vmext/baked.json")
	mv "$CASE_DIR/root/usr/lib/modules/$was" "$CASE_DIR/root/usr/lib/modules/6.1.0-99-amd64"
	from_image "$CASE_DIR/root" --size "$SIZE"
	deploy "$VM-2"
	want_success "$VM-2"
	[ "$(installs "$VM-2")" -ge 1 ] || fail "nothing was repaired"
	case $(status_of "$VM-2" .formattedMessage.message) in
	*"did not fit this VM: the kernel is 6.1.0-99-amd64, and it was baked for $was"*) ;;
	*) fail "it does not say why: $(status_of "$VM-2" .formattedMessage.message)" ;;
	esac
	in_vm "$VM-2" test ! -e "$STATE/baked.json" || fail "the marker stays"
	receipt_of "$VM-2" | jq -e '.ofImage == false and (.installed | length == 2)' >/dev/null || fail "$(receipt_of "$VM-2")"
	sh_in "$VM-2" 'ib-vmext undo --json' >"$CASE_DIR/undo" || fail "undo: $(cat "$CASE_DIR/undo")"
}

# A VM whose adapter is of another generation than the image is for is done as any, and says so.
case_another_adapter() {
	baked "$VM" "$CASE_DIR/root"
	vm delete "$VM" >/dev/null
	from_image "$CASE_DIR/root" --size Standard_ND96isr_H100_v5
	deploy "$VM-2"
	wait_for "$VM-2" --until success
	case $(status_of "$VM-2" .formattedMessage.message) in
	*"did not fit this VM: the adapter is 15b3:101e, and it was baked for 15b3:101c"*) ;;
	*) fail "it does not say why: $(status_of "$VM-2" .formattedMessage.message)" ;;
	esac
}

case_refusals() {
	create "$VM" --size Standard_D2s_v5 --no-adapter --image ubuntu22.04
	put "$VM" "$top/build/ib-vmext" /usr/bin/ib-vmext
	refused() {
		want=$1 say=$2
		shift 2
		set +e
		in_vm "$VM" ib-vmext bake "$@" >"$CASE_DIR/out" 2>&1
		code=$?
		set -e
		[ "$code" = "$want" ] || fail "bake $*: $code, wanted $want: $(cat "$CASE_DIR/out")"
		grep -q "$say" "$CASE_DIR/out" || fail "bake $*: $(cat "$CASE_DIR/out")"
		note "$(cat "$CASE_DIR/out")"
	}
	refused 1 'neither a VM size' --for Standard_Nothing
	refused 1 'has no InfiniBand function' --for Standard_D2s_v5
	refused 12 'installed are: 6.8.0-1031-azure' --for "$SIZE" --kernel 9.9.9-azure
	refused 12 "$SIZE takes doca-ofed .*, CX3-Pro takes .*; eligible for all: " --for "$SIZE,CX3-Pro"
	in_vm "$VM" test ! -e "$STATE/receipt.json" || fail "a refusal left a receipt"
}

# An image that is baked twice has one entry; undo in the image takes all of it back.
case_baked_again_and_undone() {
	builder "$VM"
	bake "$VM"
	bake "$VM" "$SIZE,CX7"
	receipt_of "$VM" | jq -e '.ofImage and (.installed | length == 1)' >/dev/null || fail "$(receipt_of "$VM")"
	sh_in "$VM" "cat $STATE/baked.json" | jq -e '.generations == ["CX6","CX7"] and .pci == ["15b3:101c","15b3:101e"]' >/dev/null ||
		fail "$(sh_in "$VM" "cat $STATE/baked.json")"
	in_vm "$VM" ib-vmext undo --json >"$CASE_DIR/undo" || fail "undo: $(cat "$CASE_DIR/undo")"
	want_former "$VM"
	want_nothing_of_ours "$VM"
	in_vm "$VM" test ! -e "$STATE/baked.json" || fail "the marker stays"
}
