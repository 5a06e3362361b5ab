/* host/host.h - this machine as an argument: a root directory, a way to run programs, clocks, a
 * log.
 *
 * `root` is always an open directory: "/" live, DIR/root for a world, so there is one code path.
 * Paths given to the functions below are relative to it, without a leading slash. In a world,
 * symlinks resolve inside the root. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"

struct log;
struct recorder;
struct run_result;
struct run_spec;
struct host;

struct clock {
	int64_t (*realtime_ms)(const struct clock *c);
	int64_t (*monotonic_ms)(
		const struct clock *c); /* goes on during suspend where the kernel can say so */
	void (*sleep_ms)(const struct clock *c, int64_t ms);
};
extern const struct clock clock_system;

struct runner {
	int (*run)(const struct host *h, const struct run_spec *spec, struct run_result *ret,
		   struct error *err);
};
extern const struct runner runner_real;
extern const struct runner runner_replay; /* answers from the world's "commands" */

struct host {
	int root;
	bool live;     /* false: a world, read only */
	json_t *world; /* world.json, NULL when live */
	const struct runner *runner;
	const struct clock *clock;
	struct log *log;           /* may be NULL */
	struct recorder *recorder; /* notes what is asked; may be NULL */
	const char *kernel; /* the release that the work is for, where it is another than the one
			       that runs: an image's; else NULL */
};

/* The machine that we run on. Returns 0, or -1 with *err set. */
int host_open_live(struct host *ret, struct log *log, struct error *err);

/* A world: DIR/root and DIR/world.json (schema ib-vmext/world/1). FAULT_WORLD if it is not one. */
int host_open_world(struct host *ret, const char *dir, struct log *log, struct error *err);

void host_close(struct host *h);

/* Open for reading; `flags` adds O_DIRECTORY, O_NOFOLLOW and the like, O_CLOEXEC is always added.
 * Returns a descriptor or -errno; -ENOENT is an answer, not an error, and flags that write are
 * -EROFS. */
int host_open(const struct host *h, const char *path, int flags);

/* The whole of a file, at most `max` bytes, added to `ret`; sysfs and procfs files included. In a
 * world proc/sys/kernel/osrelease falls back to world.json's kernel.release. Returns 0 or -errno,
 * with `ret` as it was; -EFBIG if the file is longer, -EISDIR or -EINVAL if it is no file. */
NODISCARD int host_read(const struct host *h, const char *path, size_t max, struct buf *ret);

/* The same for a long file, whose parts are read one by one and not kept: `take` is given one or
 * more of them at a time, each whole to its `end` ("\n" for lines); the last may lack it. Returns 0
 * or -errno; then some may have been given. */
typedef void (*host_take)(const char *text, size_t len, void *ctx);
NODISCARD int host_read_pieces(const struct host *h, const char *path, size_t max, const char *end,
			       host_take take, void *ctx);

/* A one-line attribute, trimmed. Returns 0 or -errno; -EFBIG if it does not fit. */
NODISCARD int host_read_line(const struct host *h, const char *path, char *ret, size_t size);
#define HOST_READ_LINE(h, path, array) host_read_line((h), (path), (array), sizeof(array))

/* The kernel's release: h->kernel, or else proc/sys/kernel/osrelease, and world.json's
 * kernel.release where that file is absent. Never uname(2), which answers for the kernel under a
 * cell. Returns 0 or -errno. */
NODISCARD int host_kernel_release(const struct host *h, char *ret, size_t size);

/* The machine, as `uname -m` names it; a world's kernel.machine. Returns 0, or -ENOENT where the
 * world does not say. */
NODISCARD int host_machine(const struct host *h, char *ret, size_t size);

/* The last component of what the symlink points to ("mlx5_core"). Returns 0 or -errno. */
NODISCARD int host_read_link_name(const struct host *h, const char *path, char *ret, size_t size);

/* Is it there? A path that world.json lists under "dirs" is, and so are its parents. Symlinks are
 * followed. */
bool host_exists(const struct host *h, const char *path);

/* Is a missing entry below `path` a fact? Live: always. In a world: only where `path` is a sys/
 * directory that the world has, or is itself missing from one, or is
 * one that "complete" names. */
bool host_knows(const struct host *h, const char *path);

/* Each name in a directory, in byte order; a missing directory is empty. Stops at the first result
 * that is not 0 and returns it, else 0 or -errno. */
NODISCARD int host_list(const struct host *h, const char *path,
			int (*fn)(void *ctx, const char *name), void *ctx);

/* Bytes free and in all on the file system of `path`, or of its nearest parent that exists (world:
 * the longest entry of "statfs" that is a parent). Returns 0, or -ENODATA if it is not known. */
NODISCARD int host_space(const struct host *h, const char *path, uint64_t *ret_free,
			 uint64_t *ret_total);
