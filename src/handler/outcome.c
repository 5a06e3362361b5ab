/* handler/outcome.c - turns outcomes and refusals into final statuses. */
#include "handler/outcome.h"

#include "act/act.h"
#include "base/text.h"
#include "plan/plan.h"

static bool may_skip(int exit_code, const struct settings *settings)
{
	return settings->on_unsupported == UNSUPPORTED_SKIP && exit_code >= 11 && exit_code <= 13;
}

static void skip(int exit_code, const char *message, struct status *s)
{
	char text[STATUS_MESSAGE_SIZE];

	(void)TEXT_FORMAT(text, "Skipped, as onUnsupported says; nothing was changed. %s", message);
	status_set(s, STATUS_SUCCESS, 0, text);
	status_sub(s, "skipped", STATUS_SUCCESS, exit_code, message);
}

/* The plan refused, and that is the end: waiting did not change it. */
static bool is_refusal(const struct outcome *o)
{
	const struct decision *d = &o->plan.decision;

	return o->exit_code != 0 && o->exit_code == d->exit_code && o->fault == d->fault;
}

void status_from_outcome(const struct outcome *o, const struct settings *settings, struct status *s)
{
	if (is_refusal(o)) {
		status_from_refusal(&o->plan.decision, settings, s);
		return;
	}
	if (o->exit_code != 0 && !o->changed && may_skip(o->exit_code, settings))
		skip(o->exit_code, o->message, s);
	else if (o->exit_code != 0 && o->message[0] == '\0')
		status_fail(s, o->fault, "");
	else
		status_set(s, o->exit_code == 0 ? STATUS_SUCCESS : STATUS_ERROR, o->exit_code,
			   o->message);
	if (o->exit_code == 0 && o->reboot_pending)
		status_sub(
			s, "reboot-pending", STATUS_SUCCESS, 0,
			"The present stack is verified; the rest takes effect at the next boot.");
	status_settle(s);
}

void status_from_refusal(const struct decision *d, const struct settings *settings,
			 struct status *s)
{
	char message[STATUS_MESSAGE_SIZE];

	if (d->remedy[0] == '\0')
		status_fail(s, d->fault, d->reason);
	else {
		status_advice(message, sizeof message, d->reason, d->remedy,
			      fault_row(d->fault)->slug);
		status_set(s, STATUS_ERROR, d->exit_code, message);
	}
	if (may_skip(d->exit_code, settings)) {
		(void)TEXT_COPY(message, s->message);
		skip(d->exit_code, message, s);
	}
	status_settle(s);
}
