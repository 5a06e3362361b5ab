/* Gives IPoIB interfaces their addresses now; at each boot a unit does it. */
#include "act/step/step.h"

#include <errno.h>

#include "act/addresses.h"
#include "facts/facts.h"

static json_t *missing_now(const struct step_context *c, struct error *err)
{
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));
	json_t *missing;

	if (f && addresses_look(c->host, f, err) < 0)
		return NULL;
	missing = f ? addresses_missing(f) : NULL;
	if (!missing)
		error_set(err, FAULT_INTERNAL, ENOMEM, "no memory for a list of addresses");
	return missing;
}

static bool addresses_check(const struct step_context *c, const struct step *s)
{
	struct error why = { 0 };
	AUTO_JSON json_t *missing = missing_now(c, &why);

	(void)s;
	return missing && json_array_size(missing) == 0;
}

static int addresses_prepare(const struct step_context *c, const struct step *s, json_t **ret,
			     struct error *err)
{
	AUTO_JSON json_t *missing = missing_now(c, err);

	(void)s;
	if (!missing)
		return -1;
	*ret = json_pack("{s:O}", "given", missing);
	return *ret ? 0
		    : error_set(err, FAULT_INTERNAL, ENOMEM, "no memory for a list of addresses");
}

static int addresses_apply(const struct step_context *c, const struct step *s, const json_t *before,
			   struct error *err)
{
	(void)s;
	(void)err;
	(void)addresses_give(c->host, json_object_get(before, "given"));
	return 0;
}

static int addresses_undo(const struct step_context *c, const struct step *s, const json_t *before,
			  struct error *err)
{
	(void)s;
	(void)err;
	addresses_take(c->host, json_object_get(before, "given"));
	return 0;
}

/* No confirm: what could not be given is said in the log, and is a red check of verify. */
const struct step_ops step_addresses = {
	.check = addresses_check,
	.prepare = addresses_prepare,
	.apply = addresses_apply,
	.undo = addresses_undo,
	.percent = 1,
};
