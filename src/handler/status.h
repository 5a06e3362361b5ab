/* handler/status.h - N.status: what Azure is told, always valid, always below the agent's limits.
 *
 * Source: WALinuxAgent ga/exthandlers.py, parse_ext_status and _read_status_file: a list of which
 * element 0 counts; four lower-case states; one bad substatus spoils the whole; above 128 KiB the
 * agent cuts. `warning` is not used: it holds dependants up for 90 minutes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"

struct host;

enum status_state { STATUS_TRANSITIONING, STATUS_SUCCESS, STATUS_ERROR };

enum { STATUS_SUBS_MAX = 24, STATUS_MESSAGE_SIZE = 1000, STATUS_SUB_MESSAGE_SIZE = 400 };

struct substatus {
	char name[32]; /* a stage: "packages"; or "reboot-pending", "skipped" */
	enum status_state state;
	int code;
	char message[STATUS_SUB_MESSAGE_SIZE];
};

struct status {
	enum status_state state;
	int code; /* of the exit code table */
	char message[STATUS_MESSAGE_SIZE];
	struct substatus subs[STATUS_SUBS_MAX];
	unsigned nsubs;
};

/* Set state, code and message; the message is made valid UTF-8 on one line, cut to fit. */
void status_set(struct status *s, enum status_state state, int code, const char *message);

/* Set the substatus of this name, adding it at the end where it is new. When the table is full,
 * nothing happens. */
void status_sub(struct status *s, const char *name, enum status_state state, int code,
		const char *message);

/* An error that says the cause and the next step: the cause is cut where both do not fit. */
void status_fail(struct status *s, enum fault fault, const char *what);

/* "cause. Next: remedy (ib-vmext explain slug)" */
void status_advice(char *ret, size_t size, const char *cause, const char *remedy, const char *slug);

/* The work is over: no substatus may stay transitioning. */
void status_settle(struct status *s);

/* Take the secrets that the log knows out of every message. */
void status_redact(struct status *s, const struct log *log);

json_t *status_to_json(const struct status *s, int64_t now_ms);

/* Replace dir/seq.status, whole. Returns 0 or -errno; -ENOENT where the directory is gone. */
int status_write(const struct host *h, const char *dir, int64_t seq, const json_t *document);

/* The state of dir/seq.status. Returns 0, -ENOENT, -EINVAL if it is malformed, or -errno. */
int status_read(const struct host *h, const char *dir, int64_t seq, enum status_state *ret);

const char *status_state_name(enum status_state state); /* "success" */

/* Make `text` valid UTF-8 without control characters, of less than `size` bytes, cut between
 * characters. */
void utf8_fit(char *text, size_t size);
