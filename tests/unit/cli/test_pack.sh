#!/bin/sh
# tests/unit/cli/test_pack.sh IB-VMEXT MAKE-KEY - the verb pack, as a shell has it: packs made of one world, held against others.
set -eu
export LC_ALL=C

vmext=$1 make_key=$2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
release=6.14.0-1014-azure
name=ib-vmext-pack_doca-ofed-3.2.3_${release}_x86_64.tar

run_verb()
{
	verb_world=$1
	shift
	"$vmext" --world "$tmp/$verb_world" --settings "$tmp/trust.json" pack "$@"
}
. "${0%/*}/expect.sh"

# module PATH RELEASE: what is read of a module is its text.
module()
{
	mkdir -p "${1%/*}"
	printf 'license=Dual BSD/GPL\0srcversion=1234ABCD\0vermagic=%s SMP mod_unload modversions \0' "$2" >"$1"
}

world()
{
	root=$tmp/$1/root
	mkdir -p "$root/etc" "$root/proc" "$root/boot" "$root/packs" "$root/var/lib/dpkg" "$root/usr/bin"
	printf '{"schema":"ib-vmext/world/1","kernel":{"release":"%s","machine":"x86_64"},"imds":null}\n' "$release" >"$tmp/$1/world.json"
	printf 'ID=ubuntu\nVERSION_ID="24.04"\nID_LIKE=debian\n' >"$root/etc/os-release"
	printf 'Linux version %s (buildd@host) (x86_64-linux-gnu-gcc-13 (Ubuntu 13.3.0) 13.3.0, GNU ld 2.42) #14 SMP Mon\n' \
		"$release" >"$root/proc/version"
	echo CONFIG_MODULES=y >"$root/boot/config-$release"
	: >"$root/usr/bin/apt-get"
	modules=$root/lib/modules/$release
	mkdir -p "$modules"
	: >"$modules/modules.builtin"
	echo 'kernel/ib_core.ko:' >"$modules/modules.dep"
	module "$modules/kernel/ib_core.ko" "$release"
}

world made
printf 'Package: %s\nStatus: install ok installed\nVersion: %s\n\n' doca-ofed 3.2.3 mlnx-ofed-kernel-utils 25.10 \
	>"$tmp/made/root/var/lib/dpkg/status"
dkms=$tmp/made/root/var/lib/dkms/mlnx-ofed-kernel
build=$dkms/25.10/$release/x86_64
module "$build/module/mlx5_core.ko" "$release"
module "$build/module/mlx5_ib.ko" "$release"
ln -s "25.10/$release/x86_64" "$dkms/kernel-$release-x86_64"
module "$modules/updates/dkms/mlx5_core.ko" "$release"
module "$modules/updates/dkms/mlx5_ib.ko" "$release"
xz "$modules/updates/dkms/mlx5_ib.ko"
module "$modules/updates/dkms/nvidia.ko" "$release"
module "$modules/extra/mlnx-ofa_kernel/drivers/mlx_compat.ko" "$release"
ln -s ../dkms/mlx5_core.ko "$modules/updates/mlx5_core.ko"

key=$("$make_key" "$tmp/secret.key")
printf '{"trustedKeys": ["%s"]}\n' "$key" >"$tmp/trust.json"

# In a world only what is recorded can be unpacked.
expect 14 'mlx5_ib.ko.xz cannot be unpacked' made make "$tmp"
unxz "$modules/updates/dkms/mlx5_ib.ko.xz"

# Three modules, not nvidia's, not a link; the same bytes each time.
expect 0 '3 modules of doca-ofed 3.2.3' made make "$tmp" --key "$tmp/secret.key"
tar -tf "$tmp/$name" >"$tmp/list"
printf '%s\n' manifest.json "lib/modules/$release/extra/mlnx-ofa_kernel/drivers/mlx_compat.ko" \
	"lib/modules/$release/updates/dkms/mlx5_core.ko" "lib/modules/$release/updates/dkms/mlx5_ib.ko" | cmp - "$tmp/list" ||
	fail "the archive holds other files"
mkdir "$tmp/again" "$tmp/unpacked"
touch -a "$modules/updates/dkms/mlx5_core.ko"
expect 0 '"signed": true' made make "$tmp/again" --key "$tmp/secret.key" --json
cmp "$tmp/$name" "$tmp/again/$name" || fail "two packs of the same modules differ"
tar -xf "$tmp/$name" -C "$tmp/unpacked"
cmp "$modules/updates/dkms/mlx5_core.ko" "$tmp/unpacked/lib/modules/$release/updates/dkms/mlx5_core.ko" || failed=1

