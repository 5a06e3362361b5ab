/* handler/result.h - result.json: how the last request ended, so that it can be told again and
 * counted. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/json.h"
#include "handler/request.h"
#include "handler/state.h"

#define RESULT_SCHEMA "ib-vmext/result/1"

struct result {
	int64_t seq;
	int64_t requested_at; /* of the request that ended */
	char digest[DIGEST_TEXT_SIZE];
	char version[32];        /* of the program that did the work */
	char boot[BOOT_ID_SIZE]; /* in which it ended */
	bool success;
	int exit_code;
	enum fault fault;
	unsigned attempts; /* in all */
	char message[1000];
	json_t *status; /* owned: the document that N.status had; NULL if there was none */
};

void result_free(struct result *r);
#define AUTO_RESULT CLEANUP(result_free)

/* Returns 0, -ENOENT if there is none, -EINVAL if it is damaged, or -errno. */
int result_read(const struct host *h, struct result *ret);
int result_write(const struct host *h, const struct result *r, struct error *err);

/* Is it the end of this very request? */
bool result_ends(const struct result *r, const struct request *req);

/* Is it of the same sequence number, settings and version, if perhaps of an earlier call of
 * `enable`? */
bool result_is_of(const struct result *r, const struct request *req);
