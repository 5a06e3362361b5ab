#!/bin/sh
# install.sh URL DIGEST VERSION [SETTINGS]: put ib-vmext on this VM and have InfiniBand installed. For Debian's and rpm's families.
#
# URL is a folder with what `./dev package` leaves in dist/; DIGEST is the SHA-256 of its SHA256SUMS, so that one word pins all files;
# SETTINGS is a JSON object (ib-vmext-settings(5)). Run by cloud-init or Custom Script, it ends once the work is handed to a unit of
# systemd; `ib-vmext status --watch` follows it. At a shell it ends with the exit code of `ib-vmext apply`.
set -eu
[ $# -ge 3 ] || { sed -n '2,7p' "$0" >&2; exit 1; }
url=$1 digest=$2 version=$3 settings=${4:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fetch() {
	if command -v curl >/dev/null; then curl -fsSL --retry 5 -o "$1" "$url/$1"; else wget -q --tries=5 -O "$1" "$url/$1"; fi ||
		{ echo "install.sh: $url/$1 cannot be fetched" >&2; exit 14; }
}
machine=$(uname -m)
if command -v dpkg >/dev/null; then
	case $machine in x86_64) machine=amd64 ;; aarch64) machine=arm64 ;; esac
	file=ib-vmext_${version}_$machine.deb
else
	file=ib-vmext-$version-1.$machine.rpm
fi
fetch SHA256SUMS
echo "$digest  SHA256SUMS" | sha256sum -c >/dev/null || { echo "install.sh: SHA256SUMS is not the one that was agreed on" >&2; exit 14; }
grep " $file\$" SHA256SUMS >one || { echo "install.sh: there is no $file in SHA256SUMS" >&2; exit 12; }
fetch "$file"
sha256sum -c one >/dev/null || { echo "install.sh: $file is not what SHA256SUMS says" >&2; exit 14; }
case $file in
# At first boot others hold the lock for a while.
*.deb) DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 --no-install-recommends install "./$file" ;;
*.rpm) rpm -U --replacepkgs "$file" ;;
esac
[ -z "$settings" ] || printf '%s\n' "$settings" >/etc/ib-vmext/settings.json
trap - EXIT
cd /
rm -rf "$work"
exec ib-vmext apply --yes --settings /etc/ib-vmext/settings.json
