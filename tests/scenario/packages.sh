# What `./dev package` makes: the same bytes wherever it is made, signed, listed, for both architectures; installed, used and removed
# by the real dpkg, rpm and dnf in the lab's cells. The program for the other architecture is run under qemu-user.

cases() {
	cat <<'CASES'
reproducible
signed_and_listed
no_complaints
other_architecture
deb_debian12
deb_ubuntu2204
rpm_el9
zip_by_the_agent
CASES
}

prepare() {
	(cd "$top" && . tools/dev-lib.sh && package_all >/dev/null && build_release) || return 1
	mkdir "$PACKED" && cp "$top"/dist/ib-vmext?1.1.0* "$top/dist/lab.pub" "$top"/dist/SHA256SUMS* "$top/dist/install.sh" "$PACKED/" || return 1
	# The one that the agent gets in the last case.
	cp "$PACKED/ib-vmext-1.1.0.zip" "$work/dist/"
	# The next version, to upgrade to.
	mkdir "$work/newer" && (
		cd "$top" && packaging/make-deb build/release-1/src/cli/ib-vmext build/release-1/src/cli/manual 1.1.1 "$work/newer" &&
			packaging/make-rpm build/release-1/src/cli/ib-vmext build/release-1/src/cli/manual 1.1.1 "$work/newer"
	) >/dev/null
}

deb_arch() { case $(uname -m) in aarch64) echo arm64 ;; *) echo amd64 ;; esac; }
PACKED=${WORK:-$work}/packed
DEB=ib-vmext_1.1.0_$(deb_arch).deb
RPM=ib-vmext-1.1.0-1.$(uname -m).rpm
PACKAGES="ib-vmext-1.1.0.zip ib-vmext_1.1.0_amd64.deb ib-vmext_1.1.0_arm64.deb ib-vmext-1.1.0-1.x86_64.rpm ib-vmext-1.1.0-1.aarch64.rpm"

# A copy of what is in the tree, changes that are not committed included, at another place, for another user of another country.
case_reproducible() {
	copy=$CASE_DIR/some/where/else
	mkdir -p "$copy"
	git clone -q "$top" "$copy/checkout"
	(cd "$top" && git diff --binary HEAD) | (cd "$copy/checkout" && git apply --allow-empty)
	(cd "$top" && git ls-files -o --exclude-standard -z | tar -c --null -T -) | tar -x -C "$copy/checkout"
	mkdir -p "$copy/checkout/build/keys"
	cp "$top/build/keys/lab.key" "$top/build/keys/lab.pub" "$copy/checkout/build/keys/"
	(cd "$copy/checkout" && umask 077 && HOME=$CASE_DIR TZ=Asia/Tokyo LC_ALL=C.UTF-8 SOURCE_DATE_EPOCH=1 ./dev package >/dev/null)
	(cd "$PACKED" && sha256sum -- ib-vmext* SHA256SUMS*) >"$CASE_DIR/digests"
	[ "$(wc -l <"$CASE_DIR/digests")" -eq 22 ] || fail "not 22 files: $(cat "$CASE_DIR/digests")"
	(cd "$copy/checkout/dist" && sha256sum --quiet -c "$CASE_DIR/digests") || fail "not the same bytes"
}

# inside FILE DIR: what is in it, by other programs than those that listed it.
inside() {
	case $1 in
	*.zip) python3 -m zipfile -e "$1" "$2" ;;
	*.deb) dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" ;;
	*.rpm) python3 - "$1" <<'PY' | cpio -idm --quiet -D "$2" ;;
import gzip, sys
data = open(sys.argv[1], 'rb').read()
sys.stdout.buffer.write(gzip.decompress(data[data.index(b'\x1f\x8b\x08', data.index(b'gzip')):]))
PY
	esac
}

