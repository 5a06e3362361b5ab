/* cli/capture.h - writes a machine as a world: what its facts were read from, redacted, and no
 * more. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/json.h"
#include "cli/alias.h"
#include "host/host.h"

struct recorder;

struct capture_summary {
	unsigned files; /* and symlinks */
	size_t bytes;
	size_t hidden[ALIAS_KINDS]; /* how many different things */
};

/* Make the world `dir`, which must not exist or be empty. It is read again before it is left
 * there: its facts equal the machine's, but for what is hidden. Returns 0, or -1 with nothing left
 * behind: FAULT_WORLD_EXISTS, FAULT_WRITE_FAILED, FAULT_DISK_FULL, FAULT_READ_FAILED if the machine
 * cannot be read or has more than a world holds (8 MiB a file, 32 MiB in all). */
int capture_machine(const struct host *h, const char *dir, struct capture_summary *ret,
		    struct error *err);

/* FAULT_DISK_FULL, naming the place, where `bytes` do not fit. */
int capture_check_room(int dir, const char *name, size_t bytes, struct error *err);
