/* Has systemd read its own configuration anew. It keeps all that it runs; what runs keeps its
 * limits. */
#include "act/step/step.h"

#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

enum { SYSTEMCTL_S = 60 };

/* "DefaultLimitMEMLOCK=infinity": "18446744073709551615" before systemd 230. */
static bool is_lifted(const struct step_context *c, const char *name)
{
	const char *const argv[] = { "systemctl", "show", "--property", name, NULL };
	struct run_spec spec = { .argv = argv, .deadline_s = SYSTEMCTL_S };
	AUTO_RUN struct run_result r = { 0 };
	struct error why = { 0 };

	return run(c->host, &spec, &r, &why) == 0 && run_ok(&r) &&
	       (strstr(buf_text(&r.out), "infinity") != NULL ||
		strstr(buf_text(&r.out), "18446744073709551615") != NULL);
}

static bool manager_check(const struct step_context *c, const struct step *s)
{
	for (unsigned i = 0; i < s->nitems; i++)
		if (!is_lifted(c, s->items[i]))
			return false;
	return true;
}

/* The files are there: at the next boot systemd reads them in any case. */
static int manager_apply(const struct step_context *c, const struct step *s, const json_t *before,
			 struct error *err)
{
	static const char *const argv[] = { "systemctl", "daemon-reexec", NULL };
	struct run_spec spec = { .argv = argv, .deadline_s = SYSTEMCTL_S };
	struct error why = { 0 };

	(void)s;
	(void)before;
	(void)err;
	if (run_or_fail(c->host, &spec, FAULT_SERVICE, "systemctl daemon-reexec", &why) < 0)
		LOG(c->host->log, WARNING, "limits.manager",
		    "%s: services have the new limits after the next boot", why.what);
	return 0;
}

/* Nothing to undo: it would come before the files in the way back, and read them again. The next
 * boot reads none. */
const struct step_ops step_manager = {
	.check = manager_check,
	.apply = manager_apply,
	.percent = 1,
};
