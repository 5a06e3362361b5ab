/* handler/handler.h - `ib-vmext handler VERB`: what the agent calls, and the worker that does the
 * work afterwards. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

struct catalogue;
struct host;

/* Borrowed but for the two buffers. What the agent says comes from its environment variables. */
struct handler_app {
	const struct host *host;
	const struct catalogue *catalogue;
	const char *version;        /* of this program */
	const char *program;        /* its file: "/proc/self/exe" */
	const char *extension_path; /* $AZURE_GUEST_AGENT_EXTENSION_PATH; NULL if not set */
	const char *sequence;       /* $ConfigSequenceNumber; NULL if not set */
	const char *updating_from;  /* $AZURE_GUEST_AGENT_UPDATING_FROM_VERSION; NULL if not set */
	const char *updating_to;    /* $VERSION; NULL if not set */
	struct buf out; /* for stdout: short, the important line first (3,200 bytes are kept) */
	struct buf complaint; /* for stderr */
};

/* Fill from this process's environment. */
void handler_app_init(struct handler_app *ret, const struct host *h, const struct catalogue *c);
void handler_app_free(struct handler_app *app);

/* Do what `verb` says. Returns the exit code of the process; `out` and `complaint` hold what to
 * print. FAULT_USAGE's code for a verb that is not in the table. */
int handler_main(struct handler_app *app, const char *verb);

/* The verbs of the table in their order, for help and completion; NULL past the end. `internal`
 * (may be NULL): not for the agent nor a person. */
const char *handler_verb(size_t i, const char **help, bool *internal);

/* Say why it failed, with the next step, on stderr. Returns the fault's exit code. */
int handler_fail(struct handler_app *app, const struct error *err);

/* The verbs that are files of their own. */
int verb_enable(struct handler_app *app);
int verb_uninstall(struct handler_app *app);
int verb_worker(struct handler_app *app);
int verb_resume(struct handler_app *app);
int verb_boot(struct handler_app *app);
