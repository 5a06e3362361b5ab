/* The base root of the lab's VMs: Debian by mmdebstrap, once, then kept under the cache by a digest
 * of what it is made from. */
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"
#include "tree.h"

#define SUITE "bookworm"
#define INCLUDE                                                                                    \
	"systemd-sysv,udev,dbus,waagent,iproute2,kmod,pciutils,openssl,curl,dmidecode,"            \
	"ca-certificates,linux-image-amd64,python3,procps"
#define RECIPE  "1" /* raise it when what furnish() does changes */
#define KEYRING "usr/share/keyrings/ib-lab.asc"

static const char sources_list[] = "deb [signed-by=/" KEYRING "] http://" VM_GATEWAY ":8000 " SUITE
				   " main\n";

/* Source: the agent's own waagent.conf; no provisioning, no firewall, no disk, a fixed endpoint,
 * and a look at the goal state every second instead of every six. */
static const struct {
	const char *key, *value;
} agent_conf[] = {
	{ "Provisioning.Agent", "disabled" },
	{ "Provisioning.Enabled", "n" },
	{ "Provisioning.MonitorHostName", "n" },
	{ "Provisioning.DeleteRootPassword", "n" },
	{ "Provisioning.RegenerateSshHostKeyPair", "n" },
	{ "ResourceDisk.Format", "n" },
	{ "OS.RootDeviceScsiTimeout", "None" },
	{ "OS.EnableFirewall", "n" },
	{ "OS.OpensslPath", "None" },
	{ "Protocol.EndpointDiscovery", "static" },
	{ "Logs.Verbose", "n" },
	{ "Logs.Collect", "n" },
	{ "AutoUpdate.Enabled", "n" },
	{ "Extensions.Enabled", "y" },
	{ "Extensions.GoalStatePeriod", "1" },
	{ "OS.EnableRDMA", "n" },
};

/* Units that only cost time in a VM that lives for minutes, and generators, each of them a process
 * at every boot and every daemon-reload, for what no VM here has. */
#define UNITS      "etc/systemd/system/"
#define GENERATORS "etc/systemd/system-generators/"
static const char *const masked[] = {
	UNITS "systemd-networkd-wait-online.service",
	UNITS "apt-daily.timer",
	UNITS "apt-daily-upgrade.timer",
	UNITS "e2scrub_all.timer",
	UNITS "e2scrub_reap.service",
	UNITS "fstrim.timer",
	UNITS "dpkg-db-backup.timer",
	GENERATORS "systemd-cryptsetup-generator",
	GENERATORS "systemd-gpt-auto-generator",
	GENERATORS "systemd-hibernate-resume-generator",
	GENERATORS "systemd-integritysetup-generator",
	GENERATORS "systemd-system-update-generator",
	GENERATORS "systemd-veritysetup-generator",
};

static void debug_line(void *ctx, const char *line)
{
	LOG(ctx, DEBUG, "lab.run", "%s", line);
}

int root_run(const struct vm_env *env, const char *const *argv, const char *input, int deadline_s,
	     struct error *err)
{
	struct run_spec spec = { .argv = argv,
				 .deadline_s = deadline_s,
				 .keep = 4096,
				 .input = input,
				 .input_len = input != NULL ? strlen(input) : 0,
				 .line = debug_line,
				 .ctx = env->log };
	AUTO_RUN struct run_result r = { 0 };
	char end[64];
	const char *said;

	if (run(env->host, &spec, &r, err) < 0)
		return -1;
	if (run_ok(&r))
		return 0;
	run_end_text(&r, &spec, end, sizeof end);
	said = r.err.len > 300 ? r.err.data + r.err.len - 300 : buf_text(&r.err);
	return error_set(err, FAULT_PROGRAM_FAILED, 0, "%s: %s: %s", argv[0], end, said);
}

int root_lock(const struct vm_env *env, const char *name, struct error *err)
{
	char path[VM_PATH_MAX];
	int fd;

	(void)TEXT_FORMAT(path, "%s/%s.lock", env->cache, name);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot lock %s: %s", path,
				 strerror(errno));
	return fd;
}

