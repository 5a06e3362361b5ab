/* arm/deployment.h - what the files of deployments share. */
#pragma once

#include "inner.h"
#include "template.h"

#define DEPLOYMENT "deployment" /* the kind of their documents */

enum { DEPLOYMENT_DEPTH_MAX = 5 }; /* of templates inside of templates */

/* The template and parameters of a request, evaluated as far as can be before anything is deployed.
 * Returns 0, or -1 with the answer set; free *ret in any case. deployment_read.c */
int deployment_read(struct arm_request *r, const json_t *body, const char *name,
		    struct template *ret, struct arm_answer *answer);

/* The same of a template inside of another: resource i of `t`, whose body this is. Returns 0, or -1
 * with *err set. */
int deployment_read_nested(struct arm *a, const struct template *t, size_t i, const json_t *body,
			   struct template *ret, struct error *err);

bool deployment_is_complete(const json_t *body); /* its mode */

/* The whole of a deployment's answer from its document. */
json_t *deployment_json(const json_t *document);

/* An error whose sentence begins with a code, as template.h has them: {"code","message"}. */
json_t *deployment_error(const struct error *err);

/* What reference() may ask: a resource that is there, by its id, or one of the template's by its
 * name. EAGAIN in err->sys where it is not, yet. `ctx` is a struct deployment_asking. */
struct deployment_asking {
	struct arm *arm;
	const struct template *t;
};
json_t *deployment_reference(void *ctx, const char *id, bool full, struct error *err);

/* ---- deployment_run.c: the engine. Takes over *t. The lock is not held. Returns 0 or -errno. */
int deployment_start(struct arm *a, const char *name, bool complete, struct template *t);

/* ---- deployment_purge.c: what the mode Complete takes away. */
/* [{"id","name","type"}] of all that is in the group and was not deployed by that document, nor by
 * those of the templates inside of its. The lock is held. */
json_t *deployment_leftovers(struct arm *a, const json_t *all, const json_t *document);
/* Is it one of the ids? */
bool deployment_names(const json_t *ids, const char *id);
