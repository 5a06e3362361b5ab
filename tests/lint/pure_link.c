/* tests/lint/pure_link.c - the pure rooms make a whole program without any other: this is it. */
#include <stdio.h>

#include "catalogue/catalogue.h"
#include "plan/plan.h"
#include "verify/verify.h"

int main(void)
{
	static struct facts f;
	static struct plan p;
	static struct verification v;
	struct settings s;

	settings_defaults(&s);
	catalogue_classify(&catalogue_built_in, &f);
	plan_build(&f, &s, &catalogue_built_in, &p);
	verify_facts(&f, &catalogue_built_in, VERIFY_DRIVER, &v);
	(void)printf("%d %s\n", p.decision.exit_code, verdict_name(v.verdict));
	return p.decision.fault == FAULT_NO_ADAPTER && v.verdict == VERDICT_ABSENT ? 0 : 1;
}
