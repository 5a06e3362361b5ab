/* Notes how the machine is. */
#include "act/record/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/act.h"
#include "act/journal/journal.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

enum {
	TEXT_BYTES_MAX = 64 << 20,
	FILE_BYTES_MAX = 4 << 20,
	FILES_MAX = 5000,
	DEPTH_MAX = 6,
	SNAPSHOT_BYTES_MAX = 16 << 20,
	RPM_S = 60,
	PATH_SIZE = 512,
};

#define DPKG_STATUS "var/lib/dpkg/status"
#define APT_MARKS   "var/lib/apt/extended_states"
#define ZYPP_MARKS  "var/lib/zypp/AutoInstalled"

/* What driver installations write to, whole. */
static const char *const trees[] = {
	"etc/apt",
	"etc/depmod.d",
	"etc/dkms",
	"etc/dnf",
	"etc/dracut.conf.d",
	"etc/infiniband",
	"etc/init.d",
	"etc/initramfs-tools",
	"etc/ld.so.conf.d",
	"etc/libibverbs.d",
	"etc/modprobe.d",
	"etc/modules-load.d",
	"etc/pki/rpm-gpg",
	"etc/rdma",
	"etc/security",
	"etc/systemd",
	"etc/udev/rules.d",
	"etc/yum",
	"etc/yum.repos.d",
	"etc/zypp/repos.d",
	"etc/NetworkManager",
	"etc/modules",
	"etc/waagent.conf",
	"etc/yum.conf",
};

/* The same, below lib/modules/<release>. */
static const char *const module_trees[] = { "updates", "extra", "weak-updates" };

/* Of these the names alone: what is below them is large, and others' or packages'. */
static const char *const name_trees[] = { "boot", "usr/src", "var/lib/dkms" };

struct walk {
	const struct host *host;
	json_t *files;
	char path[PATH_SIZE];
	unsigned depth;
	bool names_only;
};

/* The journal's own unit comes and goes with the run. */
static bool is_of_the_run(const char *name)
{
	return strstr(name, "ib-vmext-resume") != NULL;
}

static json_t *value_of(const struct walk *w, const struct stat *st)
{
	char text[PATH_SIZE] = "", digest[DIGEST_TEXT_SIZE];
	AUTO_FD int fd = -1;
	ssize_t n;

	if (S_ISLNK(st->st_mode)) {
		n = readlinkat(w->host->root, w->path, text, sizeof(text) - 1);
		text[n > 0 ? n : 0] = '\0';
		return json_sprintf("-> %s", text);
	}
	if (!S_ISREG(st->st_mode) || w->names_only)
		return json_string("there");
	if (st->st_size > FILE_BYTES_MAX)
		return json_sprintf("%lld bytes", (long long)st->st_size);
	fd = openat(w->host->root, w->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || digest_of_fd(fd, digest) < 0)
		return json_string("unreadable");
	return json_sprintf("sha256:%s", digest);
}

static int walk_one(void *ctx, const char *name);

