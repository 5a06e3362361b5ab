/* arm/template.h - a deployment template and its parameters, made into resources in the order of
 * their deployment.
 *
 * Pure. What cannot be known beforehand, since it is asked of resources by reference(), is
 * evaluated resource by resource: template_properties. A template that holds what this lab does not
 * know (functions, linked templates) is refused by name. */
#pragma once

#include <stddef.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "expression.h"

enum { TEMPLATE_RESOURCES_MAX = 800, TEMPLATE_LOOPS_MAX = 4, TEMPLATE_COPIES_MAX = 800 };

struct template_resource {
	/* {"id","type","name","apiVersion","location"|null,"tags"|null,"dependsOn":[ids]} */
	json_t *head;
	const json_t *raw; /* as it stands in the template; borrowed */
	struct copy_loop loops[TEMPLATE_LOOPS_MAX];
	unsigned nloops;
};

struct template
{
	json_t *source;     /* owned: the template */
	json_t *parameters; /* owned: name -> value */
	json_t *shown;      /* owned: name -> {"type","value"}, secure ones without a value */
	json_t *variables;  /* owned: name -> as it stands in the template */
	json_t *subscription, *resource_group, *deployment; /* owned */
	/* Of the template around a nested one that is evaluated in its scope. */
	struct copy_loop loops[TEMPLATE_LOOPS_MAX];
	unsigned nloops;
	struct template_resource *resources; /* in the order of deployment */
	size_t nresources;
};

struct template_place {
	const char *subscription, *tenant;
	const char *resource_group, *location;
	const char *deployment;
	/* NULL, or for a nested template in the scope of the one around it what template_properties
	 * put there: {"parameters","variables","loops"}. */
	const json_t *outer;
};

/* `given` is {"name":{"value":…}}, or NULL. Returns 0, or -1 with *err set: its sentence begins
 * with InvalidTemplate or InvalidTemplateDeployment and names the place. Free *ret in any case. */
int template_read(json_t *source, const json_t *given, const struct template_place *place,
		  struct template *ret, struct error *err);
void template_free(struct template *t);
#define AUTO_TEMPLATE CLEANUP(template_free)

#define TEMPLATE_NESTED "Microsoft.Resources/deployments"

/* Is it a deployment of a template inside of this one? Its properties then are
 * {"mode","template": as it stands,"parameters": evaluated, and "outer" where it is evaluated in
 * this one's scope}. template_nested.c */
bool template_is_nested(const struct template *t, size_t i);
json_t *template_nested(const struct template *t, const struct scope *s, const json_t *raw,
			struct error *err);

/* The properties of resource i; NULL with *err set. `reference` as in struct scope; may be NULL. */
json_t *template_properties(const struct template *t, size_t i,
			    json_t *(*reference)(void *ctx, const char *id, bool full,
						 struct error *err),
			    void *ctx, struct error *err);

/* What a PUT of resource i sends: location, tags, sku and whatever else stands beside properties,
 * and those; NULL with *err set. */
json_t *template_body(const struct template *t, size_t i,
		      json_t *(*reference)(void *ctx, const char *id, bool full, struct error *err),
		      void *ctx, struct error *err);

/* The outputs, {"name":{"type","value"}}, once all is deployed; those whose condition does not hold
 * are left out. template_outputs.c */
json_t *template_outputs(const struct template *t,
			 json_t *(*reference)(void *ctx, const char *id, bool full,
					      struct error *err),
			 void *ctx, struct error *err);

/* "/subscriptions/S/resourceGroups/G/providers/Microsoft.Compute/virtualMachines/a/extensions/b" of
 * "Microsoft.Compute/virtualMachines/extensions" and "a/b". Returns 0, or -EINVAL where there are
 * not as many names as types. template_order.c */
int template_id(const struct template *t, const char *type, const char *name, char *ret,
		size_t size);

/* The scope inside of the innermost of those loops, which are chained anew: structs are copied
 * about.
 */
struct scope template_scope(const struct template *t, struct copy_loop *loops, unsigned n);

/* 1 if it is to be deployed or shown, 0 if its condition says no, -1 with *err set. */
int template_condition(const struct scope *s, const json_t *raw, struct error *err);

/* Put the resources in order and their dependsOn into ids. template_order.c */
int template_order(struct template *t, struct error *err);
