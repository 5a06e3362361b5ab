/* cli/capture.c - reads the facts with a recorder, writes what it noted, and reads that again. */
#include "cli/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>

#include "base/fs.h"
#include "base/text.h"
#include "cli/capture_compare.h"
#include "cli/treat.h"
#include "facts/facts.h"
#include "host/recorder.h"
#include "probe/probe.h"

enum { FILE_MAX = 8 << 20, WORLD_MAX = 32 << 20, SPARE_BYTES = 1 << 20 };

/* One capture. What is written lies in `staging` beside the place where it is to be. */
struct capture {
	const char *dir; /* as it was given: for messages */
	char parent[PATH_MAX], name[NAME_MAX + 1], staging[NAME_MAX + 1];
	int parent_fd, root_fd;
	bool reduced;
	struct recorder recorder;
	struct aliases aliases;
	struct facts *facts;
	json_t *facts_json;
	struct capture_summary summary;
};

static int no_memory(struct error *err)
{
	return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to capture this machine");
}

static int write_failed(const struct capture *c, const char *path, int sys, struct error *err)
{
	return error_set(err, fault_of_write(-sys, FAULT_WRITE_FAILED), sys,
			 "cannot write %s%s%s: %s", c->dir, *path ? "/" : "", path, strerror(sys));
}

/* "a/b/" -> "a" and "b". */
static int split_dir(struct capture *c, struct error *err)
{
	char copy[PATH_MAX];
	size_t len = strlen(c->dir);
	char *slash;

	if (TEXT_COPY(copy, c->dir) < 0)
		return error_set(err, FAULT_USAGE, ENAMETOOLONG,
				 "the name of the directory is too long");
	while (len > 1 && copy[len - 1] == '/')
		copy[--len] = '\0';
	slash = strrchr(copy, '/');
	if (TEXT_COPY(c->name, slash ? slash + 1 : copy) < 0 || !*c->name ||
	    text_eq(c->name, ".") || text_eq(c->name, "..") ||
	    TEXT_FORMAT(c->staging, ".%s.%d", c->name, (int)getpid()) < 0)
		return error_set(err, FAULT_USAGE, EINVAL,
				 "%s cannot become a world: give it a name of its own", c->dir);
	if (slash)
		slash[slash == copy ? 1 : 0] = '\0';
	return TEXT_COPY(c->parent, slash ? copy : ".");
}

static int stop(void *ctx, const char *name)
{
	(void)ctx;
	(void)name;
	return 1;
}

/* The place is free: nothing is there, or an empty directory. */
static int check_free(const struct capture *c, struct error *err)
{
	int rc = fs_list(c->parent_fd, c->name, stop, NULL);

	if (rc == 0 || rc == -ENOENT)
		return 0;
	if (rc > 0)
		return error_set(err, FAULT_WORLD_EXISTS, ENOTEMPTY, "%s exists and is not empty",
				 c->dir);
	return error_set(err, FAULT_WORLD_EXISTS, -rc, "%s cannot become a world: %s", c->dir,
			 strerror(-rc));
}

int capture_check_room(int dir, const char *name, size_t bytes, struct error *err)
{
	struct statvfs s;
	unsigned long long left;

	if (fstatvfs(dir, &s) < 0 || s.f_blocks == 0)
		return 0; /* writing will show it */
	left = (unsigned long long)s.f_bavail * s.f_frsize;
	if (left >= (unsigned long long)bytes + SPARE_BYTES)
		return 0;
	return error_set(err, FAULT_DISK_FULL, ENOSPC,
			 "%s needs %zu KiB, and its file system has %llu KiB left", name,
			 (bytes + SPARE_BYTES) >> 10, left >> 10);
}

static int open_place(struct capture *c, struct error *err)
{
	if (split_dir(c, err) < 0)
		return -1;
	c->parent_fd = open(c->parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->parent_fd < 0)
		return error_set(err, FAULT_WRITE_FAILED, errno, "cannot open the directory %s: %s",
				 c->parent, strerror(errno));
	return check_free(c, err);
}

