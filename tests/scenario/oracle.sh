# tests/scenario/oracle.sh - is a VM in the state of its control? None of the product's code answers. POSIX sh, sourced.

# Paths that a VM's own layer holds, for the union of two VMs, NUL-separated.
layer_paths() {
	for layer_vm in "$@"; do
		(cd "$("$LAB" vm show "$layer_vm" --json | jq -r .dir)/upper" && find . -mindepth 1 -print0)
	done | tr '\0' '\n' | sed 's,^\.,,' | sort -u | tr '\n' '\0'
}

manifest() { "$LAB" vm shell "$1" -- python3 /root/manifest.py <"$2"; }

# Lines that differ and that no row of allowed-differences explains.
unexplained() {
	diff "$1" "$2" | grep '^[<>]' | while read -r sign path rest; do
		explained=
		while IFS='	' read -r globs why; do
			case $globs in '#'* | '') continue ;; esac
			set -f
			for glob in $globs; do
				# shellcheck disable=SC2254
				case $path in $glob) explained=1 ;; esac
			done
			set +f
		done <"$here/allowed-differences"
		[ -n "$explained" ] || echo "$sign $path $rest"
	done
}

# What apt makes when it starts, whatever it is asked.
apt_started() { sh_in "$1" '[ ! -e /usr/bin/apt-get ] || mkdir -p -m 700 /var/lib/apt/lists/partial /var/cache/apt/archives/partial'; }

# How dpkg verifies the files of a VM: in a cell those of the packages that came since the image, for what its layer does not hold is
# the image's, and what it holds is compared one by one.
dpkg_verify() {
	verify_layer=$("$LAB" vm show "$1" --json | jq -r .dir)/upper
	if [ -d "$verify_layer" ]; then
		find "$verify_layer/var/lib/dpkg/info" -type f -name '*.md5sums' -printf '%f\n' 2>/dev/null | sed 's/[.]md5sums$//' | sort | xargs -r echo dpkg -V
	else
		echo dpkg -V
	fi
}

# What is told by the system's own programs, one file. Of a worker that was killed systemd remembers the transient unit until the
# next boot. The agent makes slices when it has an extension.
told() {
	sh_in "$1" "verify='$(dpkg_verify "$1")'"'
	if [ -e /usr/bin/rpm ]; then rpm -qa | sort; echo "== rpm -V"; rpm -Va 2>&1; else
	dpkg-query -W -f "\${db:Status-Abbrev} \${Package} \${Version}\n"; echo "== audit"; dpkg --audit; echo "== dpkg -V"; $verify; echo "== manual"; apt-mark showmanual; echo "== auto"; apt-mark showauto; echo "== half"; ls /var/lib/dpkg/updates; fi
	[ ! -e /usr/bin/dnf ] || { echo "== wanted"; dnf -q -C repoquery --userinstalled | sort; }
	[ ! -e /var/lib/zypp/AutoInstalled ] || { echo "== auto"; grep -v "^#" /var/lib/zypp/AutoInstalled | sort; }
	echo "== units"; [ -d /run/systemd/system ] && SYSTEMD_BUS_TIMEOUT=600 systemctl list-unit-files --no-pager --no-legend | grep -v -e "^ib-vmext-worker-.* transient" -e "^ib-vmext-ipoib@.service" -e "^azure[a-z-]*[.]slice" | sort' || :
}

# The loaded modules, sorted: lsmod's, or /sys/module's where the host's kernel has no /proc/modules to lay ours over.
modules_of() {
	sh_in "$1" 'lsmod 2>/dev/null | awk "NR > 1 { print \$1 }" | grep . || for f in /sys/module/*/initstate; do f=${f%/initstate}; echo "${f##*/}"; done' | sort
}

# modules_equal VM CONTROL: a loaded module is never unloaded before the next boot, so the former state may still have those of
# the new one.
modules_equal() {
	modules_of "$1" >"$CASE_DIR/modules"
	if [ "${2%-success}" = "$2" ]; then
		sort -u "$WORK/modules-${2%-*}-former" "$WORK/modules-${2%-*}-success" | comm -23 "$CASE_DIR/modules" - >"$CASE_DIR/modules-diff"
	else
		diff "$WORK/modules-$2" "$CASE_DIR/modules" >"$CASE_DIR/modules-diff" || :
	fi
	[ ! -s "$CASE_DIR/modules-diff" ] || { echo "loaded modules differ from $2:"; cat "$CASE_DIR/modules-diff"; return 1; }
}

