# tools/dev-lib.sh - what ./dev and tools/check share: packages, builds, the extension package. POSIX sh, sourced from the
# top of the repository.

# A package a line, so that a change is a line: what building needs ...
BUILD_PACKAGES="gcc libc6-dev meson ninja-build pkg-config libjansson-dev libsodium-dev libcmocka-dev zip unzip git
clang clang-format ca-certificates"
# ... what the lab needs ...
LAB_PACKAGES="libmicrohttpd-dev libssl-dev libgnutls28-dev openssl mmdebstrap debian-archive-keyring systemd-container
apt-utils gpg gpg-agent iproute2 kmod qemu-system-x86 qemu-utils e2fsprogs zstd curl make python3 util-linux procps"
# ... what packing needs: the other architecture, .deb, .rpm, SBOM, signatures ...
case $(uname -m) in aarch64) CROSS_PACKAGES="gcc-x86-64-linux-gnu libc6-dev-amd64-cross" ;; *) CROSS_PACKAGES="gcc-aarch64-linux-gnu libc6-dev-arm64-cross" ;; esac
PACKAGE_PACKAGES="$CROSS_PACKAGES rpm cpio jq minisign"
# ... and what the tests need besides.
TEST_PACKAGES="valgrind libclang-rt-14-dev llvm-14 strace libseccomp-dev jq binutils wget xz-utils bash groff-base"
# ... and some suites of the long tier alone.
AZ_PACKAGES="azure-cli"
DEPLOY_PACKAGES="ansible-core python3-yaml"
HEALTH_PACKAGES="ibsim-utils libumad2sim0 opensm infiniband-diags chromium fonts-dejavu-core"
BOOT_PACKAGES="secilc"
REVIEW_PACKAGES="qemu-user-static lintian"

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
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -q -y --no-install-recommends install $missing >/dev/null ||
		die "apt-get could not install:$missing"
}

# shellcheck disable=SC2086
setup_build() { install_packages $BUILD_PACKAGES; }
# shellcheck disable=SC2086
setup_all() { install_packages $BUILD_PACKAGES $LAB_PACKAGES; }
# shellcheck disable=SC2086
setup_package() { install_packages $BUILD_PACKAGES $PACKAGE_PACKAGES; }
# shellcheck disable=SC2086
setup_tests() { install_packages $BUILD_PACKAGES $LAB_PACKAGES $PACKAGE_PACKAGES $TEST_PACKAGES; }

# setup_npm DIR: the packages of DIR/package.json, from npm, for Node; prints the folder that they are in. Their own scripts are not run.
setup_npm() {
	{ command -v node && command -v npm; } >/dev/null || install_packages nodejs npm
	modules=${IB_LAB_CACHE:-/var/cache/ib-lab}
	[ -w "$modules" ] || modules=build
	modules=$(realpath "$modules")/npm-$(sha256sum <"$1/package.json" | cut -c1-12)
	if [ ! -d "$modules" ]; then
		part=$(mktemp -d "$modules.XXXXXX")
		cp "$1/package.json" "$part/"
		(cd "$part" && npm install --ignore-scripts --no-audit --no-fund --no-package-lock --legacy-peer-deps --omit=optional >log 2>&1) ||
			{ tail -5 "$part/log" >&2; rm -rf "$part"; die "npm could not install what $1 needs"; }
		mv -T "$part" "$modules" 2>/dev/null || rm -rf "$part"
	fi
	echo "$modules/node_modules"
}
setup_parsers() { setup_npm tests/deploy; }

