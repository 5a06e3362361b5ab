/* host/recorder.h - what was asked of a machine and what it answered: enough to make a world of it.
 *
 * A host with a recorder notes each call of host.h, run.h and metadata.h that finds something;
 * whoever reads the machine does not know of it, so that no second list of sources is kept. Paths
 * are noted where they lead to, and each symlink on the way as one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json.h"
#include "host/metadata.h"

struct host;
struct node;
struct run_result;
struct run_spec;

enum { RECORDER_BYTES_MAX = 128 << 20, RECORDER_PLACES_MAX = 50000 };

enum noted_kind { NOTED_DIR, NOTED_FILE, NOTED_LINK };

struct noted {
	char *path; /* relative to the root, no symlink but the last component */
	enum noted_kind kind;
	struct buf content; /* of a file what was read, of a symlink its target */
	bool was_read;      /* false: the file was only seen */
	size_t longer_than; /* 0, or the bound that reading it passed */
};

struct recorder {
	struct noted *at; /* in the order in which they were met */
	size_t count, space;
	size_t bytes;     /* of all contents */
	json_t *places;   /* path -> index in `at` */
	json_t *commands; /* the members of world.json of these names */
	json_t *spaces;   /* "statfs" */
	json_t *complete; /* object: path -> true */
	json_t *nodes,
		*addresses; /* NULL: nothing could be asked; what is not there is not in them */
	json_t *imds;       /* NULL: not asked */
	char machine[32];   /* "" if not asked */
	const char *failed; /* why something could not be noted, NULL: all was */
};

/* Returns 0 or -ENOMEM. */
NODISCARD int recorder_init(struct recorder *ret);
void recorder_free(struct recorder *r);

/* The place of that path, NULL if there is none. */
const struct noted *recorder_find(const struct recorder *r, const char *path);

/* Called by host/ alone; each does nothing where h->recorder is NULL. */
void recorder_read(const struct host *h, const char *path, const char *data, size_t len);
void recorder_too_long(const struct host *h, const char *path, size_t max);
void recorder_seen(const struct host *h, const char *path);
void recorder_listed(const struct host *h, const char *path, const char *name);
void recorder_link(const struct host *h, const char *path);
void recorder_complete(const struct host *h, const char *path);
void recorder_machine(const struct host *h, const char *machine);
void recorder_space(const struct host *h, const char *path, uint64_t free_bytes,
		    uint64_t total_bytes);
void recorder_node(const struct host *h, const char *path, const struct node *node);
void recorder_ipv4(const struct host *h, const char *netdev, const char *address);
void recorder_command(const struct host *h, const struct run_spec *spec,
		      const struct run_result *result);
void recorder_metadata(const struct host *h, enum metadata_end end, int status, const char *body,
		       size_t len);