case_signed_and_listed() {
	cd "$PACKED"
	for file in $PACKAGES; do
		for one in "$file" "$file.spdx.json"; do
			minisign -V -q -p lab.pub -m "$one" || fail "$one: the signature"
			minisign -V -Q -p lab.pub -m "$one" | grep -qx "file:$one" || fail "$one: the comment is of another file"
		done
		(cat "$file" && echo) >"$CASE_DIR/changed"
		if minisign -V -q -p lab.pub -x "$file.minisig" -m "$CASE_DIR/changed" 2>/dev/null; then fail "$file: a changed file passes"; fi
		mkdir "$CASE_DIR/$file"
		inside "$file" "$CASE_DIR/$file"
		(cd "$CASE_DIR/$file" && find . -type f -exec sha256sum {} + | sort) >"$CASE_DIR/there"
		jq -r '.files[] | (.checksums[] | select(.algorithm == "SHA256") | .checksumValue) + "  " + .fileName' "$file.spdx.json" | sort >"$CASE_DIR/told"
		[ "$(wc -l <"$CASE_DIR/there")" -ge 4 ] || fail "$file holds little"
		diff "$CASE_DIR/there" "$CASE_DIR/told" || fail "$file: its SBOM tells something else"
		[ "$(jq -r '.packages[0].checksums[0].checksumValue' "$file.spdx.json")" = "$(sha256sum <"$file" | cut -d' ' -f1)" ] || fail "$file: its digest"
		jq -e '.spdxVersion == "SPDX-2.3" and ([.packages[1:][] | select((.versionInfo | test("^[0-9]+[.][0-9.]+$")) and .licenseDeclared != null) | .name]
			| unique == ["glibc", "jansson", "libgcc", "libsodium"]) and ([.relationships[].relatedSpdxElement] - [.packages[].SPDXID, .files[].SPDXID] == [])' \
			"$file.spdx.json" >/dev/null || fail "$file: the SBOM lacks something"
	done
	minisign -V -q -p lab.pub -m SHA256SUMS || fail "the signature of SHA256SUMS"
	sha256sum --quiet -c SHA256SUMS || fail "SHA256SUMS"
	[ "$(wc -l <SHA256SUMS)" -eq 11 ] || fail "SHA256SUMS does not have all files"
	# A releaser's own key.
	minisign -G -W -s "$CASE_DIR/own.key" -p "$CASE_DIR/own.pub" >/dev/null
	cp ib-vmext-1.1.0.zip "$CASE_DIR/own.zip"
	"$top/packaging/sign" "$CASE_DIR/own.key" "$CASE_DIR/own.zip"
	minisign -V -q -p "$CASE_DIR/own.pub" -m "$CASE_DIR/own.zip" || fail "the signature of an own key"
	[ "$(unzip -Z1 ib-vmext-1.1.0.zip | tr '\n' ' ')" = "HandlerManifest.json LICENSE bin/ib-vmext-aarch64 bin/ib-vmext-x86_64 " ] ||
		fail "in the zip: $(unzip -Z1 ib-vmext-1.1.0.zip)"
}

case_no_complaints() {
	for file in "$PACKED"/*.deb; do
		said=$(lintian --allow-root --fail-on warning,error "$file" 2>&1) || fail "lintian: $said"
	done
	for file in "$PACKED"/*.rpm; do
		rpm -K --nosignature "$file" | grep -q 'digests OK' || fail "$file: digests"
		# No feature that rpm of RHEL 7 lacks, no library, and programs that every distribution has.
		rpm -qp --requires "$file" | sort -u | tr '\n' ';' >"$CASE_DIR/requires"
		[ "$(cat "$CASE_DIR/requires")" = "/bin/sh;kmod;rpmlib(CompressedFileNames) <= 3.0.4-1;rpmlib(FileDigests) <= 4.6.0-1;rpmlib(PayloadFilesHavePrefix) <= 4.0-1;" ] ||
			fail "$file requires $(cat "$CASE_DIR/requires")"
		rpm -qp --qf '%{BUILDHOST} %{PAYLOADCOMPRESSOR}\n' "$file" | grep -qx 'localhost gzip' || fail "$file: builder or compressor"
	done
	mkdir "$CASE_DIR/root"
	dpkg-deb -x "$PACKED/$DEB" "$CASE_DIR/root"
	for page in "$CASE_DIR"/root/usr/share/man/man*/*.gz; do
		said=$(gzip -dc "$page" | groff -man -Tutf8 -ww -z 2>&1)
		[ -z "$said" ] || fail "$page: $said"
	done
	[ "$(find "$CASE_DIR"/root/usr/share/man -name '*.gz' | wc -l)" -eq 2 ] || fail "not two pages"
}