# On a machine of the same kind, and on others.
world fresh
expect 0 'fits' fresh check "$tmp/$name"
expect 0 '"why": null' fresh check "$tmp/$name" --json
echo CONFIG_OTHER=y >>"$root/boot/config-$release"
expect 14 "digest of the kernel's configuration" fresh check "$tmp/$name"
world fresh
sed -i 's/#14 /#15 /' "$root/proc/version"
expect 14 'build of the kernel: it is for #14 SMP Mon, this is #15 SMP Mon' fresh check "$tmp/$name"
world fresh
sed -i 's/24.04/22.04/' "$root/etc/os-release"
expect 14 'version of the distribution: it is for 24.04, this is 22.04' fresh check "$tmp/$name"
world fresh

# Nothing but what was signed, by somebody who is trusted.
for part in 100 1200 5000; do
	cp "$tmp/$name" "$tmp/changed.tar"
	cp "$tmp/$name.minisig" "$tmp/changed.tar.minisig"
	printf X | dd of="$tmp/changed.tar" bs=1 seek="$part" conv=notrunc status=none
	expect 14 '(pack-unusable)' fresh check "$tmp/changed.tar"
done
rm "$tmp/changed.tar.minisig"
expect 14 'it is not signed' fresh check "$tmp/again/../changed.tar"
"$make_key" "$tmp/other.key" >"$tmp/other.pub"
expect 0 '3 modules' made make "$tmp/again" --key "$tmp/other.key"
expect 14 'not among the 1 trusted here' fresh check "$tmp/again/$name"
expect 0 'It is not signed' made make "$tmp/again"
[ ! -e "$tmp/again/$name.minisig" ] || fail "the former signature stays"

# Lists.
cp "$tmp/$name" "$tmp/$name.minisig" "$tmp/fresh/root/packs/"
cp "$tmp/again/$name" "$tmp/fresh/root/packs/ib-vmext-pack_unsigned.tar"
echo no pack >"$tmp/fresh/root/packs/ib-vmext-pack_text.tar"
expect 0 "fits    $name" fresh list /packs
expect 0 'it is not signed' fresh list /packs
expect 0 'it is no pack: it does not begin with a manifest' fresh list /packs
expect 0 '"fits": true' fresh list /packs --json
expect 0 'There is no pack' fresh list /nowhere
expect 1 'pack list needs a directory' fresh list

# What is served from an address: the list of it is made with each pack, and by itself; without a key a former signature goes.
mkdir "$tmp/served"
expect 0 '3 modules' made make "$tmp/served" --key "$tmp/secret.key"
[ "$(jq -r '.packs[] | .file, .modules, .kernel.release' "$tmp/served/ib-vmext-packs.json" | tr '\n' ' ')" = "$name 3 $release " ] ||
	fail "the list is another"
[ "$(jq -r '.packs[0].sha256' "$tmp/served/ib-vmext-packs.json")" = "$(sha256sum <"$tmp/served/$name" | cut -c1-64)" ] ||
	fail "the list has another digest"
[ -s "$tmp/served/ib-vmext-packs.json.minisig" ] || fail "the list is not signed"
cp "$tmp/again/$name" "$tmp/served/ib-vmext-pack_second.tar"
echo no pack >"$tmp/served/ib-vmext-pack_text.tar"
expect 0 '2 packs' made index "$tmp/served"
[ ! -e "$tmp/served/ib-vmext-packs.json.minisig" ] || fail "the former signature of the list stays"
expect 0 '"packs": 2' made index "$tmp/served" --key "$tmp/secret.key" --json
expect 1 'signing-key' made index "$tmp/served" --key "$tmp/nothing.key"
expect 1 'needs settings whose prebuilt is a web address' fresh fetch

# Used wrongly.
expect 1 'there are make, index, list, fetch and check' fresh lst
expect 1 'wrong number of arguments' fresh check
expect 1 '(pack-unreadable)' fresh check "$tmp/none.tar"
expect 1 '(signing-key)' made make "$tmp" --key "$tmp/other.pub"
expect 14 'the driver here is' fresh make "$tmp"
module "$tmp/made/root/lib/modules/$release/updates/dkms/mlx5_ib.ko" 6.14.0-1013-azure
expect 14 'is for kernel 6.14.0-1013-azure' made make "$tmp"

[ "$failed" -eq 0 ] && echo "pack: all as it should be"
exit "$failed"