# equals VM CONTROL: fails, showing what differs.
equals() {
	layer_paths "$1" "$2" >"$CASE_DIR/paths"
	manifest "$1" "$CASE_DIR/paths" >"$CASE_DIR/mine"
	manifest "$2" "$CASE_DIR/paths" >"$CASE_DIR/control"
	bad=$(unexplained "$CASE_DIR/control" "$CASE_DIR/mine")
	[ -z "$bad" ] || { echo "files differ from $2:"; echo "$bad" | head -30; return 1; }
	told "$1" >"$CASE_DIR/told"
	diff "$WORK/told-$2" "$CASE_DIR/told" >"$CASE_DIR/told-diff" ||
		{ echo "dpkg, marks or units differ from $2:"; head -30 "$CASE_DIR/told-diff"; return 1; }
	modules_equal "$1" "$2"
}

# The controls of an image: one on which nothing was done, and the plain package manager and modprobe, nothing of ours.
# control-IMAGE-untouched, -former (installed and removed again) and -success.
MODULES="mlx5_ib ib_uverbs ib_umad rdma_ucm ib_ipoib"
plain() {
	case $1 in
	debian12) PLAIN="rdma-core ibverbs-providers infiniband-diags perftest" ;;
	sles15) PLAIN="rdma-core libibverbs-utils infiniband-diags" ;;
	*) PLAIN="rdma-core libibverbs libibverbs-utils librdmacm-utils infiniband-diags perftest" ;;
	esac
	case $1 in
	debian12)
		APT="env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o Dpkg::Use-Pty=0 --no-install-recommends"
		INSTALL="apt-get -q update >/dev/null && $APT install $PLAIN" REMOVE="$APT purge --auto-remove $PLAIN"
		;;
	sles15) INSTALL="zypper -n --gpg-auto-import-keys install --no-recommends $PLAIN" REMOVE="zypper -n remove --clean-deps $PLAIN" ;;
	*) INSTALL="dnf -y -q install $PLAIN" REMOVE="dnf -y -q remove $PLAIN" ;;
	esac
}
told_of_control() {
	told "control-$1-$2" >"$work/told-control-$1-$2" && modules_of "control-$1-$2" >"$work/modules-control-$1-$2"
}
# control KIND IMAGE STATE
control() {
	control_vm=control-$1-$3
	create "$control_vm" --no-agent --image "$2"
	put "$control_vm" "$here/manifest.py" /root/manifest.py
	apt_started "$control_vm"
	case $3 in
	former) if vendor_kind "$1"; then CASE_DIR=$work came_and_left "$control_vm" "$2"; else sh_in "$control_vm" "{ $INSTALL && $REMOVE; } >/dev/null"; fi ;;
	success) sh_in "$control_vm" "$INSTALL >/dev/null && modprobe -S \$(cat /proc/sys/kernel/osrelease) -a $MODULES" ;;
	esac && told_of_control "$1" "$3"
}
# make_controls KIND IMAGE: the success of a vendor's kind is another matter.
make_controls() {
	plain "$1"
	control "$1" "$2" untouched && control "$1" "$2" former && { vendor_kind "$1" || control "$1" "$2" success; }
}

# ---- of the vendors' routes -----------------------------------------------------------------------------------------------------

# Of the kinds of the kill tests, those of a vendor.
vendor_kind() { case $1 in doca | mlnx) ;; *) return 1 ;; esac; }

# with JSON: the settings that use the stand-ins of the vendors' files ($WORK/vendors.json), and these.
with() { jq -c --argjson more "$1" '. + $more' "$WORK/vendors.json"; }

# came_and_left VM IMAGE: there packages of the distribution come and leave, by its package manager alone: those whose group stays on
# Ubuntu, and what compiling needs.
came_and_left() {
	case $2 in
	ubuntu* | debian*) sh_in "$1" 'export DEBIAN_FRONTEND=noninteractive
		packages="rdma-core ibverbs-providers"
		apt-get -q update && apt-get -y -q --no-install-recommends install $packages && apt-get -y -q purge --auto-remove $packages' ;;
	*) sh_in "$1" 'packages="gcc make dkms elfutils-libelf-devel kernel-devel-$(uname -r)"
		$(command -v dnf || echo yum) -q -y install $packages && $(command -v dnf || echo yum) -q -y remove $packages' ;;
	esac >"$CASE_DIR/control-packages" 2>&1 || fail "$(tail -3 "$CASE_DIR/control-packages")"
}

# draw RUN WHICH LIMIT: a number from 0 to LIMIT-1, the same for the same $SEED. awk takes all seeds from 2^31 on for the same one.
draw() { awk -v s="$SEED" -v r="$1" -v w="$2" -v n="$3" 'BEGIN { srand(s % 100003 * 7919 + r * 31 + w); rand(); print int(rand() * n) }'; }
draws_differ() { [ "$(for draw_run in 1 2 3 4 5 6 7 8; do draw $draw_run 1 1000000; done | sort -u | wc -l)" = 8 ] || { echo "each run would draw the same"; return 1; }; }
pause() { sleep "$(awk -v ms="$1" 'BEGIN { print ms / 1000 }')"; }
