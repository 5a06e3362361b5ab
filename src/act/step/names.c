/* Names RDMA devices now; those that appear later a rule of udev has named. */
#include "act/step/step.h"

#include <errno.h>

#include "act/names.h"
#include "facts/facts.h"
#include "probe/probe.h"

static json_t *missing_now(const struct step_context *c, struct error *err)
{
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));
	json_t *missing;

	if (f && probe_facts(c->host, NULL, f, err) < 0)
		return NULL;
	missing = f ? names_missing(f, NULL) : NULL;
	if (!missing)
		error_set(err, FAULT_INTERNAL, ENOMEM, "no memory for a list of names");
	return missing;
}

static bool names_check(const struct step_context *c, const struct step *s)
{
	struct error why = { 0 };
	AUTO_JSON json_t *missing = missing_now(c, &why);

	(void)s;
	return missing && json_array_size(missing) == 0;
}

static int names_prepare(const struct step_context *c, const struct step *s, json_t **ret,
			 struct error *err)
{
	AUTO_JSON json_t *missing = missing_now(c, err);

	(void)s;
	if (!missing)
		return -1;
	*ret = json_pack("{s:O}", "named", missing);
	return *ret ? 0 : error_set(err, FAULT_INTERNAL, ENOMEM, "no memory for a list of names");
}

static int names_apply(const struct step_context *c, const struct step *s, const json_t *before,
		       struct error *err)
{
	(void)s;
	(void)err;
	(void)names_give(c->host, json_object_get(before, "named"));
	return 0;
}

static int names_undo(const struct step_context *c, const struct step *s, const json_t *before,
		      struct error *err)
{
	(void)s;
	(void)err;
	names_take(c->host, json_object_get(before, "named"));
	return 0;
}

/* No confirm: a device that is in use, or cannot be renamed, is said in the log, and InfiniBand
 * does not depend on what it is called. */
const struct step_ops step_names = {
	.check = names_check,
	.prepare = names_prepare,
	.apply = names_apply,
	.undo = names_undo,
	.percent = 1,
};
