/* In what dnf, yum, tdnf and zypper differ: one table. */
#include <string.h>

#include "act/rpm/call.h"
#include "base/text.h"

/* Kernel images, which no call of ours may bring, while their headers and -devel packages can be
 * had. The owner's excludes often hide both (facts/known-issues.md, 7): they do not count for this
 * one command. dnf and yum drop what --exclude says together with the owner's, so ours stand as
 * those of every repository. */
#define KERNELS                                                                                    \
	"kernel,kernel-core,kernel-modules*,kernel-uek,kernel-uek-core,kernel-uek-modules*,"       \
	"kernel-rt,kernel-rt-core,kernel-rt-modules*,kernel-64k,kernel-64k-core,"                  \
	"kernel-64k-modules*,kernel-debug,kernel-debug-core,kernel-debug-modules*,kernel-hwe"

/* A lock that somebody took in between is an answer: we wait where it is said who holds it. */
#define DNF                                                                                        \
	"dnf", "--setopt=exit_on_lock=True", "--setopt=install_weak_deps=False",                   \
		"--disableexcludes=main", "--setopt=*.excludepkgs=" KERNELS
#define YUM                                                                                        \
	"yum", "--setopt=exit_on_lock=True", "--disableexcludes=main", "--setopt=*.exclude=" KERNELS
#define TDNF   "tdnf", "--disableexcludes", "--exclude", KERNELS
#define ZYPPER "zypper", "--non-interactive", "--no-refresh"

#define WORDS(...) ((const char *const[]) { __VA_ARGS__, NULL })

/* In a table of reinstallations, a line of the same package. */
static bool table_offers(const char *out, size_t len, const char *name, const char *version,
			 const char *arch)
{
	AUTO_RPM_ITEMS struct rpm_items items = { 0 };

	if (rpm_parse_table(out, len, &items) < 0)
		return false;
	for (size_t i = 0; i < items.count; i++)
		if (items.at[i].action == RPM_REINSTALL && text_eq(items.at[i].name, name) &&
		    text_eq(items.at[i].version, version) && text_eq(items.at[i].arch, arch))
			return true;
	return false;
}

/* "Not downloading package 'libibmad-50.0-1.el9.x86_64 (repo)'. (--dry-run)" */
static bool zypper_offers(const char *out, size_t len, const char *name, const char *version,
			  const char *arch)
{
	char wanted[RPM_SPEC_SIZE + 4];

	(void)TEXT_FORMAT(wanted, "'%s-%s.%s (", name, version, arch);
	return memmem(out, len, wanted, strlen(wanted)) != NULL;
}

/* With -y dnf may take the key of a repository's own metadata into its cache, which is what a
 * signed repository asks for at its first use; --assumeno still stands. tdnf would install. */
