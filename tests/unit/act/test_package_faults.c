/* tests/unit/act/test_package_faults.c - which fault the words of apt, dnf, yum, tdnf and zypper
 * mean, and how they are called. The words are theirs, shortened; those marked as made up are by
 * their sources, documentation and reports of their users. */
#include "machine.h"

#include <stdlib.h>

#include "act/packages/manager.h"
#include "host/run.h"

enum what { RESOLVE, REFRESH, FETCH };

static const struct row {
	const char *name, *manager;
	enum what what;
	int code;
	const char *out, *err;
	enum fault fault;
	const char *said; /* is in the sentence */
} rows[] = {
	{ "apt: unknown", "apt", RESOLVE, 100, "", "E: Unable to locate package rdma-core\n",
	  FAULT_PACKAGE_NOT_FOUND, "rdma-core" },
	{ "apt: conflict", "apt", RESOLVE, 100,
	  "The following packages have unmet dependencies:\n rdma-core : Depends: libibverbs1 (= "
	  "44) "
	  "but 50 is to be installed\n",
	  "E: Unable to correct problems, you have held broken packages.\n", FAULT_PACKAGE_RESOLVE,
	  "held broken packages" },
	{ "apt: root", "apt", FETCH, 100, "",
	  "E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission "
	  "denied)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are "
	  "you root?\n",
	  FAULT_PERMISSION, "lock-frontend" },
	{ "apt: half-installed", "apt", FETCH, 100, "",
	  "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the "
	  "problem.\n",
	  FAULT_PACKAGE_BROKEN, "dpkg --configure -a" },
	{ "apt: a key that is not known", "apt", REFRESH, 100, "",
	  "W: GPG error: http://h stable InRelease: The following signatures couldn't be verified "
	  "because the public key is not available: NO_PUBKEY 0123456789ABCDEF\n"
	  "E: The repository 'http://h stable InRelease' is not signed.\n",
	  FAULT_PACKAGE_SIGNATURE, "0123456789ABCDEF" },
	{ "apt: lists of tomorrow", "apt", REFRESH, 100, "",
	  "E: Release file for http://h/dists/stable/InRelease is not valid yet (invalid for "
	  "another "
	  "11y 2d). Updates for this repository will not be applied.\n",
	  FAULT_PACKAGE_UPDATE, "11y 2d" },
	{ "apt: lists past their end", "apt", REFRESH, 100, "",
	  "E: Release file for http://h/dists/stable/InRelease is expired (invalid since 3d). "
	  "Updates "
	  "for this repository will not be applied.\n",
	  FAULT_PACKAGE_UPDATE, "since 3d" },
	{ "apt: proxy", "apt", FETCH, 100, "",
	  "E: Failed to fetch http://h/r.deb  407  Proxy Authentication Required [IP: 10.0.0.1 "
	  "3128]\n",
	  FAULT_DOWNLOAD_PROXY, "3128" },
	{ "apt: disk", "apt", FETCH, 100, "",
	  "E: You don't have enough free space in /var/cache/apt/archives/.\n", FAULT_DISK_FULL,
	  "/var/cache/apt/archives" },
	{ "apt: 404 of a package", "apt", FETCH, 100, "",
	  "E: Failed to fetch http://h/r.deb  404  Not Found\nE: Unable to fetch some archives, "
	  "maybe "
	  "run apt-get update or try with --fix-missing?\n",
	  FAULT_DOWNLOAD, "404" },
	/* Packages renew the initramfs by a trigger; made up of the words of both programs. */
	{ "apt: an initramfs that cannot be made", "apt", FETCH, 100,
	  "update-initramfs: Generating /boot/initrd.img-6.1.0-56-amd64\n",
	  "E: /etc/initramfs-tools/hooks/x failed with return 1.\nupdate-initramfs: failed for "
	  "/boot/initrd.img-6.1.0-56-amd64 with 1.\ndpkg: error processing package initramfs-tools "
	  "(--configure):\n installed initramfs-tools package post-installation script subprocess "
	  "returned error exit status 1\nE: Sub-process /usr/bin/dpkg returned an error code (1)\n",
	  FAULT_INITRAMFS_FAILED, "hooks/x failed" },
	{ "dnf: unknown", "dnf", RESOLVE, 1, "No match for argument: nosuch\n",
	  "Error: Unable to find a match: nosuch\n", FAULT_PACKAGE_NOT_FOUND, "nosuch" },
	{ "dnf: hidden by an exclude, or a lock of its version", "dnf", RESOLVE, 1,
	  "All matches were filtered out by exclude filtering for argument: rdma-core\n",
	  "Error: Unable to find a match: rdma-core\n", FAULT_PACKAGE_RESOLVE, "rdma-core" },
	{ "dnf: conflict", "dnf", RESOLVE, 1, "",
	  "Error: \n Problem: conflicting requests\n  - nothing provides x needed by "
	  "mstflint-4.2-1\n",
	  FAULT_PACKAGE_RESOLVE, "mstflint-4.2-1" },
	{ "dnf: only a hidden one would do", "dnf", RESOLVE, 1, "",
	  "Error: \n Problem: package a-1-1.x86_64 requires kernel-core = 2\n"
	  "  - package kernel-core-2.x86_64 is filtered out by exclude filtering\n",
	  FAULT_PACKAGE_RESOLVE, "kernel-core-2" },
	{ "dnf: root", "dnf", RESOLVE, 1, "",
	  "Error: This command has to be run with superuser privileges (under the root user on "
	  "most systems).\n",
	  FAULT_PERMISSION, "superuser" },
	{ "dnf: a bad signature of the lists", "dnf", REFRESH, 1, "",
	  "Error: Failed to download metadata for repo 't': repomd.xml GPG signature verification "
	  "error: Bad GPG signature\n",
	  FAULT_PACKAGE_SIGNATURE, "'t'" },
	{ "dnf: the same, and skipped", "dnf", REFRESH, 0, "Metadata cache created.\n",
	  "Error: Failed to download metadata for repo 't': repomd.xml GPG signature verification "
	  "error: Bad GPG signature\nIgnoring repositories: t\n",
	  FAULT_PACKAGE_SIGNATURE, "'t'" },
	{ "dnf: unsigned", "dnf", FETCH, 1, "Downloading Packages:\n",
	  "Package unsigned-tool-1-1.x86_64.rpm is not signed\nError: GPG check FAILED\n",
	  FAULT_PACKAGE_SIGNATURE, "unsigned-tool" },
	{ "dnf: 404 of a package", "dnf", FETCH, 1, "",
	  "Error: Error downloading packages:\n  rdma-core-54.0-1.el9.x86_64: Cannot download, all "
	  "mirrors were already tried without success\n",
	  FAULT_DOWNLOAD, "rdma-core-54.0" },
	{ "dnf: 404 of the lists", "dnf", REFRESH, 1, "",
	  "Errors during downloading metadata for repository 't':\n"
	  "  - Status code: 404 for http://h/repodata/repomd.xml (IP: 127.0.0.1)\n"
	  "Error: Failed to download metadata for repo 't': Cannot download repomd.xml\n",
	  FAULT_PACKAGE_UPDATE, "'t'" },
	{ "dnf: disk", "dnf", FETCH, 1, "",
	  "Error: Transaction test error:\n  installing package libibverbs-54.0-1.el9.x86_64 needs "
	  "8KB more space on the /usr/share filesystem\n",
	  FAULT_DISK_FULL, "/usr/share" },
	{ "dnf: locked in between", "dnf", FETCH, 200, "",
	  "RPMDB already locked by 120\n  The application with PID 120 is: sleep\n",
	  FAULT_PACKAGE_LOCK, "" },
	{ "rpm: locked in between", "dnf", FETCH, 1, "",
	  "RPM: error: can't create transaction lock on /var/lib/rpm/.rpm.lock (Resource "
	  "temporarily unavailable)\nError: Could not run transaction.\n",
	  FAULT_PACKAGE_LOCK, "" },
	{ "dnf: the certificate has expired (made up)", "dnf", REFRESH, 1, "",
	  "Errors during downloading metadata for repository "
	  "'rhui-rhel-8-for-x86_64-baseos-rhui-rpms':\n"
	  "  - Curl error (58): Problem with the local SSL certificate for "
	  "https://rhui-1.microsoft.com/pulp/repos/repodata/repomd.xml []\n"
	  "Error: Failed to download metadata for repo 'rhui-rhel-8-for-x86_64-baseos-rhui-rpms'\n",
	  FAULT_REPOSITORY_EXPIRED, "rhui-rhel-8" },
	{ "dnf: so does the other side say (made up)", "dnf", REFRESH, 1, "",
	  "Errors during downloading metadata for repository 'rhui-rhel-8':\n"
	  "  - Curl error (56): Failure when receiving data from the peer for "
	  "https://rhui-1.microsoft.com/"
	  " [error:14094415:SSL routines:ssl3_read_bytes:sslv3 alert certificate expired, errno "
	  "0]\n"
	  "Error: Failed to download metadata for repo 'rhui-rhel-8'\n",
	  FAULT_REPOSITORY_EXPIRED, "rhui-rhel-8" },
	{ "yum: the certificate has expired (made up)", "yum", REFRESH, 1, "",
	  "https://rhui-1.microsoft.com/pulp/repos/repodata/repomd.xml: [Errno 14] curl#58 - \"SSL "
	  "peer "
	  "rejected your certificate as expired.\"\nTrying other mirror.\n",
	  FAULT_REPOSITORY_EXPIRED, "" },
	{ "yum: CentOS 7 has no mirrors any more (made up)", "yum", REFRESH, 1, "",
	  "Could not retrieve mirrorlist "
	  "http://mirrorlist.centos.org/?release=7&arch=x86_64&repo=os error "
	  "was\n14: curl#6 - \"Could not resolve host: mirrorlist.centos.org; Unknown error\"\n"
	  "Cannot find a valid baseurl for repo: base/7/x86_64\n",
	  FAULT_REPOSITORY_EXPIRED, "base/7" },
	{ "dnf: no room for a list", "dnf", REFRESH, 1, "",
	  "Errors during downloading metadata for repository 'ib-lab':\n"
	  "  - Curl error (23): Failed writing received data to disk/application for "
	  "http://h/filelists.xml.gz [Failure writing output to destination]\n"
	  "Error: Failed to download metadata for repo 'ib-lab': Yum repo downloading error\n",
	  FAULT_DISK_FULL, "filelists" },
	{ "dnf: the proxy refuses", "dnf", RESOLVE, 1, "",
	  "Errors during downloading metadata for repository 'ib-lab':\n"
	  "  - Status code: 407 for http://10.7.0.1:8000/el9/repodata/repomd.xml (IP: 10.7.0.1)\n"
	  "Error: Failed to download metadata for repo 'ib-lab': Cannot download repomd.xml\n",
	  FAULT_DOWNLOAD_PROXY, "407" },
	{ "zypper: the proxy refuses (made up)", "zypper", REFRESH, 4, "",
	  "Download (curl) error for 'http://h/repo/repodata/repomd.xml':\n"
	  "Error code: HTTP response: 407\n"
	  "Error message: The requested URL returned error: 407\n",
	  FAULT_DOWNLOAD_PROXY, "407" },
	{ "zypper: no room for a package", "zypper", FETCH, 8, "",
	  " - Can't hardlink/copy /var/tmp/AP_0x/rdma-core.rpm to /var/cache/zypp/packages/ib-lab\n"
	  " - Can't provide ./rdma-core.rpm\n",
	  FAULT_DISK_FULL, "/var/cache/zypp" },
	{ "zypper: too many requests", "zypper", RESOLVE, 104,
	  "<message type=\"error\">Download (curl) error for &apos;http://h/repomd.xml&apos;:\n"
	  "Error code: HTTP response: 429\nError message: The requested URL returned error: 429\n"
	  "</message>\n<message type=\"error\">No provider of &apos;rdma-core&apos; "
	  "found.</message>\n",
	  "", FAULT_DOWNLOAD, "HTTP response: 429" },
	{ "yum: no repository (made up)", "yum", REFRESH, 1, "",
	  "Cannot find a valid baseurl for repo: base/7/x86_64\n", FAULT_PACKAGE_UPDATE, "base/7" },
	{ "yum: an unknown package, and it goes on (made up)", "yum", RESOLVE, 1,
	  "No package nosuch available.\nInstalling:\n perftest x86_64 4.2-1.el7 base 134 k\n\n",
	  "", FAULT_PACKAGE_NOT_FOUND, "nosuch" },
	{ "yum: key (made up)", "yum", FETCH, 1, "",
	  "Public key for perftest-4.2-1.el7.x86_64.rpm is not installed\n",
	  FAULT_PACKAGE_SIGNATURE, "perftest" },
	{ "tdnf: an unknown package (made up)", "tdnf", RESOLVE, 245,
	  "No package \033[1m\033[30mnosuch \033[0mavailable\n",
	  "Error(1011) : No matching packages\n", FAULT_PACKAGE_NOT_FOUND, "" },
	{ "tdnf: unsigned (made up)", "tdnf", FETCH, 245, "",
	  "Error(1514) : RPM not signed. Use --skipsignature or --nogpgcheck to ignore.\n",
	  FAULT_PACKAGE_SIGNATURE, "not signed" },
	{ "tdnf: disk (made up)", "tdnf", FETCH, 245, "",
	  "Error(1036) : Insufficient disk space at cache directory /var/cache/tdnf (unless "
	  "specified differently in config). Try freeing space first.\n",
	  FAULT_DISK_FULL, "/var/cache/tdnf" },
	{ "zypper: unknown", "zypper", RESOLVE, 104,
	  "<message type=\"info\">&apos;nosuch&apos; not found in package names. Trying "
	  "capabilities.</message>\n<message type=\"error\">No provider of &apos;nosuch&apos; "
	  "found.</message>\n",
	  "", FAULT_PACKAGE_NOT_FOUND, "'nosuch'" },
	{ "zypper: locked by the owner", "zypper", RESOLVE, 4,
	  "<prompt id=\"1\">\n<description>Problem: conflicting requests\n Solution 1: remove lock "
	  "to "
	  "allow installation of perftest-1:25.01.0-1.el9.x86_64[t]\n</description>\n",
	  "", FAULT_PACKAGE_RESOLVE, "remove lock to allow installation of perftest" },
	{ "zypper: a key that is not known", "zypper", RESOLVE, 104,
	  "<message type=\"error\">Error building the cache:\n[t|file:/srv/repo] Valid metadata "
	  "not "
	  "found at specified URL\nHistory:\n - Signature verification failed for repomd.xml\n"
	  "</message>\n<message type=\"error\">Some of the repositories have not been refreshed "
	  "because of an error.</message>\n<message type=\"error\">No provider of "
	  "&apos;rdma-core&apos; found.</message>\n",
	  "", FAULT_PACKAGE_SIGNATURE, "repomd.xml" },
	{ "zypper: a changed list", "zypper", REFRESH, 4, "",
	  "Signature verification failed for file 'repomd.xml' from repository 't'.\nRepository "
	  "'t' "
	  "is invalid.\nCould not refresh the repositories because of errors.\n",
	  FAULT_PACKAGE_SIGNATURE, "'t'" },
	{ "zypper: no list", "zypper", REFRESH, 4, "",
	  "Repository 't' is invalid.\n[t|http://h/none] Valid metadata not found at specified "
	  "URL\n"
	  "Could not refresh the repositories because of errors.\n",
	  FAULT_PACKAGE_UPDATE, "'t'" },
	{ "zypper: 404 of a package", "zypper", FETCH, 8, "Abort, retry, ignore? (a): a\n",
	  "File './p/rdma-core-54.0-1.el9.x86_64.rpm' not found on medium 'http://h/repo'\n",
	  FAULT_DOWNLOAD, "rdma-core-54.0" },
	{ "zypper: locked in between", "zypper", FETCH, 7, "",
	  "System management is locked by the application with pid 444 (sleep).\nClose this "
	  "application before trying again.\n",
	  FAULT_PACKAGE_LOCK, "pid 444" },
	{ "zypper: a restart is advised", "zypper", FETCH, 102, "", "", FAULT_NONE, "" },
	{ "zypper: a script failed after its package was installed", "zypper", FETCH, 107, "", "",
	  FAULT_NONE, "" },
	{ "yum: there are updates", "yum", REFRESH, 100, "", "", FAULT_NONE, "" },
	{ "yum: that was all (made up)", "yum", FETCH, 1,
	  "exiting because \"Download Only\" specified\n", "", FAULT_NONE, "" },
	{ "dnf: nothing known", "dnf", FETCH, 1, "", "Error: something else\n", FAULT_DOWNLOAD,
	  "something else" },
	{ "dnf: a table that cannot be read", "dnf", RESOLVE, 0, "Installing:\n perftest x86_64\n",
	  "", FAULT_PACKAGE_RESOLVE, "cannot be read" },
};

