/* act/boot/waits.h - waits for what still changes a machine at its first boot: cloud-init, and
 * updates that run unattended.
 *
 * Each wait is told with holder, age and end, in status and log. Never for who waits for us. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct host;

struct cloud_init_state {
	bool running;
	char stage[32];  /* "modules-final" */
	int64_t since_s; /* since 1970; 0 if it does not say */
};

/* From run/cloud-init/status.json, as cloud-init writes it at the beginning and the end of each
 * stage; `text` may be anything. Source: cloudinit/cmd/main.py, status_wrapper. */
void cloud_init_parse(const char *text, size_t len, struct cloud_init_state *ret);

/* Of this machine. Not running: it has ended, is not installed, or is disabled. */
void cloud_init_look(const struct host *h, struct cloud_init_state *ret);

struct waiting {
	const struct host *host;
	int limit_s;             /* for all of it; then the work goes on without */
	bool (*stop)(void *ctx); /* a newer request came; may be NULL */
	void *ctx;
};

/* Wait until nothing of this is at work any more, or limit_s is over. -1 only with
 * FAULT_TAKEN_OVER. */
int waits_before_work(const struct waiting *w, struct error *err);

/* Is a program above this one that would wait for its end: cloud-init, or a command of the Azure
 * agent? `ret` gets its name. Such a caller gives the work to somebody else. */
bool waits_has_caller(const struct host *h, char *ret, size_t size);
