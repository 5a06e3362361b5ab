/* arm/inner.h - what the files of the Resource Manager share: requests, answers, routes. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "arm.h"
#include "base/buf.h"
#include "base/json.h"
#include "route.h"
#include "token.h"

struct MHD_Connection;
struct fabric_token;
struct MHD_Daemon;

enum {
	ARM_URL_MAX = 2048,
	REQUEST_MAX = 4 << 20,
	OPERATIONS_MAX = 4096,
	ARM_UUID_SIZE = 37,
	ARM_TIME_SIZE = 40
};

struct arm {
	struct fabric *fabric;
	struct log *log;
	struct MHD_Daemon *daemon;
	int port;
	char *key, *certificate; /* PEM, of the server; owned */
	unsigned char token_secret[TOKEN_SECRET_SIZE];
	unsigned char seal_key[32]; /* protected settings in models of scale sets */
	pthread_mutex_t lock;       /* of what stands below */
	json_t *operations;         /* id -> operation, see operation.c */
	json_t *documents;          /* "kind.name" -> document, see store.c */
	int store;                  /* their directory */
	struct arm_run *runs;       /* deployments under way */
	bool stopping;
	pthread_cond_t stop;
	pthread_t engine; /* see engine.c */
	bool has_engine;
	int (*ask)(void *ctx, const char *verb, json_t *args, json_t **answer, struct error *err);
	void *ask_ctx;
};

struct arm_request {
	struct arm *arm;
	const char *method, *path;
	/* What stands in the path where the route has {}: the subscription first. */
	char parts[PARTS_MAX][PART_SIZE];
	struct buf body;
	char origin[160];                  /* "https://localhost:8443": how the client came */
	struct MHD_Connection *connection; /* NULL: the lab's own request, arm_call */
};

struct arm_answer {
	int status;
	json_t *body;        /* owned; NULL: none */
	char operation[320]; /* Azure-AsyncOperation, with Retry-After; "": none */
	char operation_id[ARM_UUID_SIZE];
	char location[320];  /* Location */
	char retry_after[8]; /* "": as the others say */
};

struct arm_route {
	const char *method;
	const char
		*path; /* "/subscriptions/{}/resourceGroups/{}": matched without regard to case */
	bool open;     /* without a token */
	void (*serve)(struct arm_request *r, struct arm_answer *ret);
};

/* Tables that end with a row without a method. */
extern const struct arm_route arm_login_routes[], arm_identity_routes[], arm_group_routes[],
	arm_compute_routes[], arm_machine_routes[], arm_scaleset_routes[], arm_instance_routes[],
	arm_extension_routes[], arm_deployment_routes[], arm_inert_routes[], arm_image_routes[],
	arm_operation_routes[];

#define ARM_GROUP "/subscriptions/{}/resourceGroups/{}"
#define ARM_VMS   ARM_GROUP "/providers/Microsoft.Compute/virtualMachines"

/* Where names stand in the parts of these. */
enum { PART_GROUP = 1, PART_VM, PART_EXTENSION };

/* NULL if there is none. */
const char *arm_query(const struct arm_request *r, const char *name);
const char *arm_header(const struct arm_request *r, const char *name);

/* Replace the answer by {"error":{"code","message"}}. */
void arm_refuse(struct arm_answer *a, int status, const char *code, const char *fmt, ...)
	PRINTF(4, 5);
/* By 404: there is no such resource ("TYPE/NAME") in the request's group. */
void arm_refuse_absent(const struct arm_request *r, struct arm_answer *a, const char *fmt, ...)
	PRINTF(3, 4);
void arm_say(struct arm_answer *a, int status, json_t *body); /* takes the reference */

/* The body as JSON, leniently read; NULL with the answer set. A new reference. */
json_t *arm_body(struct arm_request *r, struct arm_answer *a);

/* Serve a request of the lab's own, without a token; `body` may be NULL. Free ret->body. */
void arm_call(struct arm *a, const char *method, const char *path, const json_t *body,
	      struct arm_answer *ret);
/* Would it be served? */
bool arm_is_served(struct arm *a, const char *method, const char *path);

/* ---- store.c: documents, each with a "name". The lock is held. */
bool arm_name_is_good(const char *name);
NODISCARD int arm_store_open(struct arm *a, const char *state, struct error *err);
/* 32 secret bytes of state/arm, made at the first start. */
NODISCARD int arm_key_load(const struct arm *a, const char *file, unsigned char ret[static 32],
			   struct error *err);
json_t *arm_document(const struct arm *a, const char *kind, const char *name); /* borrowed */
json_t *arm_documents(const struct arm *a, const char *kind);                  /* a new array */
/* Keep a document that is new or was changed. Returns 0, or -1 with *err set. */
int arm_document_save(struct arm *a, const char *kind, json_t *document, struct error *err);
/* The same, taking the lock, and the answer to a PUT of it: `existed` before. */
void arm_document_put(struct arm_request *r, const char *kind, json_t *document, bool existed,
		      struct arm_answer *ret);