static int read_machine(const struct host *h, struct capture *c, struct error *err)
{
	const struct probe_options options = { .metadata = true };
	struct host watched = *h;

	watched.recorder = &c->recorder;
	if (probe_facts(&watched, &options, c->facts, err) < 0)
		return -1;
	if (c->recorder.failed)
		return error_set(err, FAULT_READ_FAILED, 0, "this machine cannot be captured: %s",
				 c->recorder.failed);
	c->facts_json = facts_to_json(c->facts);
	return c->facts_json ? 0 : no_memory(err);
}

/* The whole name, and what stands before the domain. */
static int add_host_name(struct capture *c, char *name, const char *keep)
{
	int rc = treat_add_name(&c->aliases, name, keep);

	name[strcspn(name, ".")] = '\0';
	return rc < 0 ? rc : treat_add_name(&c->aliases, name, keep);
}

/* A host that is called as one of the facts or as a folder is: its name tells nothing there, and
 * hiding it would make another machine. */
static int add_names(const struct host *h, struct capture *c, struct error *err)
{
	static const char *const files[] = { "etc/hostname", "proc/sys/kernel/hostname" };
	AUTO_BUF struct buf keep = { 0 };
	struct utsname uts;
	char name[256];
	int rc = json_write(c->facts_json, false, &keep);

	for (size_t i = 0; i < c->recorder.count && rc == 0; i++)
		rc = buf_add_format(&keep, "\n%s", c->recorder.at[i].path);
	for (size_t i = 0; i < ARRAY_SIZE(files) && rc == 0; i++)
		if (HOST_READ_LINE(h, files[i], name) == 0)
			rc = add_host_name(c, name, buf_text(&keep));
	if (rc == 0 && h->live && uname(&uts) == 0)
		rc = add_host_name(c, uts.nodename, buf_text(&keep));
	if (rc == 0)
		rc = treat_add_names(&c->aliases, c->recorder.imds, buf_text(&keep));
	return rc < 0 ? no_memory(err) : 0;
}

/* An address may stand without its colons before it is met with them: all is looked at once before
 * anything is written. */
static int learn(struct capture *c, size_t *ret_bytes, struct error *err)
{
	*ret_bytes = 0;
	for (size_t i = 0; i < c->recorder.count; i++) {
		const struct noted *n = &c->recorder.at[i];
		AUTO_BUF struct buf b = { 0 };

		if (n->kind == NOTED_FILE && n->was_read &&
		    treat_file(&c->aliases, n->path, c->reduced, &n->content, &b) < 0)
			return no_memory(err);
		*ret_bytes += b.len + 4096;
	}
	return 0;
}

static int check_size(struct capture *c, const char *path, size_t bytes, struct error *err)
{
	c->summary.bytes += bytes;
	if (bytes <= FILE_MAX && c->summary.bytes <= WORLD_MAX)
		return 0;
	return error_set(
		err, FAULT_READ_FAILED, EFBIG,
		"this machine cannot be captured: with /%s a world would have more than %d MiB",
		path, bytes > FILE_MAX ? FILE_MAX >> 20 : WORLD_MAX >> 20);
}

