/* tests/fuzz/fuzz_plan.c - no facts make the planner crash, and each plan is written and read back
 * the same: facts may hold any text, and lists as long as they can be. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue/catalogue.h"
#include "plan/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(const struct plan *p)
{
	static struct plan back;
	AUTO_JSON json_t *j = plan_to_json(p), *again = NULL;
	struct error err;

	if (j == NULL || plan_from_json(j, &back, &err) < 0)
		abort();
	again = plan_to_json(&back);
	if (!json_equal(j, again))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct facts f;
	static struct plan p;
	AUTO_JSON json_t *j = json_parse((const char *)data, size, NULL, 0);
	struct settings s;
	char why[64] = "";

	if (j == NULL || facts_from_json(j, &f, why, sizeof why) < 0)
		return 0;
	settings_defaults(&s);
	catalogue_classify(&catalogue_built_in, &f);
	for (int choice = CHOICE_AUTO; choice <= CHOICE_INBOX; choice++) {
		s.driver = (enum driver_choice)choice;
		s.ipoib = choice == CHOICE_AUTO ? IPOIB_AGENT : IPOIB_SELF;
		plan_build(&f, &s, &catalogue_built_in, &p);
		round_trip(&p);
	}
	return 0;
}
