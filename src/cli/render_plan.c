/* The plan page: decision first, then why, what it costs, what it changes, and what else there is.
 */
#include "cli/render.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/page.h"
#include "facts/facts.h"
#include "plan/plan.h"

enum { LABEL_FIELD = 10 };

static const char *or_unknown(const char *text)
{
	return text[0] ? text : "unknown";
}

/* "an interrupted ..." -> "An interrupted ...", where it begins with a plain word. */
static void sentence_of(const char *clause, char *ret, size_t size)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
	size_t word = strspn(clause, letters);

	(void)text_copy(ret, size, clause);
	if (word > 0 && (clause[word] == ' ' || clause[word] == '\0'))
		ret[0] = (char)(ret[0] - 'a' + 'A');
}

static void put_line(const struct page *p, const char *name, enum page_style style,
		     const char *text)
{
	struct page_label label = { .field = LABEL_FIELD, .style = style, .text = name };

	page_item(p, &label, "%s", text);
}

/* The candidate that was taken, NULL if none was. */
static const struct candidate *chosen(const struct plan *p)
{
	for (unsigned i = 0; i < p->ncandidates; i++)
		if (p->decision.exit_code == 0 &&
		    text_eq(p->candidates[i].route, p->decision.route))
			return &p->candidates[i];
	return NULL;
}

static void bytes_text(int64_t bytes, char *ret, size_t size)
{
	static const char *const units[] = { "bytes", "KB", "MB", "GB", "TB" };
	double n = (double)bytes;
	size_t unit = 0;

	for (; n >= 1000 && unit + 1 < ARRAY_SIZE(units); unit++)
		n /= 1000;
	(void)text_format(ret, size, "%.*f %s", unit > 0 && n < 10 ? 1 : 0, n, units[unit]);
}

static void cost_add(char *text, size_t size, const char *before, const char *amount)
{
	char former[200];

	(void)TEXT_COPY(former, text);
	(void)text_format(text, size, "%s%s%s%s", former, former[0] ? ", " : "", before, amount);
}

static void put_costs(const struct page *p, const struct candidate *c)
{
	char text[200] = "", amount[40];

	if (c->estimate.seconds >= 0) {
		duration_text(c->estimate.seconds, amount, sizeof(amount));
		cost_add(text, sizeof(text), "about ", amount);
	}
	if (c->estimate.download_bytes >= 0) {
		bytes_text(c->estimate.download_bytes, amount, sizeof(amount));
		cost_add(text, sizeof(text), "download ", amount);
	}
	if (c->estimate.disk_bytes >= 0) {
		bytes_text(c->estimate.disk_bytes, amount, sizeof(amount));
		cost_add(text, sizeof(text), "disk ", amount);
	}
	if (text[0])
		cost_add(text, sizeof(text), "basis: ", c->estimate.basis);
	put_line(p, "Costs", PAGE_PLAIN, text[0] ? text : "not known");
}

static void put_decision(const struct page *p, const struct plan *plan)
{
	const struct decision *d = &plan->decision;
	const struct candidate *c = chosen(plan);
	char text[400];

	if (d->exit_code != 0) {
		(void)TEXT_FORMAT(text, "no: code %d, %s", d->exit_code, fault_row(d->fault)->slug);
		put_line(p, "Decision", PAGE_BAD, text);
	} else {
		(void)TEXT_FORMAT(text, "%s%s%s", d->route, d->version[0] ? " " : "", d->version);
		put_line(p, "Decision", PAGE_GOOD, text);
	}
	(void)TEXT_FORMAT(text, "%s.", d->reason);
	put_line(p, "Why", PAGE_PLAIN, text);
	if (d->exit_code != 0) {
		put_line(p, "Remedy", PAGE_STRONG, d->remedy);
		return;
	}
	if (c)
		put_costs(p, c);
	put_line(p, "Reboot", PAGE_PLAIN,
		 plan->reboot ? "required: until then the present driver stays" : "no");
}

static void put_step(const struct page *p, unsigned number, const struct step *s)
{
	char name[8], what[sizeof(s->what)];
	struct page_label label = { .indent = 2, .field = 4, .style = PAGE_STRONG, .text = name };
	struct page_label undo = { .indent = 6, .field = 6, .text = "undo:" };

	(void)TEXT_FORMAT(name, "%u.", number);
	sentence_of(s->what, what, sizeof(what));
	page_item(p, &label, "%s", what);
	for (unsigned k = 0; k < s->nchanges; k++) {
		struct page_label change = { .indent = 6, .field = 2, .text = "-" };

		page_item(p, &change, "%s", s->changes[k]);
	}
	page_item(p, &undo, "%s", s->undo[0] ? s->undo : "cannot be undone");
}

static void put_steps(const struct page *p, const struct plan *plan)
{
	page_heading(p, plan->resolved ? "Steps"
				       : "Steps (all package changes are known after --resolve)");
	for (unsigned i = 0; i < plan->nsteps; i++)
		put_step(p, i + 1, &plan->steps[i]);
}

static void put_warnings(const struct page *p, const struct plan *plan)
{
	page_heading(p, "Warnings");
	for (unsigned i = 0; i < plan->nwarnings; i++) {
		const struct warning *w = &plan->warnings[i];
		struct page_label label = { .indent = 2, .style = PAGE_NOTE, .text = w->id };
		struct page_label remedy = { .indent = 6, .field = 8, .text = "remedy:" };
		char what[sizeof(w->what)];

		page_item(p, &label, "%s", "");
		sentence_of(w->what, what, sizeof(what));
		page_text(p, 6, "%s.", what);
		page_item(p, &remedy, "%s", w->remedy);
	}
}

static bool says_peer_memory(const struct candidate *c)
{
	return !text_eq(c->route, "keep") && !text_eq(c->peer_memory, "unknown");
}

static void put_candidates(const struct page *p, const struct plan *plan)
{
	page_heading(p, "Routes considered");
	for (unsigned i = 0; i < plan->ncandidates; i++) {
		const struct candidate *c = &plan->candidates[i];
		struct page_label label = { .indent = 2,
					    .field = 5,
					    .style = c->eligible ? PAGE_GOOD : PAGE_BAD,
					    .text = c->eligible ? "yes" : "no" };

		page_item(p, &label, "%s%s%s: %s%s%s", c->route, c->version[0] ? " " : "",
			  c->version, c->why, says_peer_memory(c) ? "; memory of GPUs: " : "",
			  says_peer_memory(c) ? c->peer_memory : "");
	}
}

void render_plan_page(const struct page *page, const struct plan *p, const struct facts *f)
{
	page_text(page, 0, "%s, %s, kernel %s", or_unknown(f->vm.size), or_unknown(f->os.pretty),
		  or_unknown(f->kernel.release));
	fputc('\n', page->out);
	put_decision(page, p);
	if (p->nsteps)
		put_steps(page, p);
	if (p->nwarnings)
		put_warnings(page, p);
	if (p->ncandidates)
		put_candidates(page, p);
}

void render_plan(FILE *out, const struct plan *p, const struct facts *f)
{
	struct page page = page_of(out);

	render_plan_page(&page, p, f);
}
