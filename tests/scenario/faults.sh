# Faults of the package source, of locks and of the disk, over the inbox route with apt, dnf and zypper: each ends with its own fault,
# its cause and its next step in the status that the portal shows, and with the former state, as the oracle tells.

. "$here/oracle.sh"
. "$here/fault-lib.sh"

cases() {
	cat <<'CASES'
faults_apt
faults_dnf
faults_zypper
CASES
}

prepare() {
	for prepare_image in debian12 el9 sles15; do
		"$LAB" vm create prepare --no-agent --image $prepare_image >/dev/null || return 1
		"$LAB" vm delete prepare >/dev/null || return 1
	done
}

case_faults_apt() {
	begin_faults debian12
	lock_for_ever /var/lib/dpkg/lock-frontend
	# What may pass apt itself tries thrice, which takes 8 s.
	ends_all <<'ROWS'
404|package-update|does not have a Release file
429|download|429|"timeouts": {"total": 12}
503|download|503|"timeouts": {"total": 12}
badsig|package-signature|BADSIG
truncate|download|InRelease|"timeouts": {"total": 12}
redirect-loop|package-update|does not have a Release file
expired|package-update|expired
hang|deadline|timeouts.total|"timeouts": {"total": 10}
ROWS
	no_room /var/lib/ib-vmext 16k disk-full space
	no_room /var/cache/apt/archives 64k disk-full space
	# Not the files: where dpkg fails at the first package, apt leaves the others selected ("install ok not-installed").
	no_room /usr/share/doc 4k disk-full space is_told
	end_faults
}

case_faults_dnf() {
	begin_faults el9
	lock_for_ever /var/lib/rpm/.rpm.lock
	ends_all <<'ROWS'
404|package-update|404
429|package-update|429
503|package-update|503
badsig|package-signature|signature
truncate|package-update|
redirect-loop|package-update|edirect
hang|deadline|timeouts.total|"timeouts": {"total": 10}
ROWS
	no_room /var/cache/dnf 64k disk-full space
	no_room /etc/rdma 4k disk-full space
	end_faults
}

case_faults_zypper() {
	begin_faults sles15
	lock_for_ever /var/lib/rpm/.rpm.lock
	# Of 503, and of what was cut off, zypper believes that it passes, and waits for minutes.
	ends_all <<'ROWS'
404|package-update|type can't be determined
429|download|429
503|deadline|timeouts.total|"timeouts": {"total": 6}
badsig|package-signature|ignature
truncate|deadline|timeouts.total|"timeouts": {"total": 6}
redirect-loop|download|edirect
hang|deadline|timeouts.total|"timeouts": {"total": 10}
ROWS
	no_room /var/cache/zypp 64k disk-full /var/cache/zypp
	no_room /etc/rdma 4k disk-full space
	end_faults
}
