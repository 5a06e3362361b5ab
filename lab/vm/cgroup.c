/* Control groups of the cells: made, entered, and taken down with whatever is still in them. */
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/text.h"

/* The line of /proc/self/cgroup of one hierarchy ("0::" or "N:name=systemd:"), from its path on. */
static const char *own_path(const char *text, const char *controllers, size_t *len)
{
	for (const char *line = text; line != NULL && *line != '\0';) {
		const char *colon = strchr(line, ':');
		size_t n = strlen(controllers);

		if (colon != NULL && strncmp(colon + 1, controllers, n) == 0 &&
		    colon[1 + n] == ':') {
			*len = strcspn(colon + 2 + n, "\n");
			return colon + 2 + n;
		}
		line = strchr(line, '\n');
		line = line != NULL ? line + 1 : NULL;
	}
	return NULL;
}

static void add_hierarchy(struct cgroup *g, const char *procs, const char *controllers,
			  const char *mount, const char *tail)
{
	size_t len;
	const char *own = own_path(procs, controllers, &len);

	if (own == NULL || !fs_exists(AT_FDCWD, mount))
		return;
	if (len == 1)
		len = 0; /* "/" */
	if (TEXT_FORMAT(g->path[g->count], "%s%.*s/%s", mount, (int)len, own, tail) == 0)
		g->count++;
}

int cgroup_name(struct cgroup *ret, const char *lab, const char *name, struct error *err)
{
	AUTO_BUF struct buf procs = { 0 };
	char tail[128];
	int rc = fs_read(AT_FDCWD, "/proc/self/cgroup", 64 << 10, &procs);

	if (rc < 0)
		return error_set(err, FAULT_INTERNAL, -rc, "cannot read /proc/self/cgroup: %s",
				 strerror(-rc));
	*ret = (struct cgroup) { 0 };
	(void)TEXT_FORMAT(tail, name != NULL ? "%s/%s" : "%s", lab, name);
	add_hierarchy(ret, buf_text(&procs), "name=systemd", "/sys/fs/cgroup/systemd", tail);
	add_hierarchy(ret, buf_text(&procs), "",
		      fs_exists(AT_FDCWD, "/sys/fs/cgroup/cgroup.procs") ? "/sys/fs/cgroup"
									 : "/sys/fs/cgroup/unified",
		      tail);
	return 0;
}

int cgroup_make(const struct cgroup *g, struct error *err)
{
	for (size_t i = 0; i < g->count; i++) {
		int rc = fs_make_dirs(AT_FDCWD, g->path[i], 0755);

		if (rc < 0)
			return error_set(err, FAULT_INTERNAL, -rc,
					 "cannot make the control group %s: %s", g->path[i],
					 strerror(-rc));
	}
	return 0;
}

int cgroup_enter(const struct cgroup *g, const char *sub)
{
	for (size_t i = 0; i < g->count; i++) {
		char path[VM_PATH_MAX + 64];
		int fd;

		(void)TEXT_FORMAT(path, "%s/%s", g->path[i], sub != NULL ? sub : "");
		if (sub != NULL)
			(void)mkdir(path, 0755);
		(void)TEXT_FORMAT(path, "%s/%s/cgroup.procs", g->path[i], sub != NULL ? sub : "");
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		if (write(fd, "0", 1) < 0) {
			(void)close(fd);
			return -errno;
		}
		(void)close(fd);
	}
	return 0;
}

struct visit {
	const char *path;
	int (*fn)(const char *path);
};

static int visit_below(const char *path, int (*fn)(const char *path));

static int visit_one(void *ctx, const char *name)
{
	const struct visit *v = ctx;
	char path[VM_PATH_MAX];
	struct stat st;

	if (TEXT_FORMAT(path, "%s/%s", v->path, name) == 0 && lstat(path, &st) == 0 &&
	    S_ISDIR(st.st_mode))
		(void)visit_below(path, v->fn);
	return 0;
}

/* Depth first. */
static int visit_below(const char *path, int (*fn)(const char *path))
{
	struct visit v = { .path = path, .fn = fn };

	(void)!fs_list(AT_FDCWD, path, visit_one, &v);
	return fn(path);
}

static int kill_members(const char *path)
{
	AUTO_BUF struct buf text = { 0 };
	char procs[VM_PATH_MAX];
	char *rest, *line;

	if (TEXT_FORMAT(procs, "%s/cgroup.procs", path) < 0 ||
	    fs_read(AT_FDCWD, procs, 1 << 20, &text) < 0 || text.data == NULL)
		return 0;
	rest = text.data;
	while ((line = strsep(&rest, "\n")) != NULL) {
		long pid;

		if (text_to_long(line, 10, &pid) == 0 && pid > 1)
			(void)kill((pid_t)pid, SIGKILL);
	}
	return 0;
}

static int remove_group(const char *path)
{
	return rmdir(path);
}

void cgroup_destroy(const struct cgroup *g)
{
	for (size_t i = 0; i < g->count; i++) {
		if (!fs_exists(AT_FDCWD, g->path[i]))
			continue;
		/* A killed process leaves its group a moment after the signal. */
		for (int tries = 0; tries < 100; tries++) {
			(void)visit_below(g->path[i], kill_members);
			(void)visit_below(g->path[i], remove_group);
			if (!fs_exists(AT_FDCWD, g->path[i]))
				break;
			(void)poll(NULL, 0, 5);
		}
	}
}