# Each third world is judged by both programs: the same answer, byte for byte.
case_other_architecture() {
	case $(uname -m) in x86_64) other=aarch64 ;; *) other=x86_64 ;; esac
	mkdir "$CASE_DIR/zip"
	unzip -q "$PACKED/ib-vmext-1.1.0.zip" -d "$CASE_DIR/zip"
	mine=$CASE_DIR/zip/bin/ib-vmext-$(uname -m) its=$CASE_DIR/zip/bin/ib-vmext-$other
	readelf -hW "$its" | grep -q 'DYN ' && ! readelf -lW "$its" | grep -q INTERP && ! readelf -dW "$its" | grep -q NEEDED || fail "not static-PIE"
	[ "$("qemu-$other-static" "$its" --version)" = "$("$mine" --version)" ] || fail "--version"
	"$mine" --version | grep -qE "^ib-vmext 1\.1\.0, commit [0-9a-f]{12}(\+changes)?, catalogue [0-9.]+$" || fail "$("$mine" --version)"
	cat >"$CASE_DIR/both" <<'SH'
for world in "$@"; do
	for verb in facts plan; do
		"$MINE" --json --world "$world" $verb >"$OUT.mine.$$" 2>&1; a=$?
		"$QEMU" "$ITS" --json --world "$world" $verb >"$OUT.its.$$" 2>&1; b=$?
		if [ $a = $b ] && cmp -s "$OUT.mine.$$" "$OUT.its.$$" && [ -s "$OUT.its.$$" ]; then echo same; else echo "$world $verb: $a, $b"; fi
	done
done
SH
	find "$top/tests/worlds" -mindepth 2 -maxdepth 2 -name world.json | sort | awk 'NR % 3 == 1' | xargs -n1 dirname |
		OUT=$CASE_DIR/out MINE=$mine ITS=$its QEMU=qemu-$other-static xargs -P 2 -n 20 sh "$CASE_DIR/both" >"$CASE_DIR/answers"
	if grep -v '^same$' "$CASE_DIR/answers"; then fail "they do not agree"; fi
	note "$(grep -c same "$CASE_DIR/answers") answers are the same"
	[ "$(grep -c same "$CASE_DIR/answers")" -ge 170 ] || fail "few answers"
}

installed() { [ "$(in_vm "$1" ib-vmext status --json | jq -r .state)" = installed ]; }
# by_hand VM: what is installed works: told of the machine, the unit does the work, and only where it is asked to.
by_hand() {
	[ "$(in_vm "$1" ib-vmext --version)" = "$("$top/build/ib-vmext" --version)" ] || fail "another program"
	[ "$(in_vm "$1" ib-vmext facts --json | jq -r .vm.size)" = Standard_HB120rs_v3 ] || fail "facts"
	if [ "$(sh_in "$1" 'systemctl is-enabled ib-vmext || :')" != disabled ]; then fail "the unit is enabled by itself"; fi
	said=$(sh_in "$1" 'systemd-analyze --man=no verify /usr/lib/systemd/system/ib-vmext.service 2>&1 | grep ib-vmext || :')
	[ -z "$said" ] || fail "the unit is not well-formed: $said"
	sh_in "$1" 'echo "{\"driver\": \"inbox\"}" >/etc/ib-vmext/settings.json && systemctl enable -q ib-vmext && systemctl start ib-vmext'
	wait_until 120 installed "$1"
	in_vm "$1" ib-vmext verify >/dev/null || fail "verify"
}