/* Only its length was seen, or nothing at all: a file of holes, or an empty one. */
static int write_file(struct capture *c, const struct noted *n, const char *path, struct error *err)
{
	AUTO_BUF struct buf b = { 0 };
	AUTO_FD int fd = openat(c->root_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	int rc;

	if (fd < 0)
		return write_failed(c, path, errno, err);
	if (!n->was_read) {
		rc = n->longer_than ? ftruncate(fd, (off_t)n->longer_than + 1) : 0;
		return rc < 0 ? write_failed(c, path, errno, err) : 0;
	}
	if (treat_file(&c->aliases, n->path, c->reduced, &n->content, &b) < 0)
		return no_memory(err);
	if (check_size(c, n->path, b.len, err) < 0)
		return -1;
	rc = fs_write_all(fd, buf_text(&b), b.len);
	return rc < 0 ? write_failed(c, path, -rc, err) : 0;
}

static int write_link(struct capture *c, const struct noted *n, const char *path, struct error *err)
{
	AUTO_BUF struct buf target = { 0 };

	if (treat_path(&c->aliases, buf_text(&n->content), &target) < 0)
		return no_memory(err);
	if (symlinkat(buf_text(&target), c->root_fd, path) < 0)
		return write_failed(c, path, errno, err);
	return 0;
}

static int write_place(struct capture *c, const struct noted *n, struct error *err)
{
	AUTO_BUF struct buf path = { 0 };
	char parent[PATH_MAX];
	char *slash;
	int rc;

	if (treat_path(&c->aliases, n->path, &path) < 0 || TEXT_COPY(parent, buf_text(&path)) < 0)
		return no_memory(err);
	slash = n->kind == NOTED_DIR ? parent + strlen(parent) : strrchr(parent, '/');
	if (slash) {
		*slash = '\0';
		rc = fs_make_dirs(c->root_fd, parent, 0755);
		if (rc < 0)
			return write_failed(c, parent, -rc, err);
	}
	c->summary.files += n->kind != NOTED_DIR;
	if (n->kind == NOTED_LINK)
		return write_link(c, n, buf_text(&path), err);
	return n->kind == NOTED_FILE ? write_file(c, n, buf_text(&path), err) : 0;
}

static bool is_empty(const struct recorder *r, const struct noted *dir)
{
	size_t len = strlen(dir->path);

	for (size_t i = 0; i < r->count; i++)
		if (text_starts(r->at[i].path, dir->path) && r->at[i].path[len] == '/')
			return false;
	return true;
}

/* What a version control of files does not carry. */
static json_t *list_dirs(struct capture *c)
{
	AUTO_JSON json_t *dirs = json_array();

	for (size_t i = 0; i < c->recorder.count; i++) {
		const struct noted *n = &c->recorder.at[i];
		AUTO_BUF struct buf path = { 0 };

		if (n->kind == NOTED_DIR && is_empty(&c->recorder, n) &&
		    (treat_path(&c->aliases, n->path, &path) < 0 ||
		     json_array_append_new(dirs, json_string(buf_text(&path))) < 0))
			return NULL;
	}
	return TAKE(dirs);
}

static json_t *list_commands(struct capture *c)
{
	AUTO_JSON json_t *commands = json_array();
	const json_t *command;
	size_t i;

	json_array_foreach(c->recorder.commands, i, command)
	{
		if (json_array_append_new(commands,
					  treat_command(&c->aliases, c->reduced, command)) < 0)
			return NULL;
	}
	return TAKE(commands);
}

static json_t *list_complete(struct capture *c)
{
	AUTO_JSON json_t *complete = json_array();
	const char *path;
	json_t *yes;

	json_object_foreach(c->recorder.complete, path, yes)
	{
		if (json_array_append_new(complete, json_string(path)) < 0)
			return NULL;
	}
	return TAKE(complete);
}

static json_t *list_addresses(struct capture *c)
{
	AUTO_JSON json_t *addresses = c->recorder.addresses ? json_object() : NULL;
	const char *netdev;
	json_t *address;

	json_object_foreach(c->recorder.addresses, netdev, address)
	{
		AUTO_BUF struct buf b = { 0 };

		if (alias_value(&c->aliases, json_string_value(address), &b) < 0 ||
		    json_object_set_new(addresses, netdev, json_string(buf_text(&b))) < 0)
			return NULL;
	}
	return TAKE(addresses);
}

static int write_json(struct capture *c, int dir, struct error *err)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_JSON json_t *world = json_pack(
		"{s:s, s:s, s:{s:o, s:o}, s:o, s:o, s:O, s:o, s:o, s:O*, s:o*}", "schema",
		"ib-vmext/world/1", "capturedBy", "ib-vmext " IB_VMEXT_VERSION, "kernel", "release",
		json_text_or_null(c->facts->kernel.release), "machine",
		json_text_or_null(c->recorder.machine), "imds",
		treat_metadata(&c->aliases, c->recorder.imds), "commands", list_commands(c),
		"statfs", c->recorder.spaces, "dirs", list_dirs(c), "complete", list_complete(c),
		"nodes", c->recorder.nodes, "addresses", list_addresses(c));
	int rc;

	if (!world || json_write(world, true, &text) < 0 || buf_add_text(&text, "\n") < 0)
		return no_memory(err);
	rc = fs_replace(dir, "world.json", buf_text(&text), text.len, 0644);
	return rc < 0 ? write_failed(c, "world.json", -rc, err) : 0;
}