char *root_sources(const struct vm_env *env, struct error *err)
{
	const char *const argv[] = { "apt-get",
				     "indextargets",
				     "--format",
				     "deb $(SITE) $(RELEASE) $(COMPONENT)",
				     "Created-By: Packages",
				     "Origin: Debian",
				     NULL };
	struct run_spec spec = { .argv = argv, .deadline_s = 60, .keep = 256 << 10 };
	AUTO_RUN struct run_result r = { 0 };
	AUTO_BUF struct buf release = { 0 }, ret = { 0 };
	char *rest, *line;

	if (host_read(env->host, "etc/os-release", 64 << 10, &release) < 0 ||
	    strstr(buf_text(&release), "VERSION_CODENAME=" SUITE) == NULL)
		return strdup("");
	if (run(env->host, &spec, &r, err) < 0)
		return NULL;
	rest = r.out.data;
	while ((line = strsep(&rest, "\n")) != NULL)
		if (text_ends(line, " main") && buf_add_format(&ret, "%s\n", line) < 0)
			return NULL;
	return strdup(buf_text(&ret));
}

/* ---- the mirror's key -------------------------------------------------------------------- */

int root_gpg_key(const struct vm_env *env, const char *home, const char *who, struct error *err)
{
	const char *const make[] = { "gpg",     "--homedir",    home,   "--batch",
				     "--quiet", "--passphrase", "",     "--quick-gen-key",
				     who,       "rsa2048",      "sign", "never",
				     NULL };

	if (mkdir(home, 0700) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot make %s: %s", home,
				 strerror(errno));
	return root_run(env, make, NULL, 120, err);
}

char *root_mirror_key(const struct vm_env *env, struct error *err)
{
	AUTO_FD int lock = root_lock(env, "mirror-key", err);
	AUTO_BUF struct buf key = { 0 };
	char home[VM_PATH_MAX], path[VM_PATH_MAX];
	const char *const export[] = { "gpg",     "--homedir", home, "--batch",  "--quiet",
				       "--armor", "--output",  path, "--export", NULL };
	const char *const end[] = { "gpgconf", "--homedir", home, "--kill", "all", NULL };

	if (lock < 0)
		return NULL;
	(void)TEXT_FORMAT(home, "%s/mirror-key", env->cache);
	(void)TEXT_FORMAT(path, "%s/public.asc", home);
	if (!fs_exists(AT_FDCWD, path)) {
		LOG(env->log, INFO, "lab.mirror", "making a key for the package mirror");
		if (fs_remove(AT_FDCWD, home) < 0) {
			(void)error_set(err, FAULT_INTERNAL, errno, "cannot remove %s", home);
			return NULL;
		}
		if (root_gpg_key(env, home, "ib-lab <ib-lab@example.invalid>", err) < 0 ||
		    root_run(env, export, NULL, 30, err) < 0)
			return NULL;
		(void)root_run(env, end, NULL, 30, NULL);
	}
	if (fs_read(AT_FDCWD, path, 64 << 10, &key) < 0) {
		(void)error_set(err, FAULT_INTERNAL, 0, "cannot read %s", path);
		return NULL;
	}
	return strdup(buf_text(&key));
}

/* ---- keys of the cache ------------------------------------------------------------------- */

static void digest_add(struct buf *b, const char *text)
{
	(void)!buf_add(b, text, strlen(text) + 1);
}

/* "base-<12 digits>": what mmdebstrap is asked for. */
static void base_name(char *ret, size_t size)
{
	AUTO_BUF struct buf b = { 0 };
	char digest[DIGEST_TEXT_SIZE];

	digest_add(&b, SUITE);
	digest_add(&b, INCLUDE);
	digest_of(b.data, b.len, digest);
	(void)text_format(ret, size, "base-%.12s", digest);
}

