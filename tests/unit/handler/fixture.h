/* tests/unit/handler/fixture.h - a machine in a temporary directory, with an agent's handler
 * directory on it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "handler/handler.h"
#include "host/host.h"

#define HANDLER_DIR "/var/lib/waagent/Microsoft.HpcCompute.InfiniBandDriverLinux-1.1.7"
#define STATUS_DIR  HANDLER_DIR "/status"
#define LOG_DIR     "/var/log/azure/Microsoft.HpcCompute.InfiniBandDriverLinux"
#define BOOT_1      "11111111-2222-3333-4444-555555555555"
#define T0          INT64_C(1790000000000)

/* One program that the fake runner knows; what is not in the table exits with 0 and says nothing.
 */
struct answer {
	const char *program; /* argv[0] */
	const char *word;    /* NULL, or a word that must be among the arguments */
	int code;            /* -1: not found */
	const char *out, *err;
};

struct machine {
	char dir[64];
	struct host host;
	struct log log;
	struct clock clock;
	int64_t now_ms;
	struct handler_app app;
	const struct answer *answers;
	size_t nanswers;
	struct buf ran;   /* each command line that was run, a line each */
	struct buf input; /* stdin of the last one */
};

/* Live, with boot id, systemd and an empty handler directory whose HandlerEnvironment.json is
 * right. */
void machine_make(struct machine *m);
void machine_drop(struct machine *m);

void machine_put(const struct machine *m, const char *path, const char *text);
void machine_put_dir(const struct machine *m, const char *path);
void machine_remove(const struct machine *m, const char *path);
bool machine_has(const struct machine *m, const char *path);
json_t *machine_json(const struct machine *m,
		     const char *path); /* fails the test if it is not JSON */
void machine_text(const struct machine *m, const char *path, struct buf *ret);

/* Write N.settings with these public settings, and say so in the environment. */
void machine_request(struct machine *m, const char *seq, const char *public_settings);

/* "success 0 message" of N.status; the document must be valid by the agent's rules. */
void machine_status(const struct machine *m, int64_t seq, char *ret, size_t size);

/* Fails the test, saying why, unless the agent would accept the text as N.status. */
void check_status_text(const char *text, size_t len);

void machine_forget_output(struct machine *m);
