/* probe/package.c - reads the package database. */
#include "probe/package.h"

#include <fnmatch.h>
#include <string.h>

#include "base/text.h"
#include "host/host.h"
#include "probe/files.h"
#include "probe/rpm.h"
#include "probe/slice.h"

enum { DPKG_STATUS_MAX = 64 << 20, PATTERN_STARS_MAX = 4 };

/* In the order of the stack; the vendor's and the rpm names after Debian's. */
static const char *const rdma_names[] = {
	"rdma-core",
	"ibverbs-providers",
	"libibverbs1",
	"libibverbs-dev",
	"librdmacm1",
	"librdmacm-dev",
	"libibumad3",
	"libibmad5",
	"libibnetdisc5",
	"infiniband-diags",
	"perftest",
	"ibverbs-utils",
	"rdmacm-utils",
	"srptools",
	"ibacm",
	"opensm",
	"libmlx4-1",
	"libmlx5-1",
	"mlnx-ofed-kernel-dkms",
	"mlnx-ofed-kernel-modules",
	"mlnx-ofed-kernel-utils",
	"mlnx-ofed-kernel-only",
	"mlnx-ofed-all",
	"mlnx-ofed-basic",
	"mlnx-ofed-hpc",
	"mlnx-tools",
	"mlnx-iproute2",
	"ofed-scripts",
	"doca-ofed",
	"doca-ofed-userspace",
	"doca-host",
	"doca-all",
	"doca-networking",
	"doca-hpc",
	"kernel-mft-dkms",
	"mft",
	"iser-dkms",
	"isert-dkms",
	"srp-dkms",
	"knem-dkms",
	"knem",
	"xpmem",
	"xpmem-dkms",
	"nvidia-peermem-dkms",
	"nv-peer-mem",
	"nvidia-peer-memory-dkms",
	"libibverbs",
	"libibverbs-utils",
	"librdmacm",
	"librdmacm-utils",
	"libibumad",
	"libibmad",
	"rdma-core-devel",
	"rdma-core-libs",
	"libibverbs-devel",
	"libmlx4",
	"libmlx5",
	"infiniband-diags-compat",
	"mlnx-ofa_kernel",
	"mlnx-ofa_kernel-devel",
	"mlnx-ofa_kernel-modules",
	"mlnx-ofa_kernel-source",
	"mlnx-ofa_kernel-dkms",
	"kmod-mlnx-ofa_kernel",
	"mlnx-ofa_kernel-hwe-modules",
	"mlnx-ofa_kernel-hwe-devel",
	"kmod-iser",
	"kmod-isert",
	"kmod-srp",
	"kmod-knem",
	"kmod-xpmem",
	"kmod-kernel-mft-mlnx",
	"mft_kernel",
	"iser",
	"isert",
	"srp",
	"mlnx-nfsrdma",
	"mlnx-nfsrdma-dkms",
	"mlnx-nvme-dkms",
	"mlnx-ethtool",
	"doca-extra",
	"doca-kernel-support",
	"dkms",
	"openmpi",
	"openmpi-bin",
	"libopenmpi3",
	"pmix",
	"libpmix2",
	"hpcx-provides-openmpi",
	"ucx",
	"libucx0",
	"hcoll",
};

/* What a plan depends on besides. */
static const char *const other_names[] = {
	"cloud-init",
	"walinuxagent",
	"waagent",
	"WALinuxAgent",
	"python-azure-agent",
	"net-tools",
	"linux-azure",
	"linux-image-azure",
	"linux-image-amd64",
	"linux-image-cloud-amd64",
	"linux-image-generic",
	"linux-generic",
	"unattended-upgrades",
	"kernel-azure",
	"shim-signed",
	"mokutil",
	/* What the vendor's drivers are built with. */
	"build-essential",
	"gcc",
	"gcc-c++",
	"gcc-gfortran",
	"gfortran",
	"make",
	"m4",
	"flex",
	"bison",
	"patch",
	"lsof",
	"libtool",
	"tcl",
	"tcsh",
	"tk",
	"atk",
	"cairo",
	"gtk2",
	"expat",
	"createrepo",
	"createrepo_c",
	"elfutils-libelf-devel",
	"fuse-libs",
	"insserv-compat",
	"libnl-3-dev",
	"libnl-route-3-dev",
	"python3-dev",
	"python3-devel",
	"python36-devel",
	"redhat-rpm-config",
	"rpm-build",
	"kernel-abi-stablelists",
	"kernel-rpm-macros",
	"kernel-azure-devel",
	"kernel-source-azure",
	"kernel-syms-azure",
};
_Static_assert(ARRAY_SIZE(rdma_names) + ARRAY_SIZE(other_names) <= FACTS_PACKAGES_MAX,
	       "facts.h has no room for all packages");

/* How the names of kernels begin, with their modules and headers. */
static const char *const kernel_prefixes[] = {
	"linux-image",   "linux-headers",     "linux-modules", "linux-azure",
	"linux-generic", "linux-cloud-tools", "linux-tools",   "kernel",
};

/* The third word of Status. Of what is not here (not-installed, config-files) nothing is on the
 * disk that matters. */
