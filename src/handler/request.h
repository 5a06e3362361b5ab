/* handler/request.h - request.json: what the worker has to do, for whom, and where to say how it
 * went.
 *
 * Written by `enable` and `uninstall`, read by the worker. Of the protected settings only the
 * ciphertext is kept. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "handler/environment.h"
#include "handler/settings_file.h"

struct handler_app;
struct log;
struct settings;

#define REQUEST_SCHEMA "ib-vmext/request/1"

enum request_kind { REQUEST_APPLY, REQUEST_UNDO };

struct request {
	enum request_kind kind;
	int64_t seq;
	char status_dir[FOLDER_SIZE]; /* "": nobody to tell */
	char events_dir[FOLDER_SIZE];
	char log_dir[FOLDER_SIZE];
	char digest[DIGEST_TEXT_SIZE]; /* of N.settings as received */
	char version[32];              /* of the handler that asks */
	struct settings_file file;     /* owned */
	int64_t requested_at; /* ms since 1970: tells a repeated request from the same one */
};

void request_free(struct request *r);
#define AUTO_REQUEST CLEANUP(request_free)

/* From the agent's N.settings. `digest` is filled as soon as the file could be read. -1 with
 * FAULT_SETTINGS_FILE or FAULT_PROTECTED_SETTINGS. */
int request_from_agent(const struct handler_app *app, const struct environment *env, int64_t seq,
		       struct request *ret, struct error *err);

/* Returns 0, -ENOENT if there is none, -EINVAL if it is damaged, or -errno. */
int request_read(const struct host *h, struct request *ret);
int request_write(const struct host *h, const struct request *r, struct error *err);

/* The settings, the protected ones decrypted. Their secrets are made known to the log: *ret must
 * outlive its use. */
int request_settings(const struct host *h, const struct request *r, struct settings *ret,
		     struct error *err);

/* Is it the same work, whoever asks and wherever the answer goes? */
bool request_same_work(const struct request *a, const struct request *b);
