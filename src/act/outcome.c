/* Messages of the end of a run. */
#include "act/outcome.h"

#include <string.h>

#include "base/text.h"

enum { EXIT_FAILED = 14 };

static void end_sentence(char *text, size_t size)
{
	size_t n = strlen(text);

	while (n > 0 && strchr(" .:;,\n", text[n - 1]))
		n--;
	if (n + 2 > size) {
		n = size - 2;
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--; /* not within a character */
	}
	text[n] = '.';
	text[n + 1] = '\0';
}

void sentences_join(char *ret, size_t size, const char *first, const char *second,
		    const char *third)
{
	const char *rest[] = { second, third };
	char head[1024], tail[1024] = "";
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rest); i++) {
		char sentence[640];

		if (!rest[i][0])
			continue;
		TEXT_COPY(sentence, rest[i]);
		end_sentence(sentence, sizeof(sentence));
		(void)text_format(tail + n, sizeof(tail) - n, " %s", sentence);
		n = strlen(tail);
	}
	if (n + 2 >= size)
		n = 0; /* no room for a cause: the caller's array is too small for its next step */
	TEXT_COPY(head, first);
	end_sentence(head, sizeof(head) < size - n ? sizeof(head) : size - n);
	(void)text_format(ret, size, "%s%s", head, tail);
}

void outcome_of_decision(struct outcome *out)
{
	const struct decision *d = &out->plan.decision;

	out->exit_code = d->exit_code;
	out->fault = d->fault;
	sentences_join(out->message, sizeof(out->message), d->reason, d->remedy, "");
}

void outcome_of_failure(struct outcome *out, const struct error *cause)
{
	const struct fault_row *row = fault_row(cause->fault);

	out->fault = cause->fault;
	out->exit_code = row->exit_code;
	sentences_join(out->message, sizeof(out->message), cause->what, row->remedy, "");
}

void outcome_of_end(struct outcome *out, const struct error *cause, const char *state)
{
	out->fault = cause->fault;
	out->exit_code = EXIT_FAILED;
	sentences_join(out->message, sizeof(out->message), cause->what, state,
		       fault_row(cause->fault)->remedy);
}

enum fault outcome_fault(enum verdict verdict)
{
	return verdict == VERDICT_ABSENT ? FAULT_ADAPTER_LOST : verdict_fault(verdict);
}

void outcome_of_verification(struct outcome *out, bool kept)
{
	enum verdict verdict = out->verification.verdict;
	char summary[300], what[400];

	verify_summary(&out->verification, &out->facts, summary, sizeof(summary));
	out->fault = outcome_fault(verdict);
	out->exit_code = verdict == VERDICT_OK ? 0 : EXIT_FAILED;
	if (verdict == VERDICT_OK) {
		TEXT_FORMAT(what, "Driver: %s %s, %s", driver_kind_name(out->facts.driver.kind),
			    out->facts.driver.version,
			    kept ? "kept as it was" : "installed by ib-vmext");
		TEXT_FORMAT(out->message, "InfiniBand works: %s. %s.", summary, what);
		return;
	}
	TEXT_FORMAT(what, "%s, but %s",
		    kept ? "The installed driver was kept" : "The driver is installed and loaded",
		    summary);
	sentences_join(out->message, sizeof(out->message), what, fault_row(out->fault)->remedy, "");
}

void outcome_of_baked(struct outcome *out, const char *at)
{
	char summary[300];

	verify_summary(&out->verification, &out->facts, summary, sizeof(summary));
	out->fault = FAULT_NONE;
	out->exit_code = 0;
	TEXT_FORMAT(out->message,
		    "InfiniBand works: %s. Driver: %s %s, baked into this image on %.10s; nothing "
		    "was changed.",
		    summary, driver_kind_name(out->facts.driver.kind), out->facts.driver.version,
		    at);
}

