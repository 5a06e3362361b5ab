/* act/journal/ended.h - ended.json: how the last run ended, whoever had asked for it.
 *
 * Written by who holds the lock, when its answer is known; `status` tells it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct host;
struct outcome;

#define ENDED_FILE "ended.json"

struct ended {
	char at[21];
	char kind[8]; /* "apply" or "undo" */
	int64_t seq;  /* -1 at a shell */
	int exit_code;
	enum fault fault;
	bool reboot_pending;
	char run[40]; /* "" if nothing was begun */
	char message[1000];
};

/* From an outcome, or from an error that left none. */
void ended_of(const struct outcome *o, struct ended *ret);
void ended_of_error(const struct error *e, struct ended *ret);

/* Write it, without secrets, with the present time. A failure is logged and costs nothing else. */
void ended_write(const struct host *h, struct ended *e);

/* Returns 0, -ENOENT if there is none, -EINVAL if it is damaged, or -errno. */
int ended_read(const struct host *h, struct ended *ret);
