/* tests/unit/act/mlnx.c - plays the tarball of MLNX_OFED and the programs in it: packages put in
 * the place of others, step by step, modules, and a line in limits.conf. A fixture: its names are
 * the real ones, all else is small. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/fs.h"
#include "catalogue/catalogue.h"
#include "host/host.h"
#include "play.h"

#define RELEASE   "6.1.0-56-amd64"
#define INFO      "usr/bin/ofed_info"
#define SCRIPT    "usr/sbin/ofed_uninstall.sh"
#define LIMITS    "etc/security/limits.conf"
#define MODULES   "lib/modules/" RELEASE "/updates/dkms"
#define DOWNLOADS "var/lib/ib-vmext/downloads"

/* In the order in which they come. */
static const char *const packages[] = { "mlnx-ofed-kernel-modules", "libibverbs1",
					"ibverbs-providers", "rdma-core", "ofed-scripts" };
static const char *const modules[] = { "ib_core",   "ib_umad", "ib_uverbs",
				       "mlx5_core", "mlx5_ib", "rdma_ucm" };
/* Of the distribution, that it takes away. */
static const char *const removed[] = { "infiniband-diags", "perftest",    "ibverbs-providers",
				       "rdma-core",        "libibverbs1", "libibumad3" };

static int put(const struct answer *a, const char *path, const char *text)
{
	char parent[256];

	TEXT_FORMAT(parent, "%.*s", (int)(strrchr(path, '/') - path), path);
	if (fs_make_dirs(a->h->root, parent, 0755) < 0 ||
	    fs_replace(a->h->root, path, text, strlen(text), 0644) < 0)
		return play_complain(a, "No space left on device\n");
	return 0;
}

/* "5.8-1.0.1.1" of ".../MLNX_OFED_LINUX-5.8-1.0.1.1-debian12-x86_64/..." */
static void version_of(const char *path, char *ret, size_t size)
{
	const char *at = strstr(path, "MLNX_OFED_LINUX-") + strlen("MLNX_OFED_LINUX-");

	text_format(ret, size, "%.*s", (int)(strstr(at, "-debian") - at), at);
}

int mlnx_tar(const struct answer *a, const char *const *argv)
{
	char path[400], version[40], top[300];

	assert_string_equal(argv[4], "-f");
	version_of(argv[5], version, sizeof(version));
	TEXT_FORMAT(top, "%s/MLNX_OFED_LINUX-%s-debian12-x86_64", argv[7] + 1, version);
	for (size_t i = 0; i < ARRAY_SIZE(packages); i++) {
		TEXT_FORMAT(path, "%s/DEBS/%s_%s_amd64.deb", top, packages[i], version);
		if (put(a, path, "deb") < 0)
			return -1;
	}
	TEXT_FORMAT(path, "%s/uninstall.sh", top);
	if (put(a, path, "") < 0)
		return -1;
	TEXT_FORMAT(path, "%s/mlnxofedinstall", top);
	return put(a, path, "");
}

int mlnx_info(const struct answer *a, const char *const *argv)
{
	AUTO_BUF struct buf text = { 0 };

	assert_string_equal(argv[1], "-s");
	machine_text(a->m, INFO, &text);
	assert_int_equal(buf_add_format(&a->r->out, "MLNX_OFED_LINUX-%s:\n", buf_text(&text)), 0);
	return 0;
}

static int depmod(const struct answer *a)
{
	static const char *const argv[] = { "depmod", "-a", RELEASE, NULL };

	return play_depmod(a, argv);
}

int mlnx_package_goes(const struct answer *a, const char *name)
{
	char path[200];

	if (text_eq(name, "ofed-scripts"))
		return fs_remove(a->h->root, INFO) < 0 || fs_remove(a->h->root, SCRIPT) < 0 ? -1
											    : 0;
	if (!text_eq(name, "mlnx-ofed-kernel-modules"))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(modules); i++) {
		TEXT_FORMAT(path, MODULES "/%s.ko", modules[i]);
		if (fs_remove(a->h->root, path) < 0)
			return -1;
		TEXT_FORMAT(path, MODULES "/.%s.ko.new", modules[i]);
		if (fs_remove(a->h->root, path) < 0)
			return -1;
	}
	(void)unlinkat(a->h->root, MODULES, AT_REMOVEDIR);
	(void)unlinkat(a->h->root, "lib/modules/" RELEASE "/updates", AT_REMOVEDIR);
	return depmod(a);
}

