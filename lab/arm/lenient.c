/* Rewrites what template files may hold and JSON may not. */
#include "lenient.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

struct reader {
	const char *at, *end;
	struct buf *out;
	size_t comma; /* where in `out` a comma stands that nothing has followed yet, plus 1; or 0
		       */
};

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$';
}

/* "//" to the end of the line or a block comment: its line breaks are kept. Returns whether there
 * was one. */
static bool skip_comment(struct reader *r, int *rc)
{
	const char *from = r->at;
	bool block;

	if (r->end - from < 2 || from[0] != '/' || (from[1] != '/' && from[1] != '*'))
		return false;
	block = from[1] == '*';
	for (r->at += 2; r->at < r->end; r->at++) {
		if (!block && *r->at == '\n')
			break;
		if (block && r->end - r->at >= 2 && r->at[0] == '*' && r->at[1] == '/') {
			r->at += 2;
			break;
		}
		if (*r->at == '\n' && *rc == 0)
			*rc = buf_add(r->out, "\n", 1);
	}
	return true;
}

/* A string, whatever its lines: control characters in it become escapes. */
static int copy_string(struct reader *r)
{
	int rc = buf_add(r->out, r->at++, 1);

	for (bool escaped = false; rc == 0 && r->at < r->end; r->at++) {
		unsigned char c = (unsigned char)*r->at;

		if (c < 0x20)
			rc = buf_add_format(r->out, "\\u%04x", c);
		else
			rc = buf_add(r->out, r->at, 1);
		if (c == '"' && !escaped) {
			r->at++;
			break;
		}
		escaped = c == '\\' && !escaped;
	}
	return rc;
}

/* A word that a colon follows is a key without its quotes. */
static int copy_word(struct reader *r)
{
	const char *from = r->at, *next;
	bool key;

	while (r->at < r->end && is_word(*r->at))
		r->at++;
	next = r->at;
	while (next < r->end && isspace((unsigned char)*next))
		next++;
	key = next < r->end && *next == ':' && isalpha((unsigned char)*from);
	return buf_add_format(r->out, key ? "\"%.*s\"" : "%.*s", (int)(r->at - from), from);
}

/* A comma before a closing bracket goes. */
static void drop_comma(struct reader *r)
{
	if (r->comma)
		r->out->data[r->comma - 1] = ' ';
}

static int copy_one(struct reader *r)
{
	char c = *r->at;

	if (!isspace((unsigned char)c)) {
		if (c == '}' || c == ']')
			drop_comma(r);
		r->comma = c == ',' ? r->out->len + 1 : 0;
	}
	if (c == '"')
		return copy_string(r);
	if (is_word(c))
		return copy_word(r);
	return buf_add(r->out, r->at++, 1);
}

int lenient_json(const char *text, size_t len, struct buf *ret)
{
	struct reader r = { .at = text, .end = text + len, .out = ret };
	int rc = 0;

	while (rc == 0 && r.at < r.end)
		if (!skip_comment(&r, &rc))
			rc = copy_one(&r);
	return rc;
}