/* "root-<12 digits>": that and what furnish() adds. */
static int root_name(const struct vm_env *env, char *ret, size_t size, struct error *err)
{
	AUTO_BUF struct buf b = { 0 };
	char path[VM_PATH_MAX], base[32], digest[DIGEST_TEXT_SIZE];
	int rc;

	(void)TEXT_FORMAT(path, "%s/mirror-key/public.asc", env->cache);
	rc = fs_read(AT_FDCWD, path, 64 << 10, &b);
	if (rc < 0)
		return error_set(err, FAULT_INTERNAL, -rc,
				 "the lab's base root has not been made yet: run \"ib-lab up\"");
	base_name(base, sizeof base);
	digest_add(&b, base);
	digest_add(&b, sources_list);
	digest_add(&b, ROOT_SOURCES);
	digest_add(&b, RECIPE);
	for (size_t i = 0; i < ARRAY_SIZE(agent_conf); i++) {
		digest_add(&b, agent_conf[i].key);
		digest_add(&b, agent_conf[i].value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(masked); i++)
		digest_add(&b, masked[i]);
	digest_of(b.data, b.len, digest);
	(void)text_format(ret, size, "root-%.12s", digest);
	return 0;
}

int root_find(const struct vm_env *env, char ret[static VM_PATH_MAX], struct error *err)
{
	char name[32];

	if (root_name(env, name, sizeof name, err) < 0)
		return -1;
	(void)text_format(ret, VM_PATH_MAX, "%s/%s", env->cache, name);
	if (!fs_exists(AT_FDCWD, ret))
		return error_set(err, FAULT_INTERNAL, ENOENT,
				 "the lab's base root has not been made yet: run \"ib-lab up\"");
	return 0;
}

/* ---- making ------------------------------------------------------------------------------ */

static int bootstrap(const struct vm_env *env, const char *dir, struct error *err)
{
	AUTO_FREE char *sources = root_sources(env, err);
	const char *const argv[] = { "unshare",
				     "--mount",
				     "mmdebstrap",
				     "--quiet",
				     "--variant=minbase",
				     "--components=main",
				     "--include=" INCLUDE,
				     SUITE,
				     dir,
				     sources != NULL && *sources != '\0' ? "-" : NULL,
				     NULL };

	if (sources == NULL)
		return -1;
	LOG(env->log, INFO, "lab.root",
	    "making the base root by mmdebstrap: about four minutes, once");
	return root_run(env, argv, *sources != '\0' ? sources : NULL, 3600, err);
}

/* A tarball base-<key>.tar in the cache stands in for the network. */
static int unpack(const struct vm_env *env, const char *tar, const char *dir, struct error *err)
{
	const char *const argv[] = { "tar", "--numeric-owner", "--xattrs", "-xf", tar, "-C", dir,
				     NULL };

	LOG(env->log, INFO, "lab.root", "unpacking %s", tar);
	if (mkdir(dir, 0755) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot make %s: %s", dir,
				 strerror(errno));
	return root_run(env, argv, NULL, 600, err);
}

static bool is_ours(const char *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(agent_conf); i++) {
		size_t len = strlen(agent_conf[i].key);

		if (strncmp(line, agent_conf[i].key, len) == 0 && line[len] == '=')
			return true;
	}
	return false;
}

static void write_agent_conf(struct tree *t)
{
	AUTO_BUF struct buf old = { 0 }, next = { 0 };
	char *rest, *line;

	tree_fail(t, "etc/waagent.conf", fs_read(t->dir, "etc/waagent.conf", 1 << 20, &old));
	rest = old.data;
	while ((line = strsep(&rest, "\n")) != NULL)
		if (!is_ours(line))
			tree_fail(t, "waagent.conf", buf_add_format(&next, "%s\n", line));
	for (size_t i = 0; i < ARRAY_SIZE(agent_conf); i++)
		tree_fail(t, "waagent.conf",
			  buf_add_format(&next, "%s=%s\n", agent_conf[i].key, agent_conf[i].value));
	tree_data(t, "etc/waagent.conf", next.data, next.len);
}