void arm_document_drop(struct arm *a, const char *kind, const char *name);

/* ---- operation.c: long-running operations, judged when asked. */
enum arm_end { ARM_RUNNING, ARM_SUCCEEDED, ARM_FAILED };

/* How an operation stands; *ret_error gets a new {"code","message"} where it failed. */
typedef enum arm_end arm_judge_fn(struct arm *a, const json_t *operation, json_t **ret_error);

/* Begin one: {"kind",...}, of which the reference is taken; headers and operation_id are set. */
void arm_operation_begin(struct arm_request *r, json_t *operation, struct arm_answer *ret);
enum arm_end arm_operation_judge(struct arm *a, const char *id, json_t **ret_error);
void arm_now(char ret[static ARM_TIME_SIZE]);
void arm_uuid(char ret[static ARM_UUID_SIZE]);

/* ---- groups.c: false with the answer set where it is no group of the lab's. */
bool arm_need_group(struct arm_request *r, struct arm_answer *ret);

/* ---- compute.c. A "vm" is what fabric_vm_show gives. */
json_t *arm_need_vm(struct arm_request *r, struct arm_answer *ret); /* new; NULL: answer is set */
json_t *arm_find_vm(const struct arm_request *r);                   /* new; NULL: none */
bool arm_is_vm_of(const json_t *vm, const char *group);
json_t *arm_vm_id(const json_t *vm);
json_t *arm_vm_json(const struct arm *a, const json_t *vm, bool view);
bool arm_wants_view(const struct arm_request *r);
void arm_vms_add(const struct arm *a, json_t *list); /* id, name, type and location of each */

/* ---- identity.c: what "identity" of a VM or a scale set says. */
/* The identity that is asked for, made whole: what `before` (may be NULL) had stays the same. A new
 * reference, json_null() where all are taken away; NULL: answer is set. */
json_t *arm_identity_make(struct arm *a, const json_t *asked, const json_t *before,
			  struct arm_answer *ret);
json_t *arm_identity_json(const json_t *identity); /* as it is shown; NULL where there is none */
int arm_identity_token(void *arm, const char *resource, const char *id, const json_t *who,
		       struct fabric_token *ret);
void arm_identities_add(struct arm *a, json_t *list);

/* ---- machines.c */
struct distro;
struct machine_wish {
	const char *name, *size, *scale_set;
	const struct distro *image;
	const json_t *identity; /* made whole; NULL: none */
};
/* What an imageReference means, the lab's first image where there is none; NULL: answer is set. */
const struct distro *arm_image(const json_t *reference, struct arm_answer *ret);
/* Begin to make a VM. Returns 0, or -1 with the answer set. */
int arm_machine_make(struct arm *a, const struct machine_wish *w, struct arm_answer *ret);
enum arm_end arm_machine_end(struct arm *a, const char *vm, json_t **ret_error);
arm_judge_fn arm_judge_vm_put, arm_judge_vm_delete;

/* ---- engine.c: what goes on between requests. */
NODISCARD int arm_engine_start(struct arm *a, struct error *err);
void arm_engine_stop(struct arm *a);

/* ---- deployment_run.c, what_if.c */
void arm_deployments_load(struct arm *a);
void arm_deployments_advance(struct arm *a); /* a step; by the engine */
void arm_deployments_drop(struct arm *a);
void arm_serve_what_if(struct arm_request *r, struct arm_answer *ret);

/* ---- scaleset.c, scaleset_run.c */
arm_judge_fn arm_judge_scale_set, arm_judge_scale_set_delete;
void arm_scalesets_advance(struct arm *a); /* a step; by the engine */
void arm_scalesets_add(struct arm *a, json_t *list);

/* ---- inert.c */
void arm_inert_add(struct arm *a, json_t *list);
bool arm_has_type(const char *type); /* false: one of Microsoft.Network that the lab has not */

/* ---- groups.c: id, name, type and location of each resource. */
void arm_resources_add(struct arm *a, json_t *list);

/* ---- extensions.c */
arm_judge_fn arm_judge_extension_put, arm_judge_extension_delete;
/* How the extension of a VM stands, in the words that Azure's users search for. */
enum arm_end arm_extension_end(struct arm *a, const char *vm, const char *extension,
			       json_t **ret_error);
/* Ask a VM for an extension: `properties` are those of a PUT. Returns 0, or -1 with the answer set.
 */
int arm_extension_ask(struct arm *a, const char *vm, const char *name, const json_t *properties,
		      struct arm_answer *ret);
json_t *arm_extensions_json(const struct arm *a, const json_t *vm, bool view);

/* ---- view.c: what agents reported. A "row" is what extension_row gives. */
json_t *arm_status(const char *code, const char *level, const char *shown, const char *message,
		   const char *time);
json_t *arm_extension_view(const json_t *row);
json_t *arm_vm_view(const struct arm *a, const json_t *vm);

/* ---- tls.c: the certificates, taken from or made in state/arm. Fills a->key and a->certificate.
 */
NODISCARD int arm_tls_prepare(struct arm *a, const char *state, struct error *err);