# cloud-init and the Python that it needs, unpacked, not installed: on a machine it would act at the next boot. Prints the folder.
CLOUD_INIT_PACKAGES="cloud-init python3-attr python3-blinker python3-certifi python3-chardet python3-configobj python3-idna python3-jinja2
python3-json-pointer python3-jsonpatch python3-jsonschema python3-markupsafe python3-netifaces python3-oauthlib python3-pyrsistent
python3-requests python3-serial python3-six python3-urllib3 python3-yaml"
setup_cloud_init() {
	unpacked=${IB_LAB_CACHE:-/var/cache/ib-lab}
	[ -w "$unpacked" ] || unpacked=build
	version=$(apt-cache policy cloud-init | sed -n 's/^  Candidate: //p')
	unpacked=$(realpath "$unpacked")/cloud-init-$(echo "$version $CLOUD_INIT_PACKAGES" | sha256sum | cut -c1-12)
	if [ ! -d "$unpacked" ]; then
		part=$(mktemp -d "$unpacked.XXXXXX")
		mkdir "$part/deb" "$part/root"
		# shellcheck disable=SC2086
		(cd "$part/deb" && apt-get -q -o APT::Sandbox::User=root download $CLOUD_INIT_PACKAGES >"$part/log" 2>&1) ||
			{ tail -5 "$part/log" >&2; rm -rf "$part"; die "cloud-init could not be fetched"; }
		for deb in "$part"/deb/*.deb; do dpkg-deb -x "$deb" "$part/root"; done
		rm -rf "$part/root/lib" "$part/root/usr/lib/systemd"
		mv -T "$part/root" "$unpacked" 2>/dev/null || :
		rm -rf "$part"
	fi
	echo "$unpacked"
}

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
RELEASE_OPTIONS="-Doptimization=2 -Ddebug=false -Dstatic_pie=true -Dlab=false -Dtests=disabled"

build_release() {
	mkdir -p build
	# shellcheck disable=SC2086
	meson_build build/release $RELEASE_OPTIONS
	install -m 755 build/release/src/cli/ib-vmext build/ib-vmext
}

build_lab() {
	mkdir -p build
	meson_build build/debug
	install -m 755 build/debug/lab/ib-lab build/ib-lab
}

# The extension for this machine's architecture alone, for the lab: build/dist/ib-vmext-1.1.0.zip.
package() { build_release && packaging/make-zip build/release/src/cli/ib-vmext 1.1.0 build/dist; }

# build_cross PATCH: the same program for the other architecture.
build_cross() {
	packaging/cross-setup build/cross >/dev/null || die "the other architecture cannot be built for here"
	# shellcheck disable=SC2086
	[ -f "build/cross/release-$1/build.ninja" ] ||
		meson setup "build/cross/release-$1" --cross-file build/cross/cross.ini $RELEASE_OPTIONS -Dpatch="$1" >build/cross.log 2>&1 ||
		{ cat build/cross.log; die "meson setup build/cross/release-$1 failed"; }
	ninja -C "build/cross/release-$1" src/cli/ib-vmext >build/cross.log 2>&1 || { tail -20 build/cross.log; die "the build for the other architecture failed"; }
}

# package_all [--patch N] [--key FILE]: dist/: the extension for both architectures, .deb and .rpm for each, and beside each file its
# SBOM and signature. The same bytes for the same commit; the signatures too, where the key is the same.
package_all() {
	patch=0 key=lab
	while [ $# -gt 0 ]; do
		case $1 in
		--patch) patch=$2; shift 2 ;;
		--key) key=$2; shift 2 ;;
		*) die "package: unknown option $1" ;;
		esac
	done
	dir=build/release
	if [ "$patch" -ne 0 ]; then
		dir=build/release-$patch
		# shellcheck disable=SC2086
		meson_build "$dir" $RELEASE_OPTIONS -Dpatch="$patch"
	else
		build_release
	fi
	build_cross "$patch"
	cross=build/cross/release-$patch/src/cli/ib-vmext
	version=1.1.$patch
	rm -rf dist.new
	packaging/make-zip "$dir/src/cli/ib-vmext" "$version" dist.new "$cross" >/dev/null
	for binary in "$dir/src/cli/ib-vmext" "$cross"; do
		packaging/make-deb "$binary" "$dir/src/cli/manual" "$version" dist.new >/dev/null
		packaging/make-rpm "$binary" "$dir/src/cli/manual" "$version" dist.new >/dev/null
	done
	for file in dist.new/*.zip dist.new/*.deb dist.new/*.rpm; do packaging/make-sbom "$file" "$version"; done
	# One digest of this pins all; deploy/install.sh wants it beside itself.
	cp deploy/install.sh dist.new/
	(cd dist.new && sha256sum ib-vmext* install.sh >SHA256SUMS)
	packaging/sign "$key" dist.new/ib-vmext* dist.new/SHA256SUMS
	[ "$key" != lab ] || cp build/keys/lab.pub dist.new/lab.pub
	mkdir -p dist
	mv -f dist.new/* dist/
	rmdir dist.new
	ls dist
}
