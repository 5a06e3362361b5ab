/* Parts of the page about one machine. */
#include "cli/report_part.h"

#include <inttypes.h>

#include "base/text.h"

void html_put(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			if ((unsigned char)*text >= 0x20 && *text != 0x7f)
				fputc(*text, out);
			else
				fputc(' ', out);
		}
	}
}

static void cell(FILE *out, const char *head, const char *text)
{
	fputs("<td data-h=\"", out);
	html_put(out, head);
	fputs("\">", out);
	html_put(out, text);
}

void part_machine(const struct report_node *n, FILE *out)
{
	static const struct {
		const char *path, *before;
	} words[] = {
		{ "size", "" },
		{ "kernel", ", kernel " },
		{ "driver.kind", ", driver " },
		{ "driver.version", " " },
	};

	fputs("<p>", out);
	html_put(out, json_text_at(n->document, "summary", ""));
	fputs("</p><p class=\"m\">", out);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const char *text = json_text_at(n->document, words[i].path, "");

		if (text[0])
			fputs(words[i].before, out);
		html_put(out, text);
	}
	fputs("</p>", out);
}

static void check_write(const json_t *check, bool green, FILE *out)
{
	long long issue = json_int_at(check, "issue", 0);

	fputs("<tr><td><code>", out);
	html_put(out, json_text_at(check, "id", ""));
	fputs("</code>", out);
	cell(out, "measured", json_text_at(check, "measured", ""));
	cell(out, "expected", json_text_at(check, "expected", ""));
	cell(out, "seen in", json_text_at(check, "evidence", ""));
	if (green)
		return;
	cell(out, "do", json_text_at(check, "remedy", ""));
	if (issue > 0)
		fprintf(out, " <code>ib-vmext explain issue %lld</code>", issue);
}

void part_checks(const struct report_node *n, bool green, FILE *out)
{
	const json_t *check;
	size_t i, written = 0;

	json_array_foreach(json_object_get(n->document, "checks"), i, check)
	{
		if (json_bool_at(check, "ok", true) != green)
			continue;
		if (written++ == 0)
			fprintf(out,
				"<h3>%s</"
				"h3><table><thead><tr><th>Check<th>Measured<th>Expected<th>Seen "
				"in%s</thead><tbody>",
				green ? "As it should be" : "Not as it should be",
				green ? "" : "<th>What to do");
		check_write(check, green, out);
	}
	if (written > 0)
		fputs("</tbody></table>", out);
}

static void port_write(const json_t *port, long long expected_gbps, FILE *out)
{
	long long rate = json_int_at(port, "rateGbps", 0),
		  down = json_int_at(port, "linkDowned", -1);
	bool active = text_eq(json_text_at(port, "state", ""), "ACTIVE");
	char text[32];

	fputs("<tr><td><code>", out);
	html_put(out, json_text_at(port, "device", ""));
	fprintf(out, "/%lld</code>", json_int_at(port, "port", 1));
	fprintf(out, "<td data-h=\"state\"%s>", active ? "" : " class=\"w\"");
	html_put(out, json_text_at(port, "state", "unknown"));
	fprintf(out, "<td data-h=\"rate\"%s>%lld Gb/s", rate < expected_gbps ? " class=\"w\"" : "",
		rate);
	if (expected_gbps > 0)
		fprintf(out, " of %lld", expected_gbps);
	cell(out, "link", json_text_at(port, "physState", "unknown"));
	cell(out, "interface", json_text_at(port, "netdev", "none"));
	(void)TEXT_FORMAT(text, "%lld", down);
	cell(out, "went down", down < 0 ? "not known" : text);
}

void part_ports(const struct report_node *n, FILE *out)
{
	const json_t *ports = json_object_get(n->document, "ports"), *port;
	long long gbps = json_int_at(n->document, "expected.rateGbps", 0);
	long long wanted = json_int_at(n->document, "expected.ports", 0);
	size_t i;

	if (json_array_size(ports) == 0 && wanted == 0)
		return;
	fprintf(out, "<h3>Ports: %zu of %lld</h3>", json_array_size(ports), wanted);
	if (json_array_size(ports) == 0)
		return;
	fputs("<table><thead><tr><th>Port<th>State<th>Rate<th>Link<th>Interface<th>Went "
	      "down</thead><tbody>",
	      out);
	json_array_foreach(ports, i, port) port_write(port, gbps, out);
	fputs("</tbody></table>", out);
}

/* Steps have ids alone in the journal; what they are stands in the plan of its first line. */
static const char *step_what(const json_t *plan, const char *id)
{
	const json_t *step;
	size_t i;

	json_array_foreach(json_object_get(plan, "steps"), i, step)
	{
		if (text_eq(json_text_at(step, "id", NULL), id))
			return json_text_at(step, "what", id);
	}
	return id;
}

void part_timeline(const struct report_node *n, FILE *out)
{
	const json_t *plan = json_at(n->journal, "0.data.plan"), *line;
	size_t i;

	if (json_array_size(n->journal) == 0)
		return;
	fputs("<h3>The last run</h3><table><thead><tr><th>When<th>What<th>What came of "
	      "it</thead><tbody>",
	      out);
	json_array_foreach(n->journal, i, line)
	{
		const char *step = json_text_at(line, "step", "");
		bool phase = text_eq(json_text_at(line, "kind", ""), "phase");
		const char *result = phase ? json_text_at(line, "data.to", "")
					   : json_text_at(line, "data.result", "");

		fputs("<tr>", out);
		cell(out, "when", json_text_at(line, "t", ""));
		cell(out, "what", phase || i == 0 ? "the run" : step_what(plan, step));
		cell(out, "result",
		     result[0]                                            ? result
		     : text_eq(json_text_at(line, "phase", ""), "intent") ? "begins"
									  : "");
		fputs(" ", out);
		html_put(out, json_text_at(line, "data.what", ""));
	}
	fputs("</tbody></table>", out);
}

void part_changes(const struct report_node *n, FILE *out)
{
	const json_t *steps = json_at(n->journal, "0.data.plan.steps"), *step, *change;
	size_t i, k;

	if (n->receipt) {
		fputs("<h3>Receipt</h3><p>", out);
		html_put(out, json_text_at(n->receipt, "at", ""));
		fputs(" ", out);
		html_put(out, json_text_at(n->receipt, "message", ""));
		fputs("</p>", out);
	}
	if (json_array_size(steps) == 0)
		return;
	fputs("<h3>What it was to change</h3><ul>", out);
	json_array_foreach(steps, i, step)
	{
		json_array_foreach(json_object_get(step, "changes"), k, change)
		{
			fputs("<li>", out);
			html_put(out, json_string_value(change) ? json_string_value(change) : "");
		}
	}
	fputs("</ul>", out);
}