void outcome_tell_baked(struct outcome *out, const char *why)
{
	char message[sizeof(out->message)], told[400];

	if (out->exit_code != 0 || out->rebooting)
		return;
	TEXT_COPY(message, out->message);
	TEXT_FORMAT(told, "What was baked into its image did not fit this VM: %s", why);
	sentences_join(out->message, sizeof(out->message), message, told, "");
}

void outcome_of_kept(struct outcome *out, const char *told)
{
	bool pending = out->reboot_pending;
	char message[sizeof(out->message)];

	outcome_of_verification(out, true);
	TEXT_COPY(message, out->message);
	sentences_join(out->message, sizeof(out->message), message,
		       pending ? "The driver that was installed takes effect at the next restart "
				 "of the VM"
			       : "",
		       told);
}

void outcome_of_pending(struct outcome *out, const char *why)
{
	const struct fault_row *row = fault_row(FAULT_REBOOT_REQUIRED);
	enum verdict verdict = out->verification.verdict;
	char summary[300], due[400];

	verify_summary(&out->verification, &out->facts, summary, sizeof(summary));
	out->reboot_pending = true;
	out->fault = verdict == VERDICT_DRIVER_BROKEN || verdict == VERDICT_ABSENT
			     ? FAULT_REBOOT_REQUIRED
			     : outcome_fault(verdict);
	out->exit_code = verdict == VERDICT_OK ? 0 : EXIT_FAILED;
	TEXT_FORMAT(due,
		    "The driver %s %s is installed and takes effect at the next restart of the "
		    "VM, which was not made: %s",
		    out->plan.decision.route, out->plan.decision.version, why);
	if (verdict == VERDICT_OK)
		TEXT_FORMAT(out->message, "InfiniBand works: %s. %s.", summary, due);
	else
		sentences_join(out->message, sizeof(out->message), due, summary,
			       out->fault == FAULT_REBOOT_REQUIRED ? row->remedy
								   : fault_row(out->fault)->remedy);
}

enum { NAMED_MAX = 3 };

/* "package x, file /etc/y and 2 more" */
static void name_some(const struct outcome *out, bool left, char *ret, size_t size)
{
	unsigned named = 0, more = 0;

	ret[0] = '\0';
	for (unsigned i = 0; i < out->ndifferences && i < DIFFERENCES_MAX; i++) {
		const struct difference *d = &out->differences[i];
		size_t n = strlen(ret);

		if ((d->why == DIFFERS_LEFT) != left || d->why == DIFFERS_NEXT_BOOT)
			continue;
		if (named == NAMED_MAX)
			more++;
		else
			(void)text_format(ret + n, size - n, "%s%s %s%s", named++ ? ", " : "",
					  d->kind, text_eq(d->kind, "file") ? "/" : "", d->name);
	}
	if (more > 0) {
		size_t n = strlen(ret);

		(void)text_format(ret + n, size - n, " and more");
	}
}

void outcome_left(const struct outcome *out, struct error *kept)
{
	char names[300];

	if (out->differ[DIFFERS_LEFT] == 0 || kept->fault != FAULT_NONE)
		return;
	name_some(out, true, names, sizeof(names));
	error_set(kept, FAULT_KEPT_BACK, 0,
		  "%u of the things that were changed are not as they were before: %s",
		  out->differ[DIFFERS_LEFT], names);
}

void outcome_others(const struct outcome *out, bool modules_stay, char *ret, size_t size)
{
	unsigned others = out->differ[DIFFERS_FOREIGN] + out->differ[DIFFERS_KEPT_BESIDE];
	const char *modules = modules_stay
				      ? ", but modules that were loaded stay until the next boot"
				      : "";
	char names[240];

	if (others == 0) {
		(void)text_format(ret, size, "Everything is as it was before%s", modules);
		return;
	}
	name_some(out, false, names, sizeof(names));
	(void)text_format(ret, size,
			  "Everything that was changed is as it was before%s. What others changed "
			  "since stays: %s",
			  modules, names);
}
