/* Writes the page: what is wrong first, then each machine. */
#include "cli/report.h"

#include <string.h>

#include "base/text.h"
#include "cli/report_part.h"

/* Colours are told apart by lightness, too, and a letter stands in what is not ok. */
static const struct {
	const char *class, *letter, *meaning;
} looks[] = {
	[VERDICT_OK] = { "k", "", "InfiniBand works, and as it should" },
	[VERDICT_DEGRADED] = { "d", "D",
			       "it works in part: slower or fewer ports, or another check is red" },
	[VERDICT_FABRIC_NOT_READY] = { "f", "F", "ports are there, none is ACTIVE" },
	[VERDICT_DRIVER_BROKEN] = { "b", "B", "the adapter is there, the driver serves no port" },
	[VERDICT_ABSENT] = { "a", "A", "there is no InfiniBand function" },
};

/* In this order wherever they are listed: the worst first. */
static const enum verdict order[] = { VERDICT_DRIVER_BROKEN, VERDICT_FABRIC_NOT_READY,
				      VERDICT_DEGRADED, VERDICT_ABSENT, VERDICT_OK };

static const char style[] =
	":root{color-scheme:light dark;--p:#fff;--t:#1b1f24;--m:#59636e;--l:#d1d9e0;--c:#f6f8fa;"
	"--k:#b7dfc0;--d:#f2a900;--f:#7a3fd0;--b:#c0182b;--a:#5b6470}"
	"@media(prefers-color-scheme:dark){:root{--p:#0d1117;--t:#e6edf3;--m:#9198a1;--l:#3d444d;"
	"--c:#151b23;--k:#1f4d2b;--d:#e3a008;--f:#a77bf3;--b:#ff5c6c;--a:#8b949e}}"
	"*{box-sizing:border-box}body{margin:0 "
	"auto;max-width:72rem;padding:1rem;background:var(--p);"
	"color:var(--t);font:16px/1.45 system-ui,sans-serif;overflow-wrap:anywhere}"
	"h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.15rem;margin:2rem 0 .6rem}"
	"h3{font-size:1rem;margin:1rem 0 .3rem}p{margin:.3rem 0}.m{color:var(--m)}"
	".n{display:flex;flex-wrap:wrap;gap:.5rem;padding:0;margin:1rem 0;list-style:none}"
	".n li{flex:1 1 9rem;border:1px solid var(--l);border-left:.5rem solid var(--l);"
	"border-radius:.4rem;padding:.4rem .7rem;background:var(--c)}.n "
	"b{display:block;font-size:1.5rem}"
	".n .k{border-left-color:var(--k)}.n .d{border-left-color:var(--d)}.n "
	".f{border-left-color:var(--f)}"
	".n .b{border-left-color:var(--b)}.n .a{border-left-color:var(--a)}"
	".g{display:grid;grid-template-columns:repeat(auto-fill,minmax(var(--s),1fr));gap:2px}"
	".g>*{aspect-ratio:1;border-radius:2px;background:var(--k);font:700 calc(var(--s)*.62)/1 "
	"system-ui,sans-serif;display:grid;place-items:center;text-decoration:none;color:#fff}"
	".g .d{background:var(--d);color:#000}.g .f{background:var(--f)}.g .b{background:var(--b)}"
	".g .a{background:var(--a)}.g a:focus,.g a:hover{outline:3px solid var(--t)}"
	"@media(prefers-color-scheme:dark){.g .b,.g .f,.g .a{color:#000}}"
	"table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;"
	"padding:.3rem .6rem .3rem 0;border-bottom:1px solid "
	"var(--l)}th{color:var(--m);font-weight:600;white-space:nowrap}"
	"details,section.o{border:1px solid var(--l);border-left:.5rem solid "
	"var(--l);border-radius:.4rem;"
	"padding:.5rem .8rem;margin:.5rem "
	"0;background:var(--c)}summary{cursor:pointer;font-weight:600}"
	"details:target{outline:3px solid var(--t)}details.d{border-left-color:var(--d)}"
	"details.f{border-left-color:var(--f)}details.b{border-left-color:var(--b)}"
	"details.a{border-left-color:var(--a)}details.k{border-left-color:var(--k)}"
	".w{color:var(--b);font-weight:600}code{font:.9em ui-monospace,monospace}"
	"@media(max-width:40rem){body{padding:.6rem}table,tbody,tr,td{display:block}thead{display:"
	"none}"
	"td{border:0;padding:.05rem 0}tr{display:block;border-bottom:1px solid "
	"var(--l);padding:.4rem 0}"
	"td[data-h]:before{content:attr(data-h) \": \";color:var(--m)}}";