static int write_world(struct capture *c, struct error *err)
{
	AUTO_FD int dir = -1;
	int rc = 0;

	if (mkdirat(c->parent_fd, c->staging, 0755) < 0)
		return write_failed(c, "", errno, err);
	dir = openat(c->parent_fd, c->staging, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || mkdirat(dir, "root", 0755) < 0)
		return write_failed(c, "", errno, err);
	c->root_fd = openat(dir, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->root_fd < 0)
		return write_failed(c, "", errno, err);
	for (size_t i = 0; i < c->recorder.count && rc == 0; i++)
		rc = write_place(c, &c->recorder.at[i], err);
	(void)close(c->root_fd);
	c->root_fd = -1;
	return rc < 0 ? rc : write_json(c, dir, err);
}

/* Returns 0 and *ret_key, NULL if the world's facts are the machine's. */
static int read_again(struct capture *c, const char **ret_key, struct error *err)
{
	const struct probe_options options = { .metadata = true };
	AUTO_FREE struct facts *f = calloc(1, sizeof *f);
	AUTO_JSON json_t *again = NULL;
	struct host h;
	char dir[PATH_MAX];
	int rc;

	if (!f || TEXT_FORMAT(dir, "%s/%s", c->parent, c->staging) < 0)
		return no_memory(err);
	if (host_open_world(&h, dir, NULL, err) < 0)
		return error_wrap(err, "what was captured");
	rc = probe_facts(&h, &options, f, err);
	host_close(&h);
	again = rc < 0 ? NULL : facts_to_json(f);
	if (!again)
		return rc < 0 ? error_wrap(err, "what was captured") : no_memory(err);
	*ret_key = capture_difference(&c->aliases, c->facts_json, again);
	return 0;
}

static void remove_staging(const struct capture *c)
{
	(void)!fs_remove(c->parent_fd, c->staging);
}

/* Write it, see whether it is as the machine is, and write it with all lines where it is not: a
 * source may have been read by lines that nobody told us of. */
static int write_and_prove(struct capture *c, struct error *err)
{
	const char *key = NULL;

	for (int turn = 0; turn < 2; turn++) {
		size_t bytes;

		c->reduced = turn == 0;
		c->summary = (struct capture_summary) { 0 };
		if (learn(c, &bytes, err) < 0 ||
		    capture_check_room(c->parent_fd, c->dir, bytes, err) < 0 ||
		    write_world(c, err) < 0 || read_again(c, &key, err) < 0)
			return -1;
		if (!key)
			return 0;
		remove_staging(c);
	}
	return error_set(err, FAULT_INTERNAL, 0,
			 "the captured world would not be as this machine is: \"%s\" of its facts "
			 "differs",
			 key);
}

static int put_in_place(struct capture *c, struct error *err)
{
	if (check_free(c, err) < 0)
		return -1;
	if (renameat(c->parent_fd, c->staging, c->parent_fd, c->name) < 0)
		return write_failed(c, "", errno, err);
	for (size_t i = 0; i < ALIAS_KINDS; i++)
		c->summary.hidden[i] = json_object_size(c->aliases.of[i]);
	return 0;
}

static int capture_all(const struct host *h, struct capture *c, struct error *err)
{
	int rc = open_place(c, err);

	if (rc == 0)
		rc = read_machine(h, c, err);
	if (rc == 0)
		rc = add_names(h, c, err);
	if (rc == 0)
		rc = write_and_prove(c, err);
	if (rc == 0)
		rc = put_in_place(c, err);
	if (rc < 0 && c->parent_fd >= 0)
		remove_staging(c);
	return rc;
}

static void capture_free(struct capture *c)
{
	json_decref(c->facts_json);
	free(c->facts);
	aliases_free(&c->aliases);
	recorder_free(&c->recorder);
	cleanup_fd(&c->root_fd);
	cleanup_fd(&c->parent_fd);
	free(c);
}

int capture_machine(const struct host *h, const char *dir, struct capture_summary *ret,
		    struct error *err)
{
	struct capture *c = calloc(1, sizeof *c);
	int rc;

	if (!c)
		return no_memory(err);
	c->dir = dir;
	c->parent_fd = c->root_fd = -1;
	c->facts = calloc(1, sizeof *c->facts);
	if (!c->facts || recorder_init(&c->recorder) < 0 || aliases_init(&c->aliases) < 0)
		rc = no_memory(err);
	else
		rc = capture_all(h, c, err);
	if (rc == 0)
		*ret = c->summary;
	capture_free(c);
	return rc;
}
