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
extern const struct arm_route arm_token_routes[], arm_compute_routes[], arm_image_routes[],
	arm_operation_routes[];

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

/* ---- tls.c: the certificates, taken from or made in state/arm. Fills a->key and a->certificate.
 */
NODISCARD int arm_tls_prepare(struct arm *a, const char *state, struct error *err);
