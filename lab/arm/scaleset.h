/* arm/scaleset.h - what the files of scale sets share.
 *
 * A set's document: {"name","model":{"location","sku","tags","properties"},"generation":N,
 * "nextInstance":N,"secrets":{extension: sealed},"deleting":bool,
 * "instances":[{"id":"0","vm":"myvmss000000","made":bool,"want":N,"applied":N,"error"?,"deleting"?}],
 * "rolling":{"status","generation":N,"batch":[ids],"next":time,"error"?}?}. A change of the model
 * is a new generation; an instance wants one and has applied one. The engine brings these together.
 */
#pragma once

#include "inner.h"

#define SCALE_SET "scaleSet" /* the kind of their documents */
#define ARM_SETS  ARM_GROUP "/providers/Microsoft.Compute/virtualMachineScaleSets"

enum { PART_SET = 2, PART_INSTANCE, PART_SET_EXTENSION = 3 };

/* A copy of the document; NULL with the answer set. */
json_t *scaleset_need(struct arm_request *r, struct arm_answer *ret);
json_t *scaleset_json(struct arm *a, const json_t *document);

/* ---- scaleset_model.c */

/* Merge a PUT into the model (NULL: a new set), judge it, seal its secrets, and keep it. Returns 0,
 * or -1 with the answer set. *ret_new says whether the set was new. */
int scaleset_change(struct arm_request *r, const json_t *body, bool *ret_new,
		    struct arm_answer *ret);
/* Let those instances (["*"]: all) want the newest model. */
void scaleset_upgrade(struct arm *a, const char *name, const json_t *ids);
bool scaleset_names(const json_t *ids, const char *id); /* is it one of them, or "*"? */
/* Begin a rolling upgrade; the lock is held. */
void scaleset_roll(json_t *document);
/* The extensions of the model, each after those that it waits for; NULL where they wait in a ring.
 */
json_t *scaleset_extensions(const json_t *document);
/* The protected settings of one of them, a new reference; NULL: none. */
json_t *scaleset_secret(const struct arm *a, const json_t *document, const char *extension);

/* ---- scaleset_run.c */

/* How an instance stands; how all those stand that want that generation or a later one. */
enum arm_end scaleset_instance_end(struct arm *a, const json_t *instance, json_t **ret_error);
enum arm_end scaleset_end(struct arm *a, const json_t *document, long long generation,
			  json_t **ret_error);
