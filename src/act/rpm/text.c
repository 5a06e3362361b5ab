/* Reads rpm's lines and the tables of dnf, yum and tdnf. */
#include "act/rpm/text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "act/rpm/items.h"
#include "base/text.h"

enum { TOKENS_MAX = 4, INDENT_OF_REST = 5 };

static bool looks_like_version(const char *token)
{
	const char *dash = strchr(token, '-');

	return dash && dash[1];
}

int rpm_parse_line(const char *line, size_t len, struct rpm_package *ret)
{
	char copy[400], at[24], instance[24];
	struct rpm_package p = { 0 };

	if (text_format(copy, sizeof(copy), "%.*s", (int)len, line) < 0 ||
	    sscanf(copy, "%95[^\t]\t%95[^\t]\t%15[^\t]\t%23[^\t]\t%23[^\t]", p.name, p.version,
		   p.arch, at, instance) != 5)
		return -EINVAL;
	(void)sscanf(at, "%" SCNd64, &p.installed_at);
	(void)sscanf(instance, "%" SCNd64, &p.instance);
	if (text_starts(p.version, "0:"))
		memmove(p.version, p.version + 2, strlen(p.version) - 1);
	if (!looks_like_version(p.version))
		return -EINVAL;
	*ret = p;
	return 0;
}

/* ---- tables ---------------------------------------------------------------------------------- */

/* What a section is about; by the first word of its title. The others ("Skipping packages with
 * conflicts:") are of what is not done. */
static const struct {
	const char *word;
	enum rpm_action action;
} sections[] = {
	{ "Installing", RPM_INSTALL },  { "Upgrading", RPM_UPGRADE }, /* dnf, tdnf */
	{ "Updating", RPM_UPGRADE },                                  /* yum */
	{ "Downgrading", RPM_UPGRADE }, { "Reinstalling", RPM_REINSTALL },
	{ "Removing", RPM_REMOVE },     { "Obsoleting", RPM_REMOVE }, /* tdnf */
};

struct table {
	struct rpm_items *ret;
	bool on; /* in a section that counts */
	enum rpm_action action;
	char tokens[TOKENS_MAX][96]; /* of the row that is being read */
	size_t ntokens;
	char last[96]; /* the name in the row before */
};

/* The row is at its end: into the list with it. */
static int row_end(struct table *t)
{
	struct rpm_item item = { .action = t->action };

	if (t->ntokens == 0)
		return 0;
	if (t->ntokens < 3 || !looks_like_version(t->tokens[2]) ||
	    TEXT_COPY(item.arch, t->tokens[1]) < 0)
		return -EINVAL;
	(void)TEXT_COPY(item.name, t->tokens[0]);
	(void)TEXT_COPY(item.version, t->tokens[2]);
	(void)TEXT_COPY(t->last, item.name);
	t->ntokens = 0;
	return rpm_items_add(t->ret, &item);
}

/* Take the words of a line into the row. Those that do not fit are repository and size. */
static int take_words(struct table *t, const char *line, size_t len)
{
	size_t i = 0;

	while (i < len && t->ntokens < TOKENS_MAX) {
		size_t start, n;

		while (i < len && line[i] == ' ')
			i++;
		start = i;
		while (i < len && line[i] != ' ')
			i++;
		n = i - start;
		if (n >= sizeof(t->tokens[0]) || memchr(line + start, '\0', n))
			return -EINVAL;
		if (n == 0)
			break;
		memcpy(t->tokens[t->ntokens], line + start, n);
		t->tokens[t->ntokens++][n] = '\0';
	}
	return 0;
}

/* "replacing  libibmad.x86_64 50.0-1.el9", or in columns of their own, where an upgrade replaces
 * its own former version, too. */
static int take_replaced(struct table *t, const char *line, size_t len)
{
	struct table r = { .ret = t->ret, .action = RPM_REMOVE };
	struct rpm_item item = { .action = RPM_REMOVE };
	char *dot;

	if (take_words(&r, line, len) < 0 || r.ntokens < 3)
		return -EINVAL;
	if (!looks_like_version(r.tokens[2]) && r.ntokens == TOKENS_MAX) {
		if (TEXT_COPY(item.arch, r.tokens[2]) < 0)
			return -EINVAL;
		(void)TEXT_COPY(item.version, r.tokens[3]);
	} else {
		dot = strrchr(r.tokens[1], '.');
		if (!dot || TEXT_COPY(item.arch, dot + 1) < 0)
			return -EINVAL;
		*dot = '\0';
		(void)TEXT_COPY(item.version, r.tokens[2]);
	}
	(void)TEXT_COPY(item.name, r.tokens[1]);
	if (!looks_like_version(item.version) || !item.name[0] || !item.arch[0])
		return -EINVAL;
	return text_eq(item.name, t->last) ? 0 : rpm_items_add(t->ret, &item);
}

static void section_begin(struct table *t, const char *line, size_t len)
{
	t->on = false;
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		size_t n = strlen(sections[i].word);

		if (len > n && memcmp(line, sections[i].word, n) == 0 &&
		    (line[n] == ' ' || line[n] == ':')) {
			t->on = true;
			t->action = sections[i].action;
		}
	}
}

static int table_line(struct table *t, const char *line, size_t len)
{
	size_t indent = 0;
	bool replaced;
	int rc;

	while (len && isspace((unsigned char)line[len - 1]))
		len--;
	while (indent < len && line[indent] == ' ')
		indent++;
	replaced = t->on && len - indent > 10 && memcmp(line + indent, "replacing ", 10) == 0;
	if (t->on && indent >= INDENT_OF_REST && !replaced && t->ntokens)
		return take_words(t, line, len);
	rc = row_end(t);
	if (rc < 0)
		return rc;
	if (len == 0)
		t->on = false;
	else if (replaced)
		return take_replaced(t, line, len);
	else if (indent == 0 && line[len - 1] == ':')
		section_begin(t, line, len);
	else if (t->on && line[0] != '=' && line[0] != '-')
		return take_words(t, line, len);
	return 0;
}

int rpm_parse_table(const char *text, size_t len, struct rpm_items *ret)
{
	const char *end = text + len;
	struct table t = { .ret = ret };
	int rc = 0;

	for (const char *line = text; rc == 0 && line < end;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));

		rc = table_line(&t, line, (size_t)((stop ? stop : end) - line));
		line = stop ? stop + 1 : end;
	}
	return rc < 0 ? rc : row_end(&t);
}

bool rpm_parse_needed(const char *line, size_t len, struct rpm_needed *ret)
{
	static const char middle[] = " is needed by (installed) ";
	char copy[480];
	const char *by;

	if (len < 2 || line[0] != '\t' ||
	    text_format(copy, sizeof(copy), "%.*s", (int)(len - 1), line + 1) < 0)
		return false;
	by = strstr(copy, middle);
	return by && by != copy &&
	       TEXT_COPY(ret->by, text_trim((char *)by + strlen(middle))) == 0 &&
	       TEXT_FORMAT(ret->capability, "%.*s", (int)strcspn(copy, " "), copy) == 0 &&
	       ret->capability[0] && ret->by[0];
}

bool rpm_has_line(const char *text, const char *wanted)
{
	size_t n = strlen(wanted);

	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");

		if (len == n && memcmp(line, wanted, n) == 0)
			return true;
		line += len + (line[len] == '\n');
	}
	return false;
}
