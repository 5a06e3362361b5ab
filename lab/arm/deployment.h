/* arm/deployment.h - what the files of deployments share. */
#pragma once

#include "inner.h"
#include "template.h"

#define DEPLOYMENT "deployment" /* the kind of their documents */

/* The template and parameters of a request, evaluated as far as can be before anything is deployed.
 * Returns 0, or -1 with the answer set; free *ret in any case. */
int deployment_read(struct arm_request *r, const json_t *body, const char *name,
		    struct template *ret, struct arm_answer *answer);

/* The whole of a deployment's answer from its document. */
json_t *deployment_json(const json_t *document);

/* An error whose sentence begins with a code, as template.h has them: {"code","message"}. */
json_t *deployment_error(const struct error *err);

/* What reference() may ask: a resource that is there. EAGAIN in err->sys where it is not, yet. */
json_t *deployment_reference(void *arm, const char *id, bool full, struct error *err);

/* ---- deployment_run.c: the engine. Takes over *t. The lock is not held. Returns 0 or -errno. */
int deployment_start(struct arm *a, const char *name, struct template *t);
