/* arm/inner.h - what the files of the Resource Manager share: requests, answers, routes. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "arm.h"
#include "base/buf.h"
#include "base/json.h"

struct MHD_Connection;
struct MHD_Daemon;

enum { PARTS_MAX = 6, PART_SIZE = 96, REQUEST_MAX = 4 << 20, OPERATIONS_MAX = 4096 };

struct arm {
	struct fabric *fabric;
	struct log *log;
	struct MHD_Daemon *daemon;
	int port;
	char *key, *certificate;        /* PEM, of the server; owned */
	unsigned char token_secret[32]; /* of this start: no token outlives it */
	pthread_mutex_t lock;           /* of what stands below */
	json_t *operations;             /* id -> operation, see operation.c */
};

struct arm_request {
	struct arm *arm;
	const char *method, *path;
	/* What stands in the path where the route has {}: the subscription first. */
	char parts[PARTS_MAX][PART_SIZE];
	struct buf body;
	char origin[160]; /* "https://localhost:8443": how the client came */
	struct MHD_Connection *connection;
};

struct arm_answer {
	int status;
	json_t *body;        /* owned; NULL: none */
	char operation[320]; /* Azure-AsyncOperation, with Retry-After; "": none */
	char location[320];  /* Location */
};

struct arm_route {
	const char *method;
	const char
		*path; /* "/subscriptions/{}/resourceGroups/{}": matched without regard to case */
	bool open;     /* without a token */
	void (*serve)(struct arm_request *r, struct arm_answer *ret);
};

/* Tables that end with a row without a method. */
extern const struct arm_route arm_token_routes[], arm_group_routes[], arm_compute_routes[],
	arm_extension_routes[], arm_image_routes[], arm_operation_routes[];

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
void arm_say(struct arm_answer *a, int status, json_t *body); /* takes the reference */

/* The body as JSON, leniently read; NULL with the answer set. A new reference. */
json_t *arm_body(struct arm_request *r, struct arm_answer *a);

/* ---- token.c: HS256 tokens of this lab's own. Returns 0 or -errno: -EKEYEXPIRED, -EACCES. */
int arm_token_make(const struct arm *a, int64_t now_s, struct buf *ret);
int arm_token_check(const struct arm *a, const char *token, int64_t now_s);

/* ---- operation.c: long-running operations on an extension, judged when asked. */
enum operation_kind { OPERATION_PUT, OPERATION_DELETE };
void arm_operation_begin(struct arm_request *r, enum operation_kind kind, const char *vm,
			 const char *extension, struct arm_answer *ret);

/* ---- groups.c: false with the answer set where it is no group of the lab's. */
bool arm_need_group(struct arm_request *r, struct arm_answer *ret);

/* ---- compute.c. A "vm" is what fabric_vm_show gives. */
json_t *arm_need_vm(struct arm_request *r, struct arm_answer *ret); /* new; NULL: answer is set */
bool arm_is_vm_of(const json_t *vm, const char *group);
json_t *arm_vm_id(const json_t *vm);
json_t *arm_vm_json(const struct arm *a, const json_t *vm, bool view);
bool arm_wants_view(const struct arm_request *r);
void arm_vms_add(const struct arm *a, json_t *list); /* id, name, type and location of each */

/* ---- extensions.c */
json_t *arm_extensions_json(const struct arm *a, const json_t *vm, bool view);

/* ---- view.c: what agents reported. A "row" is what extension_row gives. */
json_t *arm_status(const char *code, const char *level, const char *shown, const char *message,
		   const char *time);
json_t *arm_extension_view(const json_t *row);
json_t *arm_vm_view(const struct arm *a, const json_t *vm);

/* ---- tls.c: the certificates, taken from or made in state/arm. Fills a->key and a->certificate.
 */
NODISCARD int arm_tls_prepare(struct arm *a, const char *state, struct error *err);
