/* tests/unit/act/vendor.c - plays what a vendor's packages bring: a repository in a package, and
 * modules by DKMS. */
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fs.h"
#include "host/run.h"

#define RELEASE "6.1.0-56-amd64"
#define TREE    "var/lib/dkms/mlnx-ofed-kernel"
#define MODULES "lib/modules/" RELEASE "/updates/dkms"
#define REPO    "usr/share/doca-repo"

static const char *const modules[] = { "ib_core", "ib_uverbs", "mlx5_core", "mlx5_ib" };

static bool is_host(const char *name)
{
	return text_starts(name, "doca-host");
}

static bool is_dkms(const char *name)
{
	return text_starts(name, "mlnx-ofed-kernel-dkms");
}

static int write_file(const struct machine *m, const char *path, const char *text)
{
	char parent[256];
	int rc;

	TEXT_FORMAT(parent, "%.*s", (int)(strrchr(path, '/') - path), path);
	rc = fs_make_dirs(m->host.root, parent, 0755);
	return rc < 0 ? rc : fs_replace(m->host.root, path, text, strlen(text), 0644);
}

bool vendor_host(const struct machine *m, char *ret, size_t size)
{
	char state[200];

	packages_state(m, "doca-host", state, sizeof(state));
	if (!text_starts(state, "installed "))
		return false;
	text_copy(ret, size, state + strlen("installed "));
	return true;
}

/* Its repository comes, and that of another version goes. */
static int host_unpacked(const struct machine *m, const char *version)
{
	char path[256];
	int rc = fs_remove(m->host.root, REPO);

	for (size_t i = 0; rc == 0 && i < m->narchive; i++) {
		const struct archive_package *p = &m->archive[i];

		if (!p->host || !text_eq(p->host, version))
			continue;
		TEXT_FORMAT(path, REPO "/%s_%s_amd64.deb", p->name, p->version);
		rc = write_file(m, path, "deb");
	}
	return rc;
}

int vendor_unpacked(const struct machine *m, const char *name, const char *version)
{
	char path[256];
	int rc;

	if (is_host(name))
		return host_unpacked(m, version);
	if (!is_dkms(name))
		return 0;
	/* dpkg takes the former version's source away. */
	rc = fs_remove(m->host.root, "usr/src");
	TEXT_FORMAT(path, "usr/src/mlnx-ofed-kernel-%s/dkms.conf", version);
	return rc < 0 ? rc : write_file(m, path, "conf");
}

/* ---- dkms ---- */

#define DEP "lib/modules/" RELEASE "/modules.dep"

/* What the kernel has stands after what lies in updates/. */
static int depmod(const struct machine *m, bool built)
{
	AUTO_BUF struct buf text = { 0 }, former = { 0 };
	int rc = 0;

	machine_text(m, DEP, &former);
	for (size_t i = 0; built && rc == 0 && i < ARRAY_SIZE(modules); i++)
		rc = buf_add_format(&text, "updates/dkms/%s.ko:\n", modules[i]);
	for (const char *p = buf_text(&former), *end; rc == 0 && (end = strchr(p, '\n')) != NULL;
	     p = end + 1)
		if (!text_starts(p, "updates/"))
			rc = buf_add(&text, p, (size_t)(end + 1 - p));
	return rc < 0 ? rc : fs_replace(m->host.root, DEP, buf_text(&text), text.len, 0644);
}

static int link_to(const struct machine *m, const char *to, const char *at)
{
	(void)unlinkat(m->host.root, at, 0);
	return symlinkat(to, m->host.root, at) < 0 ? -errno : 0;
}

static int dkms_add(const struct machine *m, const char *version)
{
	char to[256], at[256];
	int rc;

	TEXT_FORMAT(at, TREE "/%s", version);
	rc = fs_make_dirs(m->host.root, at, 0755);
	TEXT_FORMAT(at, TREE "/%s/source", version);
	TEXT_FORMAT(to, "../../../../../usr/src/mlnx-ofed-kernel-%s", version);
	return rc < 0 ? rc : link_to(m, to, at);
}

static int dkms_build(const struct machine *m, const char *version)
{
	char path[256];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(modules); i++) {
		TEXT_FORMAT(path, TREE "/%s/" RELEASE "/x86_64/module/%s.ko", version, modules[i]);
		rc = write_file(m, path, version);
	}
	return rc;
}

static int dkms_install(const struct machine *m, const char *version)
{
	char path[256], to[256];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(modules); i++) {
		TEXT_FORMAT(path, MODULES "/%s.ko", modules[i]);
		rc = write_file(m, path, version);
	}
	TEXT_FORMAT(to, "%s/" RELEASE "/x86_64", version);
	if (rc == 0)
		rc = link_to(m, to, TREE "/kernel-" RELEASE "-x86_64");
	return rc < 0 ? rc : depmod(m, true);
}

/* Of one kernel there is: with its modules goes its build. `all`: the source's link, too. */
static int dkms_remove(const struct machine *m, const char *version, bool all)
{
	char path[256];
	int rc = fs_remove(m->host.root, "lib/modules/" RELEASE "/updates");

	if (rc == 0)
		rc = depmod(m, false);
	if (rc == 0)
		rc = fs_remove(m->host.root, TREE "/kernel-" RELEASE "-x86_64");
	TEXT_FORMAT(path, TREE "/%s%s", version, all ? "" : "/" RELEASE);
	if (rc == 0)
		rc = fs_remove(m->host.root, path);
	if (rc == 0 && all) {
		(void)unlinkat(m->host.root, TREE, AT_REMOVEDIR);
		(void)unlinkat(m->host.root, "var/lib/dkms", AT_REMOVEDIR);
	}
	return rc;
}

