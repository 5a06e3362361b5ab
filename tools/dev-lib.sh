# tools/dev-lib.sh - what ./dev and tools/check share: packages, builds, the extension package. POSIX sh, sourced from the
# top of the repository.

# A package a line, so that a change is a line: what building needs ...
BUILD_PACKAGES="gcc libc6-dev meson ninja-build pkg-config libjansson-dev libsodium-dev libcmocka-dev zip unzip git
clang clang-format ca-certificates"
# ... what the lab needs ...
LAB_PACKAGES="libmicrohttpd-dev libssl-dev libgnutls28-dev openssl mmdebstrap debian-archive-keyring systemd-container
apt-utils gpg gpg-agent iproute2 kmod qemu-system-x86 qemu-utils e2fsprogs zstd curl make python3 util-linux procps"
# ... and what the tests need besides.
TEST_PACKAGES="valgrind libclang-rt-14-dev llvm-14 strace libseccomp-dev jq binutils wget xz-utils
azure-cli
bash groff-base"

say() { printf '%s\n' "-- $*" >&2; }
die() { printf '%s\n' "dev: $*" >&2; exit 1; }

as_root() {
	if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Install those of the packages that are not there yet.
install_packages() {
	missing=
	for p in "$@"; do
		case $(dpkg-query -W -f '${db:Status-Abbrev}' "$p" 2>/dev/null) in
		ii*) ;;
		*) missing="$missing $p" ;;
		esac
	done
	[ -n "$missing" ] || return 0
	command -v apt-get >/dev/null || die "these packages are missing, and there is no apt-get to install them:$missing"
	say "installing:$missing"
	as_root apt-get -q update >/dev/null 2>&1 || say "apt-get update did not end well, going on with the lists that are there"
	# shellcheck disable=SC2086
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install $missing >/dev/null ||
		die "apt-get could not install:$missing"
}

# shellcheck disable=SC2086
setup_build() { install_packages $BUILD_PACKAGES; }
# shellcheck disable=SC2086
setup_all() { install_packages $BUILD_PACKAGES $LAB_PACKAGES; }
# shellcheck disable=SC2086
setup_tests() { install_packages $BUILD_PACKAGES $LAB_PACKAGES $TEST_PACKAGES; }

# meson_build DIR [meson options]: configure once, then build.
meson_build() {
	dir=$1
	shift
	if [ ! -f "$dir/build.ninja" ]; then
		meson setup "$dir" "$@" >"$dir.log" 2>&1 || { cat "$dir.log"; die "meson setup $dir failed"; }
	fi
	ninja -C "$dir" >"$dir.log" 2>&1 || { grep -E 'error|FAILED|warning|undefined' "$dir.log" | head -40; die "the build in $dir failed: see $dir.log"; }
}

# The release form: one static-PIE binary, the very file that is packed and demonstrated.
build_release() {
	mkdir -p build
	meson_build build/release -Doptimization=2 -Ddebug=false -Dstatic_pie=true -Dlab=false -Dtests=disabled
	install -m 755 build/release/src/cli/ib-vmext build/ib-vmext
}

build_lab() {
	mkdir -p build
	meson_build build/debug
	install -m 755 build/debug/lab/ib-lab build/ib-lab
}

# package [--patch N]: dist/ib-vmext-1.1.N.zip, the same bytes for the same commit.
package() {
	patch=0
	while [ $# -gt 0 ]; do
		case $1 in
		--patch) patch=$2; shift 2 ;;
		*) die "package: unknown option $1" ;;
		esac
	done
	dir=build/release
	if [ "$patch" -ne 0 ]; then
		dir=build/release-$patch
		meson_build "$dir" -Doptimization=2 -Ddebug=false -Dstatic_pie=true -Dlab=false -Dtests=disabled -Dpatch="$patch"
	else
		build_release
	fi
	packaging/make-zip "$dir/src/cli/ib-vmext" "1.1.$patch" dist
}