static const struct {
	const char *word;
	bool half;
} states[] = {
	{ "installed", false },      { "half-installed", true },   { "unpacked", true },
	{ "half-configured", true }, { "triggers-awaited", true }, { "triggers-pending", true },
};

/* The first that is there is the one that this distribution uses: Azure Linux has tdnf and may have
 * dnf, RHEL 8 has yum as a link to dnf. */
static const struct {
	const char *path, *name;
} managers[] = {
	{ "usr/bin/apt-get", "apt" }, { "usr/bin/tdnf", "tdnf" }, { "usr/bin/zypper", "zypper" },
	{ "usr/bin/dnf", "dnf" },     { "usr/bin/yum", "yum" },
};

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		/* Thousands of names are held against these: few begin alike. */
		if (names[i][0] == name[0] && text_eq(names[i], name))
			return true;
	}
	return false;
}

bool package_is_rdma(const char *name)
{
	return is_one_of(name, rdma_names, ARRAY_SIZE(rdma_names));
}

bool package_is_kernel(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kernel_prefixes); i++) {
		size_t len = strlen(kernel_prefixes[i]);

		if (text_starts(name, kernel_prefixes[i]) &&
		    (name[len] == '\0' || name[len] == '-' || name[len] == '*'))
			return true;
	}
	return false;
}

bool package_is_listed(const char *name)
{
	return package_is_rdma(name) || is_one_of(name, other_names, ARRAY_SIZE(other_names));
}

bool package_is_rdma_pattern(const char *pattern)
{
	size_t stars = 0;

	for (const char *p = pattern; *p != '\0'; p++)
		stars += *p == '*';
	/* Many stars take fnmatch(3) a long time. */
	if (text_eq(pattern, "*") || stars > PATTERN_STARS_MAX)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(rdma_names); i++) {
		if (fnmatch(pattern, rdma_names[i], 0) == 0)
			return true;
	}
	return false;
}

void package_set_add(struct package_set *set, const struct package_facts *package)
{
	for (size_t i = 0; i < set->count; i++) {
		if (!text_eq(set->at[i].name, package->name))
			continue;
		set->at[i].half_installed |= package->half_installed;
		return;
	}
	if (set->count < ARRAY_SIZE(set->at))
		set->at[set->count++] = *package;
}

void package_set_give(const struct package_set *set, struct facts *ret)
{
	memcpy(ret->packages, set->at, sizeof set->at);
	ret->npackages = (unsigned)set->count;
	ret->packages_known = true;
	(void)TEXT_COPY(ret->policy.locks, set->holds);
}

/* "install ok installed" */
static bool parse_status(struct slice value, bool *half)
{
	struct slice word = { 0 };

	for (int i = 0; i < 3; i++) {
		if (!slice_word(&value, &word))
			return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		if (!slice_eq(word, states[i].word))
			continue;
		*half = states[i].half;
		return true;
	}
	return false;
}

struct stanza {
	struct package_facts package;
	bool present, held;
};

static void stanza_end(struct stanza *s, struct package_set *ret)
{
	const char *name = s->package.name;

	if (s->present && package_is_listed(name))
		package_set_add(ret, &s->package);
	if (s->present && s->held && (package_is_rdma(name) || package_is_kernel(name)))
		files_add((struct slice) { name, strlen(name) }, ret->holds, sizeof ret->holds);
	*s = (struct stanza) { 0 };
}

void package_parse_dpkg(const char *text, size_t len, struct package_set *ret)
{
	struct slice rest = { text, len }, line, field;
	struct stanza s = { 0 };

	while (slice_line(&rest, &line)) {
		if (slice_trim(line).len == 0) {
			stanza_end(&s, ret);
			continue;
		}
		/* Of some ten thousand lines these few matter; one that begins with a space goes on
		 * with the field before it. */
		if (strchr("PSV", line.text[0]) == NULL || !slice_cut(&line, ':', &field))
			continue;
		line = slice_trim(line);
		if (slice_eq(field, "Package"))
			SLICE_COPY(line, s.package.name);
		else if (slice_eq(field, "Version"))
			SLICE_COPY(line, s.package.version);
		else if (slice_eq(field, "Status")) {
			s.present = parse_status(line, &s.package.half_installed);
			s.held = slice_starts(line, "hold ");
		}
	}
	stanza_end(&s, ret);
}

static void take_stanzas(const char *text, size_t len, void *set)
{
	package_parse_dpkg(text, len, set);
}

static void read_dpkg(const struct host *h, struct facts *ret)
{
	struct package_set set = { 0 };

	if (host_read_pieces(h, "var/lib/dpkg/status", DPKG_STATUS_MAX, "\n\n", take_stanzas,
			     &set) == 0)
		package_set_give(&set, ret);
}

void package_read(const struct host *h, struct facts *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(managers) && ret->package_manager[0] == '\0'; i++) {
		if (host_exists(h, managers[i].path))
			(void)TEXT_COPY(ret->package_manager, managers[i].name);
	}
	if (text_eq(ret->package_manager, "apt"))
		read_dpkg(h, ret);
	else if (ret->package_manager[0] != '\0')
		rpm_read(h, ret);
}