static int broken(const struct machine *m, const char *version)
{
	char path[256];

	TEXT_FORMAT(path, TREE "/%s/build/make.log", version);
	if (m->dkms_full)
		return write_file(m, path,
				  "DKMS make.log\nfatal error: error writing to main.s: No space "
				  "left on device\n");
	return write_file(m, path,
			  "DKMS make.log\nmake: Entering directory\n"
			  "main.c:17:10: error: too few arguments to function 'ffo_get'\n"
			  "make: *** [Makefile:17: all] Error 2\n");
}

/* As the vendor's script does it: whatever comes of it, the package is configured. */
int vendor_configured(const struct machine *m, const char *name, const char *version)
{
	char bare[96];
	int rc;

	if (!is_dkms(name))
		return 0;
	TEXT_FORMAT(bare, "%s", version);
	rc = dkms_add(m, bare);
	if (rc < 0 || m->dkms_masked)
		return rc;
	if (!m->dkms_builds)
		return broken(m, bare);
	rc = dkms_build(m, bare);
	return rc < 0 ? rc : dkms_install(m, bare);
}

int vendor_removed(const struct machine *m, const char *name, const char *version)
{
	int rc;

	if (is_host(name))
		return fs_remove(m->host.root, REPO);
	if (!is_dkms(name))
		return 0;
	rc = dkms_remove(m, version, true);
	return rc < 0 ? rc : fs_remove(m->host.root, "usr/src");
}

/* ---- programs ---- */

static const char *value_of(const char *const *argv, const char *option)
{
	for (; *argv; argv++)
		if (text_eq(*argv, option))
			return argv[1];
	return "";
}

static int complain(struct run_result *ret, int code, const char *text)
{
	ret->code = code;
	assert_int_equal(buf_add_text(&ret->err, text), 0);
	return -1;
}

/* "dkms autoinstall -k RELEASE", "dkms build|install|remove -m NAME -v VERSION -k RELEASE" */
int vendor_dkms(struct machine *m, const char *const *argv, struct run_result *ret)
{
	const char *version = value_of(argv, "-v");
	char path[160];
	int rc;

	if (text_eq(argv[1], "remove"))
		return dkms_remove(m, version, false) < 0 ? complain(ret, 1, "dkms: failed\n") : 0;
	if (!m->dkms_builds) {
		if (!text_eq(argv[1], "autoinstall"))
			(void)broken(m, version);
		return complain(ret, 100, "Error! Bad return status for module build\n");
	}
	if (text_eq(argv[1], "autoinstall")) {
		TEXT_FORMAT(path, "lib/modules/%s/modules.dep", value_of(argv, "-k"));
		machine_put(m, path,
			    "updates/mlx5_core.ko:\nupdates/mlx5_ib.ko:\nupdates/ib_uverbs.ko:\n"
			    "updates/ib_core.ko:\n");
		return 0;
	}
	rc = text_eq(argv[1], "build") ? dkms_build(m, version) : dkms_install(m, version);
	return rc < 0 ? complain(ret, 100, "No space left on device\n") : 0;
}

/* "dpkg-deb --show --showformat=... PATH" */
int vendor_dpkg_deb(struct machine *m, const char *const *argv, struct run_result *ret)
{
	char name[160], *version, *arch;

	(void)m;
	if (!argv[1] || !text_eq(argv[1], "--show"))
		return complain(ret, 2, "dpkg-deb: not played\n");
	TEXT_COPY(name, strrchr(argv[3], '/') + 1);
	version = strchr(name, '_');
	assert_non_null(version);
	*version++ = '\0';
	arch = strchr(version, '_');
	assert_non_null(arch);
	*arch++ = '\0';
	arch[strcspn(arch, ".")] = '\0';
	assert_int_equal(buf_add_format(&ret->out, "%s %s %s\n", name, version, arch), 0);
	return 0;
}

static int list_one(void *ctx, const char *name)
{
	return buf_add_format(ctx, "/" REPO "/%s\n", name);
}

/* "dpkg-query --listfiles doca-host" */
int vendor_list(struct machine *m, const char *const *argv, struct run_result *ret)
{
	int rc = is_host(argv[2]) ? fs_list(m->host.root, REPO, list_one, &ret->out) : 0;

	assert_true(rc == 0 || rc == -ENOENT);
	return 0;
}

/* "modinfo -k RELEASE -F FIELD NAME" */
int vendor_modinfo(struct machine *m, const char *const *argv, struct run_result *ret)
{
	AUTO_BUF struct buf text = { 0 };
	char file[80];
	const char *at, *line;

	TEXT_FORMAT(file, "/%s.ko:", argv[5]);
	at = strstr(machine_text(m, "lib/modules/" RELEASE "/modules.dep", &text), file);
	if (!at)
		return complain(ret, 1, "modinfo: ERROR: Module not found.\n");
	for (line = at; line > text.data && line[-1] != '\n';)
		line--;
	if (text_eq(argv[4], "vermagic"))
		assert_int_equal(buf_add_format(&ret->out, "%s SMP mod_unload\n", argv[2]), 0);
	else
		assert_int_equal(buf_add_format(&ret->out, "/lib/modules/%s/%s%.*s\n", argv[2],
						*line == 'k' ? "kernel/" : "",
						(int)strcspn(line, ":"), line),
				 0);
	return 0;
}