static const struct row *playing;
static char called[2000]; /* the words of all commands, a line each */

static int play(const struct host *h, const struct run_spec *spec, struct run_result *ret,
		struct error *err)
{
	(void)h;
	(void)err;
	*ret = (struct run_result) { .end = RUN_EXITED, .code = playing->code };
	for (const char *const *w = spec->argv; *w; w++) {
		size_t n = strlen(called);

		(void)text_format(called + n, sizeof(called) - n, "%s%s", *w, w[1] ? " " : "\n");
	}
	if (text_eq(spec->argv[0], "rpm")) {
		ret->code = 0;
		return 0;
	}
	assert_int_equal(buf_add_text(&ret->out, playing->out), 0);
	assert_int_equal(buf_add_text(&ret->err, playing->err), 0);
	return 0;
}

static const struct runner player = { .run = play };

static int ask(struct machine *m, const struct row *row, struct error *err)
{
	static const char *const names[] = { "rdma-core", NULL };
	struct package_context c = { .host = &m->host,
				     .manager = package_manager_find(row->manager),
				     .deadline_s = 60,
				     .stage = "test" };
	AUTO_TRANSACTION struct transaction t = { 0 };

	playing = row;
	called[0] = '\0';
	m->host.runner = &player;
	switch (row->what) {
	case RESOLVE:
		return c.manager->resolve(&c, names, &t, err);
	case REFRESH:
		return c.manager->refresh(&c, err);
	case FETCH:
		return c.manager->fetch(&c, names, err);
	}
	return -1;
}

