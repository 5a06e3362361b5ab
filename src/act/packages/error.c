/* Makes one sentence, and a fault, of what a package manager printed. */
#include "act/packages/manager.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/run.h"

/* How lines begin that say what went wrong; those indented below belong to them. */
static const char *const signs[] = {
	"E: ",
	"W: GPG error: ", /* apt's error says only that the repository is not signed */
	"dpkg: error",
	"Error: ",
	"error: ",
	"Error(",
	"Problem: ",
	"Package ",
	"Repository '",
	"File '",
	"Signature verification failed",
	" - ",
	"System management is locked",
	"Errors during ",
	"Error in ",
	"Error code: ", /* zypper, of a download */
	"Error message: ",
	"Cannot find a valid baseurl",
	"Could not retrieve mirrorlist",
};

static bool is_error(const char *line, size_t len)
{
	/* yum: "https://...: [Errno 14] curl#58 - ..." */
	if (memmem(line, len, ": [Errno ", strlen(": [Errno ")))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
		if (text_starts(line, signs[i]))
			return true;
	return false;
}

/* Copy the lines of errors, else the last line, as one. Is it of errors? */
static bool lines_that_matter(const char *text, char *ret, size_t size)
{
	const char *last = "";
	bool on = false;
	size_t n = 0;

	ret[0] = '\0';
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		bool indented = line[0] == ' ' || line[0] == '\t';

		on = is_error(line, len) || (on && indented);
		if (on && n + len + 3 < size)
			n += (size_t)snprintf(ret + n, size - n, "%s%.*s",
					      n && !indented ? "; " : "", (int)len, line);
		if (len > 0)
			last = line;
		line += len + (line[len] == '\n');
	}
	if (n == 0)
		(void)text_format(ret, size, "%.*s", (int)strcspn(last, "\n"), last);
	return n > 0;
}

static const struct package_message *find(const char *text, const struct package_message *messages)
{
	while (messages->text && !strstr(text, messages->text))
		messages++;
	return messages;
}

int package_error(const struct run_spec *spec, const struct run_result *r,
		  const struct package_message *messages, const char *doing, struct error *err)
{
	char lines[360], from_out[360], end[64];
	const struct package_message *m;

	run_end_text(r, spec, end, sizeof(end));
	/* zypper tells on stdout why it cannot. */
	if (!lines_that_matter(buf_text(&r->err), lines, sizeof(lines)) &&
	    lines_that_matter(buf_text(&r->out), from_out, sizeof(from_out)))
		(void)TEXT_COPY(lines, from_out);
	m = find(lines, messages);
	if (!m->text)
		m = find(buf_text(&r->err), messages);
	if (!m->text)
		m = find(buf_text(&r->out), messages);
	return error_set(err, r->end == RUN_NOT_FOUND ? FAULT_PROGRAM_MISSING : m->fault, 0,
			 "%s: %s: %s", doing, end, lines[0] ? lines : "no message");
}
