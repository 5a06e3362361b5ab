/* plan/rules.c - goes through the rules: what stands against a driver row, and what a plan warns
 * of. */
#include "plan/room.h"

#include "base/text.h"
#include "plan/advice.h"

const struct rule *rules_find_block(const struct inputs *in, const struct driver_row *row,
				    char *what, size_t size)
{
	for (const struct rule *r = rules_that_block; r->id != NULL; r++)
		if (r->holds(in, row, what, size))
			return r;
	return NULL;
}

const char *rule_remedy(const struct rule *rule)
{
	const struct warning_row *row = warning_row(rule->id);

	if (row != NULL)
		return row->remedy;
	return fault_row(rule->fault != FAULT_NONE ? rule->fault : FAULT_UNSUPPORTED_IMAGE)->remedy;
}

static void list_warn(const struct rule *rules, const struct inputs *in,
		      const struct driver_row *row, struct plan *ret)
{
	for (const struct rule *r = rules; r->id != NULL; r++) {
		struct warning w = { 0 };

		if (ret->nwarnings == ARRAY_SIZE(ret->warnings) ||
		    !r->holds(in, row, w.what, sizeof w.what))
			continue;
		(void)TEXT_COPY(w.id, r->id);
		(void)TEXT_COPY(w.remedy, rule_remedy(r));
		ret->warnings[ret->nwarnings++] = w;
	}
}

void warnings_add(const struct inputs *in, const struct driver_row *row, struct plan *ret)
{
	list_warn(rules_of_machine, in, row, ret);
	list_warn(rules_of_driver, in, row, ret);
	list_warn(rules_of_network, in, row, ret);
	list_warn(rules_of_packs, in, row, ret);
}
