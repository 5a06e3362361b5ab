/* fabric/inner.h - what the files of this room share: the fabric and the VMs in it.
 *
 * All of it is guarded by fabric.lock but for what never changes after fabric_start (listeners,
 * sas_key, options). */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "fabric.h"
#include "trouble.h"

struct listener;

enum { SAS_KEY_SIZE = 32, VM_NAME_SIZE = 65, ADDRESS_SIZE = 16, STATUS_BLOB_MAX = 4 << 20 };

enum blob_kind { BLOB_NONE, BLOB_BLOCK, BLOB_PAGE };

struct guest {
	char name[VM_NAME_SIZE];
	char address[ADDRESS_SIZE];

	/* What is persisted (state.c): {"schema","vm":{...},"containerId","deploymentId",
	 * "identity":{...},
	 * "certificate":{"key","certificate","thumbprint"},"goal":{"incarnation","created",
	 * "activityId","correlationId","extensions":[...]}}. */
	json_t *doc;
	json_t *held; /* a copy of "goal" that the wire server serves instead; NULL: none */

	enum blob_kind blob_kind; /* the status blob */
	struct buf blob;
	json_t *report; /* the last upload; NULL before the first */
	int64_t serial;
	int64_t report_time_ms;

	struct trouble troubles[PLACES];
	json_t *counts;
};

struct fabric {
	pthread_mutex_t lock;
	pthread_cond_t uploaded;
	bool stopping;
	int stop_fd; /* an eventfd, readable once the fabric stops */
	int state_dir;
	struct log *log;
	bool fast_track;
	unsigned char sas_key[SAS_KEY_SIZE];
	fabric_token_fn *make_token; /* NULL: there are no tokens */
	void *token_ctx;
	struct listener *listeners[FABRIC_SERVICES];
	json_t *catalogue; /* {"Publisher.Type":{"publisher","type","versions":{"1.1.0":path}}} */
	struct guest **vms;
	size_t nvms;
};

void fabric_lock(struct fabric *f);
void fabric_unlock(struct fabric *f);

/* NULL if there is none. The lock is held. */
struct guest *guest_by_name(const struct fabric *f, const char *name);
struct guest *guest_by_address(const struct fabric *f, const char *address);
void guest_free(struct guest *vm); /* NULL is fine */

/* The goal that the wire server serves, which is the held one while there is one. Borrowed. */
const json_t *guest_wire_goal(const struct guest *vm);

/* Freeze what the wire server says, or let it go on. */
void guest_hold(struct guest *vm, bool hold);

/* A random version 4 UUID, lower case. */
void fabric_uuid(char ret[static 37]);

int64_t fabric_now_ms(void); /* since 1970, UTC */

/* ---- state.c: the documents in state_dir --------------------------------------------------- */

/* Take up the key and the VMs that the directory holds; a missing one is made. */
NODISCARD int guests_load(struct fabric *f, const char *dir, struct error *err);
NODISCARD int guest_save(const struct fabric *f, const struct guest *vm, struct error *err);
NODISCARD int guest_forget(const struct fabric *f, const struct guest *vm, struct error *err);

/* ---- report.c: what the agent uploads ------------------------------------------------------ */

/* The status blob has changed: take it as the newest report if it is JSON, wake those who wait,
 * and drop the extensions whose removal it shows. */
void guest_report_take(struct fabric *f, struct guest *vm);

/* ---- extension.c: the extensions asked for ------------------------------------------------- */

/* Where the one of that name stands in goal.extensions. Borrowed; NULL if there is none. */
json_t *extension_find(const json_t *goal, const char *name);

/* "Publisher.Type". */
int extension_handler_name(const json_t *ext, char *ret, size_t size);

/* A new incarnation of the goal state, saved. The lock is held. */
NODISCARD int guest_advance(struct fabric *f, struct guest *vm, int64_t *incarnation,
			    struct error *err);