static int write_limits(const struct answer *a, bool more)
{
	AUTO_BUF struct buf text = { 0 };

	machine_text(a->m, LIMITS, &text);
	if (strstr(buf_text(&text), "memlock"))
		*(char *)strstr(buf_text(&text), "* soft memlock") = '\0';
	text.len = strlen(buf_text(&text));
	if (more)
		assert_int_equal(buf_add_text(&text, "* soft memlock unlimited\n"), 0);
	return put(a, LIMITS, buf_text(&text));
}

int mlnx_uninstall(const struct answer *a, const char *const *argv)
{
	assert_string_equal(argv[1], "--force");
	for (size_t i = ARRAY_SIZE(packages); i-- > 0;)
		if (play_purge(a, packages[i], false) < 0)
			return -1;
	return write_limits(a, false);
}

static int install_modules(const struct answer *a, const char *version)
{
	char path[200];

	for (size_t i = 0; i < ARRAY_SIZE(modules); i++) {
		TEXT_FORMAT(path, MODULES "/%s.ko", modules[i]);
		if (put(a, path, version) < 0)
			return -1;
	}
	return depmod(a);
}

static int install_packages(const struct answer *a, const char *version)
{
	for (size_t i = 0; i < ARRAY_SIZE(packages); i++)
		if (play_unpack(a, packages[i], version) < 0 ||
		    (i == 0 && install_modules(a, version) < 0) ||
		    play_configure(a, packages[i], version) < 0)
			return -1;
	return put(a, SCRIPT, "") < 0 ? -1 : put(a, INFO, version);
}

int mlnx_install(const struct answer *a, const char *const *argv)
{
	char version[40];
	size_t n = 0;

	while (argv[n])
		n++;
	assert_string_equal(argv[n - 2], "--tmpdir");
	version_of(argv[0], version, sizeof(version));
	if (fs_exists(a->h->root, SCRIPT)) {
		const char *const words[] = { "", "--force", NULL };

		if (mlnx_uninstall(a, words) < 0)
			return -1;
	}
	for (size_t i = 0; i < ARRAY_SIZE(removed); i++)
		if (play_purge(a, removed[i], false) < 0)
			return -1;
	if (a->m->vendor_code) {
		char log[300];

		TEXT_FORMAT(log, "%s/MLNX_OFED_LINUX.1.logs/general.log", argv[n - 1] + 1);
		(void)put(a, log, "make[1]: *** [main.o] Error 1\nand more\n");
		play_complain(a, a->m->vendor_says);
		a->r->code = a->m->vendor_code;
		return -1;
	}
	if (install_packages(a, version) < 0)
		return -1;
	return write_limits(a, true);
}

enum { OFFERS = 2 };
static struct catalogue catalogue;
static struct driver_row rows[OFFERS];
static struct {
	char version[40], url[120], sha256[DIGEST_TEXT_SIZE];
} texts[OFFERS];

void machine_offer_mlnx(struct machine *m, const char *version)
{
	size_t at = m->catalogue == &catalogue ? catalogue.ndrivers : 0;
	char path[200];

	assert_true(at < OFFERS);
	TEXT_COPY(texts[at].version, version);
	TEXT_FORMAT(texts[at].url, "https://example.com/MLNX_OFED_LINUX-%s-debian12-x86_64.tgz",
		    version);
	TEXT_FORMAT(path, DOWNLOADS "/%s", strrchr(texts[at].url, '/') + 1);
	machine_put(m, path, version);
	digest_of(version, strlen(version), texts[at].sha256);
	rows[at] = (struct driver_row) {
		.id = "mlnx-test",
		.route = "mlnx-ofed",
		.os_ids = "debian",
		.os_versions = "12",
		.generations = "CX6",
		.arch = "x86_64",
		.kernels = "3.10-6.8",
		.flavours = "",
		.sizes = "",
		.package_manager = "apt",
		.packages = "ofed-scripts",
		.build_packages = "",
		.modules = "mlx5_ib,ib_uverbs",
		.optional_modules = "",
		.services = "",
		.version = texts[at].version,
		.ofed = texts[at].version,
		.url = texts[at].url,
		.sha256 = texts[at].sha256,
		.repository = "",
		.key = "",
		.options = "--add-kernel-support --force",
		.peer_memory = "yes",
		.builds = true,
		.seconds = -1,
		.download_bytes = -1,
		.disk_bytes = -1,
		.source = "a test",
		.why = "the vendor's driver",
	};
	catalogue = catalogue_built_in;
	catalogue.drivers = rows;
	catalogue.ndrivers = at + 1;
	m->catalogue = &catalogue;
	machine_put(m, "proc/modules", "");
	machine_put(m, "usr/sbin/other", "");
	if (!machine_has(m, LIMITS))
		machine_put(m, LIMITS, "# limits\n");
	m->settings.driver = CHOICE_MLNX_OFED;
	TEXT_COPY(m->settings.driver_version, version);
}