const struct rpm_style rpm_styles[4] = {
	{
		.name = "dnf",
		.refresh = { WORDS("dnf", "--setopt=exit_on_lock=True", "-y", "--refresh",
				   "makecache") },
		.simulate = WORDS(DNF, "-y", "--assumeno", "install"),
		.fetch = WORDS(DNF, "-y", "--downloadonly", "install"),
		.install = WORDS(DNF, "-y", "-C", "install"),
		.install_again = WORDS(DNF, "-y", "install"),
		.former = WORDS(DNF, "-y", "install"),
		.reinstall = WORDS(DNF, "-y", "reinstall"),
		.offer = WORDS(DNF, "--setopt=obsoletes=0", "-y", "--assumeno", "reinstall"),
		.save = WORDS(DNF, "--setopt=obsoletes=0", "-y", "--downloadonly",
			      "--downloaddir=" RPM_SAVE_DIR, "reinstall"),
		.collect = WORDS(DNF, "-y", "--downloadonly", "--downloaddir=" RPM_SAVE_DIR,
				 "install"),
		.offers = table_offers,
		.marked = WORDS("dnf", "-C", "-q", "repoquery", "--userinstalled", "--qf",
				"%{name} %{arch}\n"),
		.mark_wanted = WORDS("dnf", "-C", "-q", "-y", "mark", "install"),
		.mark_automatic = WORDS("dnf", "-C", "-q", "-y", "mark", "remove"),
		.parse = rpm_parse_table,
	},
	{
		/* RHEL's and CentOS's 7, where exit code 100 says that there are updates. Only its
		 * command line can be tried: with a link of this name to dnf. */
		.name = "yum",
		.refresh = { WORDS("yum", "clean", "expire-cache"),
			     WORDS("yum", "--setopt=exit_on_lock=True", "-y", "-q", "check-update",
				   "rdma-core") },
		.simulate = WORDS(YUM, "--assumeno", "install"),
		.fetch = WORDS(YUM, "-y", "--downloadonly", "install"),
		.install = WORDS(YUM, "-y", "-C", "install"),
		.install_again = WORDS(YUM, "-y", "install"),
		.former = WORDS(YUM, "-y", "downgrade"),
		.reinstall = WORDS(YUM, "-y", "reinstall"),
		.offer = WORDS(YUM, "--setopt=obsoletes=0", "--assumeno", "reinstall"),
		.save = WORDS(YUM, "--setopt=obsoletes=0", "-y", "--downloadonly",
			      "--downloaddir=" RPM_SAVE_DIR, "reinstall"),
		.collect = WORDS(YUM, "-y", "--downloadonly", "--downloaddir=" RPM_SAVE_DIR,
				 "install"),
		.offers = table_offers,
		.parse = rpm_parse_table,
		.good = { 100 },
	},
	{
		.name = "tdnf",
		.refresh = { WORDS("tdnf", "-y", "--refresh", "makecache") },
		.simulate = WORDS(TDNF, "--assumeno", "install"),
		.fetch = WORDS(TDNF, "-y", "--downloadonly", "install"),
		.install = WORDS(TDNF, "-y", "-C", "install"),
		.install_again = WORDS(TDNF, "-y", "install"),
		.former = WORDS(TDNF, "-y", "downgrade"),
		.reinstall = WORDS(TDNF, "-y", "reinstall"),
		.offer = WORDS(TDNF, "--assumeno", "reinstall"),
		.save = WORDS(TDNF, "-y", "--downloadonly", "--downloaddir=" RPM_SAVE_DIR,
			      "reinstall"),
		.collect = WORDS(TDNF, "-y", "--downloadonly", "--downloaddir=" RPM_SAVE_DIR,
				 "install"),
		.offers = table_offers,
		.marked = WORDS("tdnf", "-C", "-q", "repoquery", "--userinstalled", "--qf",
				"%{name} %{arch}"),
		.mark_wanted = WORDS("tdnf", "-C", "-q", "-y", "mark", "install"),
		.mark_automatic = WORDS("tdnf", "-C", "-q", "-y", "mark", "remove"),
		.parse = rpm_parse_table,
	},
	{
		/* 102, 103: done, a restart is advised. 107: a package's script failed after it was
		 * installed, which dnf does not count as a failure either. It has no way to exclude
		 * for one command: what it would do is judged. */
		.name = "zypper",
		.refresh = { WORDS("zypper", "--non-interactive", "refresh") },
		.simulate = WORDS(ZYPPER, "--xmlout", "install", "--dry-run", "--no-recommends",
				  "--auto-agree-with-licenses"),
		.fetch = WORDS(ZYPPER, "install", "-y", "--no-recommends",
			       "--auto-agree-with-licenses", "--download-only"),
		.install = WORDS(ZYPPER, "install", "-y", "--no-recommends",
				 "--auto-agree-with-licenses"),
		.former = WORDS(ZYPPER, "install", "-y", "--no-recommends",
				"--auto-agree-with-licenses", "--oldpackage"),
		.reinstall = WORDS(ZYPPER, "install", "-y", "--no-recommends",
				   "--auto-agree-with-licenses", "--force"),
		.offer = WORDS(ZYPPER, "download", "--dry-run"),
		.save = WORDS(ZYPPER, "--pkg-cache-dir=" RPM_SAVE_DIR, "download"),
		.collect = WORDS(ZYPPER, "--pkg-cache-dir=" RPM_SAVE_DIR, "install", "-y",
				 "--no-recommends", "--auto-agree-with-licenses",
				 "--download-only"),
		.offers = zypper_offers,
		.parse = rpm_parse_summary,
		.xml = true,
		.equals = true,
		.good = { 102, 103, 107 },
	},
};
