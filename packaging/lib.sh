# packaging/lib.sh - what the makers of packages share. POSIX sh, sourced with $top set.

# Times of the last commit, so that the same sources give the same bytes.
SOURCE_DATE_EPOCH=$(git -C "$top" log -1 --format=%ct 2>/dev/null || echo 315532800)
export SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC

# arch_of BINARY: its architecture, as uname -m has it, from the ELF header.
arch_of() {
	case $(od -An -tx1 -j18 -N2 "$1" | tr -d ' \n') in
	3e00) echo x86_64 ;;
	b700) echo aarch64 ;;
	*) echo "packaging: $1 is of no architecture that is known here" >&2; return 1 ;;
	esac
}

# settle DIR: the times of all below it.
settle() { find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +; }