static void walk_here(struct walk *w)
{
	struct stat st;
	json_t *value;

	if (fstatat(w->host->root, w->path, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    json_object_size(w->files) >= FILES_MAX)
		return;
	if (S_ISDIR(st.st_mode) && !(w->names_only && w->depth > 0)) {
		if (w->depth++ < DEPTH_MAX)
			(void)!fs_list(w->host->root, w->path, walk_one, w);
		w->depth--;
		return;
	}
	value = value_of(w, &st);
	if (!value) /* a link's target that is no UTF-8 */
		value = json_string("there");
	(void)json_object_set_new(w->files, w->path, value);
}

static int walk_one(void *ctx, const char *name)
{
	struct walk *w = ctx;
	size_t len = strlen(w->path);

	if (!is_of_the_run(name) &&
	    text_format(w->path + len, sizeof(w->path) - len, "/%s", name) == 0)
		walk_here(w);
	w->path[len] = '\0';
	return 0;
}

static void walk_tree(const struct host *h, json_t *files, const char *path, bool names_only)
{
	struct walk w = { .host = h, .files = files, .names_only = names_only };

	if (TEXT_COPY(w.path, path) == 0)
		walk_here(&w);
}

/* Those that the steps name: "file /etc/x (why)". */
static void walk_plan(const struct journal *j, json_t *files)
{
	static const char word[] = "file /";

	for (unsigned i = 0; i < j->plan.nsteps; i++)
		for (unsigned n = 0; n < j->plan.steps[i].nchanges; n++) {
			const char *change = j->plan.steps[i].changes[n];
			char path[160];

			if (!text_starts(change, word))
				continue;
			TEXT_COPY(path, change + strlen(word));
			path[strcspn(path, " ")] = '\0';
			if (!text_starts(path, ACT_STATE_DIR))
				walk_tree(j->host, files, path, false);
		}
}

static json_t *files_take(const struct journal *j)
{
	json_t *files = json_object();
	char release[96], path[PATH_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(trees); i++)
		walk_tree(j->host, files, trees[i], false);
	for (size_t i = 0; i < ARRAY_SIZE(name_trees); i++)
		walk_tree(j->host, files, name_trees[i], true);
	if (host_kernel_release(j->host, release, sizeof(release)) == 0)
		for (size_t i = 0; i < ARRAY_SIZE(module_trees); i++) {
			TEXT_FORMAT(path, "lib/modules/%s/%s", release, module_trees[i]);
			walk_tree(j->host, files, path, false);
		}
	walk_plan(j, files);
	return files;
}

/* "Key: value" of a stanza, cut to what fits; "" where it has none. */
static void stanza_value(const char *stanza, size_t len, const char *key, char *ret, size_t size)
{
	size_t key_len = strlen(key);

	ret[0] = '\0';
	for (const char *line = stanza, *end = stanza + len; line < end;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t n = (size_t)((stop ? stop : end) - line);

		if (n > key_len + 1 && line[key_len] == ':' && memcmp(line, key, key_len) == 0) {
			(void)text_format(ret, size, "%.*s", (int)(n - key_len - 2),
					  line + key_len + 2);
			return;
		}
		line = stop ? stop + 1 : end;
	}
}

/* Call `fn` for each stanza of a file of apt or dpkg. */
static void stanzas(const struct host *h, const char *path,
		    void (*fn)(json_t *into, const char *stanza, size_t len), json_t *into)
{
	AUTO_BUF struct buf text = { 0 };
	const char *at;

	if (fs_read(h->root, path, TEXT_BYTES_MAX, &text) < 0)
		return;
	for (at = buf_text(&text); *at; at += *at == '\n') {
		const char *end = strstr(at, "\n\n");
		size_t len = end ? (size_t)(end - at) + 1 : strlen(at);

		fn(into, at, len);
		at += len;
	}
}

static void dpkg_add(json_t *into, const char *stanza, size_t len)
{
	char name[128], arch[32], version[128], status[64], key[170];
	const char *state;

	stanza_value(stanza, len, "Package", name, sizeof(name));
	stanza_value(stanza, len, "Architecture", arch, sizeof(arch));
	stanza_value(stanza, len, "Version", version, sizeof(version));
	stanza_value(stanza, len, "Status", status, sizeof(status));
	state = strrchr(status, ' ');
	if (!name[0] || !version[0] || !state || text_eq(state, " not-installed"))
		return;
	TEXT_FORMAT(key, "%s%s%s", name, arch[0] ? ":" : "", arch);
	(void)json_object_set_new(into, key,
				  text_eq(state, " installed")
					  ? json_string(version)
					  : json_sprintf("%s,%s", version, state));
}

static void rpm_add(json_t *into, const char *line)
{
	size_t len = strcspn(line, " ");
	const char *version = line + len + (line[len] != '\0');
	char key[170];
	const char *former;

	TEXT_FORMAT(key, "%.*s", (int)len, line);
	former = json_string_value(json_object_get(into, key));
	/* One name may be there in several versions, as kernels are. */
	(void)json_object_set_new(
		into, key, former ? json_sprintf("%s, %s", former, version) : json_string(version));
}

static void rpm_line(void *ctx, const char *line)
{
	rpm_add(ctx, line);
}

static json_t *packages_take(const struct host *h)
{
	static const char *const argv[] = { "rpm", "-qa", "--qf",
					    "%{NAME}:%{ARCH} %{VERSION}-%{RELEASE}\n", NULL };
	json_t *packages = json_object();
	struct run_spec spec = {
		.argv = argv, .deadline_s = RPM_S, .line = rpm_line, .ctx = packages, .quiet = true
	};
	AUTO_RUN struct run_result r = { 0 };

	if (fs_exists(h->root, DPKG_STATUS))
		stanzas(h, DPKG_STATUS, dpkg_add, packages);
	else
		(void)run(h, &spec, &r, NULL);
	return packages;
}

static void apt_mark_add(json_t *into, const char *stanza, size_t len)
{
	char name[128], arch[32], automatic[8], key[170];

	stanza_value(stanza, len, "Package", name, sizeof(name));
	stanza_value(stanza, len, "Architecture", arch, sizeof(arch));
	stanza_value(stanza, len, "Auto-Installed", automatic, sizeof(automatic));
	TEXT_FORMAT(key, "%s%s%s", name, arch[0] ? ":" : "", arch);
	if (name[0] && text_eq(automatic, "1"))
		(void)json_object_set_new(into, key, json_string("automatic"));
}

static json_t *marks_take(const struct host *h)
{
	json_t *marks = json_object();
	AUTO_BUF struct buf text = { 0 };

	stanzas(h, APT_MARKS, apt_mark_add, marks);
	if (fs_read(h->root, ZYPP_MARKS, FILE_BYTES_MAX, &text) < 0)
		return marks;
	for (const char *line = buf_text(&text); *line;) {
		size_t len = strcspn(line, "\n");
		char name[128];

		TEXT_FORMAT(name, "%.*s", (int)len, line);
		if (len && name[0] != '#')
			(void)json_object_set_new(marks, name, json_string("automatic"));
		line += len + (line[len] == '\n');
	}
	return marks;
}

static json_t *modules_take(const struct host *h)
{
	json_t *modules = json_object();
	AUTO_BUF struct buf text = { 0 };

	if (host_read(h, "proc/modules", FILE_BYTES_MAX, &text) < 0)
		return modules;
	for (const char *line = buf_text(&text); *line;) {
		char name[80];

		TEXT_FORMAT(name, "%.*s", (int)strcspn(line, " \n"), line);
		if (name[0])
			(void)json_object_set_new(modules, name, json_string("loaded"));
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return modules;
}

json_t *snapshot_take(const struct host *h, const struct journal *j)
{
	char now[21];

	time_text(h->clock->realtime_ms(h->clock), now);
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "schema", "ib-vmext/snapshot/1", "at",
			 now, "package", packages_take(h), "mark", marks_take(h), "file",
			 files_take(j), "module", modules_take(h));
}

static void path_of(const char *run, char *ret, size_t size)
{
	(void)text_format(ret, size, "saved/%s/snapshot.json", run);
}

int snapshot_keep(const struct journal *j, struct error *err)
{
	AUTO_JSON json_t *snapshot = snapshot_take(j->host, j);
	AUTO_BUF struct buf text = { 0 };
	char path[100], dir[100];
	int rc = snapshot ? json_write(snapshot, false, &text) : -ENOMEM;

	path_of(j->run, path, sizeof(path));
	TEXT_FORMAT(dir, "saved/%s", j->run);
	if (rc == 0)
		rc = fs_make_dirs(j->state_dir, dir, 0700);
	if (rc == 0)
		rc = fs_replace(j->state_dir, path, text.data, text.len, 0600);
	if (rc == 0)
		return 0;
	return error_set(err, fault_of_write(rc, FAULT_STATE_DIR), -rc,
			 "how the machine is cannot be noted in /" ACT_STATE_DIR "/%s: %s", path,
			 strerror(-rc));
}

json_t *snapshot_load(const struct journal *j, const char *name)
{
	AUTO_BUF struct buf text = { 0 };
	char path[100];

	path_of(name, path, sizeof(path));
	if (fs_read(j->state_dir, path, SNAPSHOT_BYTES_MAX, &text) < 0)
		return NULL;
	return json_parse(buf_text(&text), text.len, NULL, 0);
}