static size_t count_of(const struct report *r, enum verdict v)
{
	size_t n = 0;

	for (size_t i = 0; i < r->count; i++)
		n += r->nodes[i].verdict == v;
	return n;
}

static void head_write(const struct report *r, const char *when, FILE *out)
{
	fprintf(out,
		"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src "
		"'unsafe-inline'\"><title>InfiniBand: %zu of %zu "
		"ok</title><style>%s</style></head><body>\n",
		count_of(r, VERDICT_OK), r->count, style);
	fprintf(out,
		"<h1>InfiniBand: %zu of %zu machine%s ok</h1><p class=\"m\">ib-vmext report, "
		"%s</p>\n",
		count_of(r, VERDICT_OK), r->count, r->count == 1 ? "" : "s", when);
	if (r->unreadable > 0) {
		fprintf(out,
			"<p class=\"w\">%u file%s could not be read, the first: ", r->unreadable,
			r->unreadable == 1 ? "" : "s");
		html_put(out, r->first_unreadable);
		fputs("</p>\n", out);
	}
	fputs("<ul class=\"n\">", out);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		if (count_of(r, order[i]) == 0)
			continue;
		fprintf(out, "<li class=\"%s\"><b>%zu</b>%s<br><span class=\"m\">%s</span></li>",
			looks[order[i]].class, count_of(r, order[i]), verdict_name(order[i]),
			looks[order[i]].meaning);
	}
	fputs("</ul>\n", out);
}

/* A square a machine, in the order of names, so that neighbours stand together. */
static void matrix_write(const struct report *r, FILE *out)
{
	size_t details = 0;

	fprintf(out, "<h2>All machines</h2><div class=\"g\" style=\"--s:%s\">",
		r->count > 2000  ? "10px"
		: r->count > 200 ? "16px"
				 : "24px");
	for (size_t i = 0; i < r->count; i++) {
		const struct report_node *n = &r->nodes[i];
		bool linked = n->verdict != VERDICT_OK && details++ < REPORT_DETAILS_MAX;

		if (n->verdict == VERDICT_OK && !linked)
			fputs("<i title=\"", out);
		else if (linked)
			fprintf(out, "<a class=\"%s\" href=\"#n%zu\" title=\"",
				looks[n->verdict].class, i);
		else
			fprintf(out, "<i class=\"%s\" title=\"", looks[n->verdict].class);
		html_put(out, n->name);
		fprintf(out, ": %s\">%s</%s>", verdict_name(n->verdict), looks[n->verdict].letter,
			linked ? "a" : "i");
	}
	fputs("</div>\n", out);
}

/* One kind of check that is red somewhere. */
struct trouble {
	char kind[64];
	size_t nodes;
	const char *measured, *expected, *remedy; /* of the first; borrowed */
	const struct report_node *last;
};

enum { TROUBLES_MAX = 64 };

static struct trouble *trouble_of(struct trouble *all, size_t *count, const char *kind)
{
	for (size_t i = 0; i < *count; i++)
		if (text_eq(all[i].kind, kind))
			return &all[i];
	if (*count == TROUBLES_MAX)
		return NULL;
	(void)TEXT_COPY(all[*count].kind, kind);
	return &all[(*count)++];
}

