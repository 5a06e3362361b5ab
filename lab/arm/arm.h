/* arm/arm.h - the Resource Manager of the lab: what az and the SDKs speak to, over https on the
 * host's loopback.
 *
 * VMs are those of the lab; what is shown of an extension comes from the status that its agent
 * uploaded, and nothing else. Source: the requests of azure-cli 2.45 and @azure/arm-compute, and
 * Azure's REST reference. */
#pragma once

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"

struct arm;
struct fabric;
struct log;

#define ARM_SUBSCRIPTION   "22222222-2222-2222-2222-222222222222"
#define ARM_TENANT         "11111111-1111-1111-1111-111111111111"
#define ARM_APPLICATION    "33333333-3333-3333-3333-333333333333"
#define ARM_SECRET         "lab-secret"
#define ARM_RESOURCE_GROUP "myResourceGroup"
#define ARM_LOCATION       "southcentralus"
#define ARM_CA             "arm/ca.pem" /* below the lab's state directory */
#define ARM_AZ             "arm/az"     /* so is the configuration directory of az */

enum {
	ARM_PORT = 8443,
	ARM_ANY_PORT = -1,
	ARM_USUAL_PORT = -2 /* ARM_PORT, or any where another lab has that */
};

struct arm_options {
	const char *state; /* the lab's state directory */
	struct fabric *fabric;
	struct log *log;
	int port;
	bool page; /* begin with the scale set that the page names */
	/* A verb of the lab's control socket ("vm create"). `args` is taken. Returns 0 with a new
	 * reference in *answer (may be NULL), or -1 with *err set. */
	int (*ask)(void *ctx, const char *verb, json_t *args, json_t **answer, struct error *err);
	void *ask_ctx;
};

/* Listen on 127.0.0.1, with a certificate for localhost of an authority of the lab's own, made at
 * the first start. Returns 0, or -1 with *err set, EADDRINUSE in err->sys where somebody else
 * listens there. */
NODISCARD int arm_start(const struct arm_options *o, struct arm **ret, struct error *err);
void arm_stop(struct arm *a); /* NULL is fine */
int arm_port(const struct arm *a);

/* Is it a token of this lab for that audience? Returns 0, -EACCES, -EKEYEXPIRED or -EXDEV. */
int arm_token_check(const struct arm *a, const char *token, const char *audience);