static void tells_the_fault(void **unused)
{
	static struct machine m;

	(void)unused;
	machine_make(&m);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct error err = { 0 };
		int rc = ask(&m, &rows[i], &err);

		if ((rc == 0) != (rows[i].fault == FAULT_NONE) || err.fault != rows[i].fault ||
		    !strstr(err.what, rows[i].said))
			fail_msg("%s: %d %s: %s", rows[i].name, rc, fault_row(err.fault)->slug,
				 err.what);
	}
	machine_drop(&m);
}

/* What must never be forgotten in a command, and what must never be there. */
static const struct {
	const char *manager;
	enum what what;
	const char *has[4], *has_not[3];
} commands[] = {
	{ "dnf",
	  RESOLVE,
	  { "--assumeno install rdma-core", "--disableexcludes=main",
	    "--setopt=*.excludepkgs=kernel,kernel-core,kernel-modules*," },
	  { "kernel-devel", "kernel-headers", "--nogpgcheck" } },
	{ "dnf",
	  FETCH,
	  { "--downloadonly install rdma-core", "--setopt=*.excludepkgs=kernel," },
	  { "--assumeno", "--nogpgcheck" } },
	{ "yum",
	  RESOLVE,
	  { "yum ", "--assumeno install rdma-core", "--disableexcludes=main",
	    "--setopt=*.exclude=kernel," },
	  { " -y " } },
	/* It would install all the same. */
	{ "tdnf",
	  RESOLVE,
	  { "--assumeno install rdma-core", "--disableexcludes", "--exclude kernel," },
	  { " -y ", "--nogpgcheck" } },
	{ "zypper",
	  RESOLVE,
	  { "--xmlout install --dry-run --no-recommends" },
	  { "--gpg-auto-import-keys", "--no-gpg-checks" } },
	{ "zypper", FETCH, { "--download-only" }, { "--gpg-auto-import-keys", "--dry-run" } },
	{ "zypper", REFRESH, { "zypper --non-interactive refresh" }, { "--gpg-auto-import-keys" } },
};

static void calls_them_as_it_must(void **unused)
{
	static struct machine m;

	(void)unused;
	machine_make(&m);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct row row = { .manager = commands[i].manager,
					 .what = commands[i].what,
					 .out = "",
					 .err = "" };
		struct error err = { 0 };

		if (ask(&m, &row, &err) < 0)
			fail_msg("%s: %s", row.manager, err.what);
		for (size_t k = 0; k < ARRAY_SIZE(commands[i].has); k++)
			if (commands[i].has[k] && !strstr(called, commands[i].has[k]))
				fail_msg("%s has no %s", called, commands[i].has[k]);
		for (size_t k = 0; k < ARRAY_SIZE(commands[i].has_not); k++)
			if (commands[i].has_not[k] && strstr(called, commands[i].has_not[k]))
				fail_msg("%s has %s", called, commands[i].has_not[k]);
	}
	machine_drop(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_the_fault),
		cmocka_unit_test(calls_them_as_it_must),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
