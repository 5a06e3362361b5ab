/* host/world.h - what world.json says: all of a machine that no file tells. Used inside host/ only.
 *
 * {"schema":"ib-vmext/world/1","kernel":{"release","machine"},"imds":{...}|{"error":"timeout|429|404"}|null,
 *  "commands":[{"argv":[...],"code":0,"stdout":"","stderr":""}],"statfs":{"/":{"freeBytes","totalBytes"}},
 *  "dirs":["sys/bus/vmbus/devices/x"],"complete":["var/lib/dkms"]}, and what host/node.h names. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"

/* Read and check world.json in the directory. Returns a new reference, or NULL with FAULT_WORLD in
 * *err. */
json_t *world_load(int dir, struct error *err);

/* The recorded command with exactly this argv: a borrowed reference, or NULL. */
const json_t *world_command(const json_t *world, const char *const *argv);

/* Does "dirs" name this path, or one below it? */
bool world_lists(const json_t *world, const char *path);

/* Does "complete" name this path, or one above it? Such a path is here with all that the machine
 * has of it, or the machine has none of it. */
bool world_completes(const json_t *world, const char *path);

struct world_dir {
	int root;
	const char *real; /* relative to root, free of symlinks; NULL: no such directory */
};

/* As host_list, for the names in `dir` together with those that "dirs" adds to `path`. */
NODISCARD int world_list(const json_t *world, const char *path, const struct world_dir *dir,
			 int (*fn)(void *ctx, const char *name), void *ctx);

/* As host_space. */
NODISCARD int world_space(const json_t *world, const char *path, uint64_t *ret_free,
			  uint64_t *ret_total);