static void troubles_of(const struct report_node *n, struct trouble *all, size_t *count)
{
	const json_t *check;
	size_t i;

	json_array_foreach(json_object_get(n->document, "checks"), i, check)
	{
		const char *id = json_text_at(check, "id", "");
		struct trouble *t;
		char kind[64];

		if (json_bool_at(check, "ok", true))
			continue;
		(void)TEXT_FORMAT(kind, "%.*s", (int)strcspn(id, ":"), id);
		t = trouble_of(all, count, kind);
		if (!t || t->last == n)
			continue;
		if (t->nodes++ == 0) {
			t->measured = json_text_at(check, "measured", "");
			t->expected = json_text_at(check, "expected", "");
			t->remedy = json_text_at(check, "remedy", "");
		}
		t->last = n;
	}
}

static int by_nodes(const void *a, const void *b)
{
	const struct trouble *x = a, *y = b;

	return (x->nodes < y->nodes) - (x->nodes > y->nodes);
}

static void troubles_write(const struct report *r, FILE *out)
{
	struct trouble all[TROUBLES_MAX] = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < r->count; i++)
		if (r->nodes[i].verdict != VERDICT_OK)
			troubles_of(&r->nodes[i], all, &count);
	if (count == 0)
		return;
	qsort(all, count, sizeof all[0], by_nodes);
	fputs("<h2>What is wrong</h2><table><thead><tr><th>Check<th>Machines<th>For "
	      "example<th>What to "
	      "do</thead><tbody>",
	      out);
	for (size_t i = 0; i < count; i++) {
		fputs("<tr><td><code>", out);
		html_put(out, all[i].kind);
		fprintf(out, "</code><td data-h=\"machines\">%zu<td data-h=\"for example\">",
			all[i].nodes);
		html_put(out, all[i].measured);
		fputs(", expected ", out);
		html_put(out, all[i].expected);
		fputs("<td data-h=\"do\">", out);
		html_put(out, all[i].remedy);
	}
	fputs("</tbody></table>\n", out);
}

static void node_write(const struct report *r, size_t at, FILE *out)
{
	const struct report_node *n = &r->nodes[at];

	fprintf(out, "<details id=\"n%zu\" class=\"%s\"%s><summary>", at, looks[n->verdict].class,
		r->count <= 3 ? " open" : "");
	html_put(out, n->name);
	fprintf(out, " <span class=\"m\">%s</span></summary>", verdict_name(n->verdict));
	part_machine(n, out);
	part_checks(n, false, out);
	part_ports(n, out);
	if (r->count <= REPORT_WHOLE_MAX) {
		part_checks(n, true, out);
		part_timeline(n, out);
		part_changes(n, out);
	}
	fputs("</details>\n", out);
}

static void nodes_write(const struct report *r, FILE *out)
{
	size_t details = 0, bad = r->count - count_of(r, VERDICT_OK);

	if (r->count > REPORT_WHOLE_MAX && bad == 0)
		return;
	fputs("<h2>Machine by machine</h2>", out);
	for (size_t k = 0; k < ARRAY_SIZE(order); k++) {
		for (size_t i = 0; i < r->count; i++) {
			bool shown = r->nodes[i].document != NULL &&
				     (r->nodes[i].verdict != VERDICT_OK ||
				      r->count <= REPORT_WHOLE_MAX);

			if (r->nodes[i].verdict == order[k] && shown &&
			    details < REPORT_DETAILS_MAX) {
				details++;
				node_write(r, i, out);
			}
		}
	}
	if (bad > REPORT_DETAILS_MAX)
		fprintf(out, "<p class=\"m\">%zu more that are not ok are in the matrix above.</p>",
			bad - REPORT_DETAILS_MAX);
}

void report_write(const struct report *r, const char *when, FILE *out)
{
	head_write(r, when, out);
	if (r->count > 1)
		matrix_write(r, out);
	troubles_write(r, out);
	nodes_write(r, out);
	fputs("</body></html>\n", out);
}