/* What both kinds of VM need: the agent's settings, our package source, no idle timers. */
static int furnish(const char *dir, const char *key, struct error *err)
{
	static const char *const emptied[] = { "var/lib/apt/lists", "var/cache/apt/archives",
					       "etc/apt/sources.list.d" };
	struct tree t;

	if (tree_open(&t, dir, err) < 0)
		return -1;
	write_agent_conf(&t);
	tree_data(&t, KEYRING, key, strlen(key));
	/* Where the root itself came from, for the mirror's packages. */
	if (renameat(t.dir, "etc/apt/sources.list", t.dir, ROOT_SOURCES) < 0 && errno != ENOENT)
		tree_fail(&t, ROOT_SOURCES, -errno);
	tree_data(&t, "etc/apt/sources.list", sources_list, strlen(sources_list));
	tree_data(&t, "etc/hosts", "127.0.0.1 localhost\n", 20);
	tree_data(&t, "etc/resolv.conf", "", 0);
	for (size_t i = 0; i < ARRAY_SIZE(emptied); i++) {
		tree_fail(&t, emptied[i], fs_remove(t.dir, emptied[i]));
		tree_dir(&t, emptied[i]);
	}
	tree_dir(&t, "opt/wala");
	tree_dir(&t, GENERATORS);
	for (size_t i = 0; i < ARRAY_SIZE(masked); i++) {
		(void)unlinkat(t.dir, masked[i], 0);
		if (symlinkat("/dev/null", t.dir, masked[i]) < 0)
			tree_fail(&t, masked[i], -errno);
	}
	return tree_close(&t, dir, err);
}

static int make(const struct vm_env *env, const char *root, const char *key, struct error *err)
{
	char base[32], tar[VM_PATH_MAX], dir[VM_PATH_MAX];
	int rc;

	base_name(base, sizeof base);
	(void)TEXT_FORMAT(tar, "%s/%s.tar", env->cache, base);
	(void)TEXT_FORMAT(dir, "%s.new", root);
	rc = fs_remove(AT_FDCWD, dir);
	if (rc < 0)
		return error_set(err, FAULT_INTERNAL, -rc, "cannot remove %s", dir);
	if (fs_exists(AT_FDCWD, tar))
		rc = unpack(env, tar, dir, err);
	else
		rc = bootstrap(env, dir, err);
	if (rc < 0 || furnish(dir, key, err) < 0)
		return -1;
	if (rename(dir, root) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot rename %s", dir);
	return 0;
}

int root_prepare(const struct vm_env *env, char ret[static VM_PATH_MAX], struct error *err)
{
	AUTO_FREE char *key = NULL;
	AUTO_FD int lock = -1;
	char name[32];
	int rc = fs_make_dirs(AT_FDCWD, env->cache, 0755);

	if (rc < 0)
		return error_set(err, FAULT_INTERNAL, -rc, "cannot make %s: %s", env->cache,
				 strerror(-rc));
	if (root_find(env, ret, err) == 0)
		return 0;
	key = root_mirror_key(env, err);
	if (key == NULL || root_name(env, name, sizeof name, err) < 0)
		return -1;
	lock = root_lock(env, name, err);
	if (lock < 0)
		return -1;
	if (root_find(env, ret, err) == 0) /* another client made it meanwhile */
		return 0;
	return make(env, ret, key, err);
}

static int first_name(void *ctx, const char *name)
{
	return text_copy(ctx, 64, name) == 0 ? 1 : -ENAMETOOLONG;
}

int root_kernel(const char *root, char *ret, size_t size, struct error *err)
{
	char path[VM_PATH_MAX], release[64];

	(void)TEXT_FORMAT(path, "%s/lib/modules", root);
	if (fs_list(AT_FDCWD, path, first_name, release) != 1)
		return error_set(err, FAULT_INTERNAL, ENOENT, "no kernel in %s", path);
	return text_copy(ret, size, release);
}

void root_other_kernel(const char *release, char *ret, size_t size)
{
	const char *dash = strrchr(release, '-');
	size_t len = dash != NULL ? (size_t)(dash - release) : strlen(release);

	(void)text_format(ret, size, "%.*s-rt%s", (int)len, release, release + len);
}
