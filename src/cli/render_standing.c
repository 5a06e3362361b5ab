/* Where the last run stands, on one screen. */
#include <inttypes.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/page.h"
#include "cli/standing.h"

enum { LABEL = 10 };

static void item(const struct page *p, const char *label, enum page_style style, const char *text)
{
	struct page_label l = { .field = LABEL, .style = style, .text = label };

	page_item(p, &l, "%s", text);
}

static void put_since(const struct page *p, const struct standing *s)
{
	char when[21], ago[40], text[120];

	if (s->since_ms <= 0)
		return;
	time_text(s->since_ms, when);
	duration_text((s->now_ms - s->since_ms) / 1000, ago, sizeof(ago));
	TEXT_FORMAT(text, "%s, %s ago", when, ago);
	item(p, "since", PAGE_PLAIN, text);
}

static const char *mark_of(const struct standing *s, unsigned i, enum page_style *ret_style)
{
	enum step_state state = s->journal.steps[i].state;

	*ret_style = state == STEP_DONE || state == STEP_SKIPPED ? PAGE_GOOD
		     : state == STEP_FAILED                      ? PAGE_BAD
		     : s->holder != 0 && (int)i == s->step       ? PAGE_NOTE
								 : PAGE_PLAIN;
	return s->holder != 0 && (int)i == s->step && s->journal.phase <= PHASE_APPLYING
		       ? "now"
		       : step_state_name(state);
}

static void put_steps(const struct page *p, const struct standing *s)
{
	const struct journal *j = &s->journal;

	for (unsigned i = 0; i < j->plan.nsteps; i++) {
		const struct journal_step *js = &j->steps[i];
		struct page_label l = { .indent = LABEL, .field = LABEL };
		char took[40] = "";

		l.text = mark_of(s, i, &l.style);
		if (js->begun_ms && js->ended_ms >= js->begun_ms)
			duration_text((js->ended_ms - js->begun_ms) / 1000, took, sizeof(took));
		page_item(p, &l, "%s%s%s%s", j->plan.steps[i].what, took[0] ? " (" : "", took,
			  took[0] ? ")" : "");
	}
}

/* "[######------------]" */
static void put_bar(const struct page *p, const struct standing *s)
{
	char bar[64], far[60], text[160];
	unsigned width = p->width > 70 ? 40 : p->width > 50 ? 20 : 10;

	if (s->percent < 0)
		return;
	for (unsigned i = 0; i < width; i++)
		bar[i] = i * 100 < (unsigned)s->percent * width ? '#' : '-';
	bar[width] = '\0';
	progress_text(s->percent, s->left_s, far, sizeof(far));
	TEXT_FORMAT(text, "[%s] %s", bar, far);
	item(p, "progress", PAGE_PLAIN, text);
}

static void put_run(const struct page *p, const struct standing *s)
{
	char text[200];

	if (s->open) {
		TEXT_FORMAT(text, "%s, %s", s->journal.run, phase_name(s->journal.phase));
		item(p, "run", PAGE_PLAIN, text);
		put_steps(p, s);
	}
	put_bar(p, s);
	if (s->doing[0])
		item(p, "now", PAGE_NOTE, s->doing);
}

static void put_end(const struct page *p, const struct standing *s)
{
	const struct ended *e = &s->ended;
	char text[1200];

	if (s->has_ended) {
		TEXT_FORMAT(text, "%s, code %d: %s", e->kind, e->exit_code, e->message);
		item(p, "result", e->exit_code == 0 ? PAGE_GOOD : PAGE_BAD, text);
	}
	/* Of a program that did not note its ends, or where the agent was told something else. */
	if (s->has_last && (!s->has_ended || s->last.seq != e->seq)) {
		TEXT_FORMAT(text, "request %" PRId64 ": %s, code %d: %s", s->last.seq,
			    s->last.success ? "success" : "error", s->last.exit_code,
			    s->last.message);
		item(p, "agent", PAGE_PLAIN, text);
	}
	if (s->receipt) {
		TEXT_FORMAT(text, "%s %s, %s", json_text_at(s->receipt, "driver.kind", "?"),
			    json_text_at(s->receipt, "driver.version", "?"),
			    json_text_at(s->receipt, "at", "?"));
		item(p, "receipt", PAGE_PLAIN, text);
	}
	if (s->told[0])
		item(p, "kernel", PAGE_NOTE, s->told);
}

static void put_ports(const struct page *p, const struct facts *f)
{
	if (f->nports == 0)
		item(p, "ports", PAGE_PLAIN, "none");
	for (unsigned i = 0; i < f->nports; i++) {
		const struct port_facts *port = &f->ports[i];
		const char *layer = link_layer_name(port->link_layer);
		char text[200];

		TEXT_FORMAT(text, "%s/%u %s, %s, %u Gb/s, %s%s%s", port->device, port->number,
			    port_state_name(port->state), port_phys_state_name(port->phys_state),
			    port->rate_gbps, layer ? layer : "unknown", port->netdev[0] ? ", " : "",
			    port->netdev);
		item(p, i == 0 ? "ports" : "", PAGE_PLAIN, text);
	}
}

void render_standing(const struct page *page, const struct standing *s)
{
	const char *name = standing_name(s);
	bool bad = text_eq(name, "failed") || text_eq(name, "stuck") ||
		   text_eq(name, "interrupted");
	char state[60];

	TEXT_FORMAT(state, "%s", name);
	if (s->holder > 0)
		TEXT_FORMAT(state, "%s (pid %d)", name, (int)s->holder);
	item(page, "state", bad ? PAGE_BAD : PAGE_STRONG, state);
	put_since(page, s);
	put_run(page, s);
	if (s->holder == 0)
		put_end(page, s);
	put_ports(page, &s->facts);
	item(page, "next", PAGE_STRONG, standing_next(s));
}
