/* plan/steps_after.c - what has to follow the driver, so that a job can run: limits, and what the
 * other steps_*.c of it add. Beside a stack that is kept only what is known to be otherwise becomes
 * a step. */
#include "plan/steps.h"

#include "base/text.h"
#include "facts/own_files.h"

enum { OPEN_FILES = 1048576 };

void own_file_step(const struct inputs *in, const char *path, const struct step_text *t,
		   struct plan *ret)
{
	if (in->intent != INTENT_KEEP || !facts_has_own_file(in->facts, path))
		file_step(path, t, ret);
}

static bool is_low(const char *limit)
{
	return limit[0] != '\0' && !text_eq(limit, "unlimited");
}

/* Locked memory decides: who has lifted that has set the others as they want them. A limit above
 * fs.nr_open would keep everybody from logging in (pam_limits(8)). */
static void session_limits_step(const struct inputs *in, struct plan *ret)
{
	const struct limit_facts *l = &in->facts->limits;
	struct step_text t = { "limits", "lift locked memory, open files and stack of sessions",
			       "* soft memlock unlimited\n"
			       "* hard memlock unlimited\n"
			       "* soft stack unlimited\n"
			       "* hard stack unlimited\n" };

	if (in->intent == INTENT_KEEP && !is_low(l->session_soft) && !is_low(l->session_hard))
		return;
	if (l->most_open_files >= OPEN_FILES)
		t.content = "* soft memlock unlimited\n"
			    "* hard memlock unlimited\n"
			    "* soft stack unlimited\n"
			    "* hard stack unlimited\n"
			    "* soft nofile 1048576\n"
			    "* hard nofile 1048576\n";
	own_file_step(in, OWN_SESSION_LIMITS, &t, ret);
}

/* limits.conf says nothing to services: slurmd hands systemd's limit to its jobs. An image's is
 * told at its boot. */
static void service_limits_steps(const struct inputs *in, struct plan *ret)
{
	static const char content[] = "[Manager]\nDefaultLimitMEMLOCK=infinity\n";
	static const struct step_text system = { "limits-services",
						 "lift locked memory of services", content };
	static const struct step_text user = { "limits-users",
					       "lift locked memory of users' own services",
					       content };
	struct step *s;

	if (in->intent == INTENT_KEEP && (!is_low(in->facts->limits.service_soft) ||
					  facts_has_own_file(in->facts, OWN_SYSTEM_LIMITS)))
		return;
	own_file_step(in, OWN_SYSTEM_LIMITS, &system, ret);
	own_file_step(in, OWN_USER_LIMITS, &user, ret);
	if (in->facts->image)
		return;
	s = step_add(ret, "limits-manager", STEP_MANAGER);
	item_add(s, "DefaultLimitMEMLOCK");
	change_add(s, "systemd executed anew (systemctl daemon-reexec)");
	(void)TEXT_COPY(s->what,
			"have systemd take the limits over; services that run keep theirs until "
			"they are restarted");
	(void)TEXT_COPY(s->undo, "it takes the former limits over at the next boot");
}

void after_steps(const struct inputs *in, const struct driver_row *row, struct plan *ret)
{
	openibd_step(in, row, ret);
	if (in->settings->limits) {
		session_limits_step(in, ret);
		if (in->facts->systemd)
			service_limits_steps(in, ret);
	}
	names_steps(in, row, ret);
	ipoib_steps(in, row, ret);
}
