/* Looks at a machine and verifies it. */
#include "cli/verified.h"

#include "act/traffic/traffic.h"
#include "catalogue/catalogue.h"
#include "cli/app.h"
#include "probe/probe.h"

int verified_look(struct app *app, struct verified **ret, struct error *err)
{
	struct probe_options options = { .metadata = true, .settings = &app->settings };
	struct verified *v = calloc(1, sizeof(*v));

	if (!v)
		return error_set(err, FAULT_INTERNAL, 0, "no memory");
	if (probe_facts(&app->host, &options, &v->facts, err) < 0) {
		free(v);
		return -1;
	}
	catalogue_classify(app->catalogue, &v->facts);
	verify_facts(&v->facts, app->catalogue, VERIFY_ALL, &v->verification);
	*ret = v;
	return 0;
}

int verified_test(struct app *app, const struct traffic_options *o, struct verified *v,
		  struct error *err)
{
	if (traffic_test(&app->host, o, &v->facts, err) < 0)
		return -1;
	verify_facts(&v->facts, app->catalogue, VERIFY_ALL, &v->verification);
	return 0;
}

int verified_exit(const struct verified *v)
{
	enum verdict verdict = v->verification.verdict;

	return verdict == VERDICT_OK ? 0 : verdict == VERDICT_ABSENT ? 11 : 14;
}