# deb IMAGE: from install over upgrade to removal, by dpkg.
deb() {
	create "$VM" --image "$1"
	put "$VM" "$PACKED/$DEB" "/root/$DEB" 644
	put "$VM" "$WORK/newer/ib-vmext_1.1.1_$(deb_arch).deb" /root/newer.deb 644
	in_vm "$VM" dpkg -i "/root/$DEB" || fail "dpkg -i"
	[ -z "$(in_vm "$VM" dpkg -V ib-vmext)" ] || fail "not what was packed: $(in_vm "$VM" dpkg -V ib-vmext)"
	by_hand "$VM"
	in_vm "$VM" dpkg -i /root/newer.deb || fail "the upgrade"
	in_vm "$VM" ib-vmext --version | grep -q '^ib-vmext 1\.1\.1,' || fail "not upgraded"
	sh_in "$VM" 'grep -q inbox /etc/ib-vmext/settings.json && systemctl -q is-enabled ib-vmext' || fail "settings or unit are not kept"
	# What a run has put on the disk is not the package's.
	sh_in "$VM" 'dpkg -L ib-vmext | grep -v ^/etc | while read -r f; do [ ! -f "$f" ] || echo "$f"; done' >"$CASE_DIR/brought"
	[ "$(wc -l <"$CASE_DIR/brought")" -ge 7 ] || fail "few files: $(cat "$CASE_DIR/brought")"
	in_vm "$VM" dpkg -r ib-vmext >"$CASE_DIR/said" || fail "dpkg -r"
	grep -q 'can undo it' "$CASE_DIR/said" || fail "nothing about the driver that stays: $(cat "$CASE_DIR/said")"
	while read -r path; do
		if in_vm "$VM" test -f "$path" </dev/null; then fail "left: $path"; fi
	done <"$CASE_DIR/brought"
	want_port "$VM"
	in_vm "$VM" dpkg -i "/root/$DEB" >/dev/null || fail "once more"
	in_vm "$VM" ib-vmext undo >/dev/null || fail "undo"
	if in_vm "$VM" dpkg-query -W rdma-core 2>/dev/null | grep -q '[0-9]'; then fail "undo left rdma-core"; fi
	in_vm "$VM" dpkg -P ib-vmext || fail "dpkg -P"
	[ -z "$(sh_in "$VM" 'find /usr /etc -name "*ib-vmext*"')" ] || fail "left after purge: $(sh_in "$VM" 'find /usr /etc -name "*ib-vmext*"')"
	[ -z "$(in_vm "$VM" dpkg --audit)" ] || fail "dpkg --audit speaks"
}
case_deb_debian12() { deb debian12; }
case_deb_ubuntu2204() { deb ubuntu22.04; }

case_rpm_el9() {
	create "$VM" --image el9
	put "$VM" "$PACKED/$RPM" "/root/$RPM" 644
	put "$VM" "$WORK/newer/ib-vmext-1.1.1-1.$(uname -m).rpm" /root/newer.rpm 644
	in_vm "$VM" dnf -q -y --setopt=localpkg_gpgcheck=0 install "/root/$RPM" || fail "dnf install"
	[ -z "$(in_vm "$VM" rpm -V ib-vmext)" ] || fail "not what was packed: $(in_vm "$VM" rpm -V ib-vmext)"
	by_hand "$VM"
	in_vm "$VM" rpm -U /root/newer.rpm || fail "the upgrade"
	in_vm "$VM" ib-vmext --version | grep -q '^ib-vmext 1\.1\.1,' || fail "not upgraded"
	sh_in "$VM" 'grep -q inbox /etc/ib-vmext/settings.json && systemctl -q is-enabled ib-vmext' || fail "settings or unit are not kept"
	in_vm "$VM" ib-vmext undo >/dev/null || fail "undo"
	in_vm "$VM" dnf -q -y remove ib-vmext || fail "dnf remove"
	[ "$(sh_in "$VM" 'find /usr /etc -name "*ib-vmext*" | tr "\n" " "')" = "/etc/ib-vmext " ] || fail "left: $(sh_in "$VM" 'find /usr /etc -name "*ib-vmext*"')"
}

# The zip of both architectures is what the real agent unpacks and runs.
case_zip_by_the_agent() {
	create "$VM"
	deploy "$VM"
	want_success "$VM"
	[ "$(sh_in "$VM" 'ls /var/lib/waagent/Microsoft.HpcCompute.InfiniBandDriverLinux-*/bin | tr "\n" " "')" = "ib-vmext-aarch64 ib-vmext-x86_64 " ] || fail "another package"
}
