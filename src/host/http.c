/* host/http.c - reads an HTTP/1.x answer from the bytes that came so far. */
#include "host/http.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { HEAD_MAX = 16 << 10 };

/* What is left to read. */
struct cursor {
	const char *at;
	size_t len;
};

struct head {
	int status;
	bool chunked, has_length;
	size_t length;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Returns 0 to 15, or -1. */
static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Cut a line off, without its end (LF, or CR LF). Returns false if it is not complete. */
static bool take_line(struct cursor *c, struct cursor *ret)
{
	const char *end = c->len ? memchr(c->at, '\n', c->len) : NULL;

	if (!end)
		return false;
	*ret = (struct cursor) { .at = c->at, .len = (size_t)(end - c->at) };
	c->len -= ret->len + 1;
	c->at = end + 1;
	if (ret->len > 0 && ret->at[ret->len - 1] == '\r')
		ret->len--;
	return true;
}

static void trim(struct cursor *c)
{
	while (c->len > 0 && (*c->at == ' ' || *c->at == '\t')) {
		c->at++;
		c->len--;
	}
	while (c->len > 0 && (c->at[c->len - 1] == ' ' || c->at[c->len - 1] == '\t'))
		c->len--;
}

static bool is_word(const struct cursor *c, const char *word)
{
	return c->len == strlen(word) && strncasecmp(c->at, word, c->len) == 0;
}

/* "HTTP/1.1 200 OK" */
static bool parse_status(const struct cursor *line, int *ret)
{
	const char *p = line->at;

	if (line->len < 12 || memcmp(p, "HTTP/1.", 7) != 0 || !is_digit(p[7]) || p[8] != ' ')
		return false;
	if (!is_digit(p[9]) || !is_digit(p[10]) || !is_digit(p[11]))
		return false;
	if (line->len > 12 && p[12] != ' ')
		return false;
	*ret = (p[9] - '0') * 100 + (p[10] - '0') * 10 + (p[11] - '0');
	return *ret >= 200 && *ret <= 599; /* we ask for nothing that a 1xx would answer */
}

/* The digits at the start of `c`, in base 10 or 16. Returns how many, 0 if there are none or too
 * many. */
static size_t parse_number(const struct cursor *c, int base, size_t *ret)
{
	size_t n = 0, value = 0;

	while (n < c->len) {
		int digit = hex_value(c->at[n]);

		if (digit < 0 || digit >= base)
			break;
		if (value > (SIZE_MAX >> 8) / (size_t)base)
			return 0;
		value = value * (size_t)base + (size_t)digit;
		n++;
	}
	*ret = value;
	return n;
}

static bool parse_length(struct head *h, const struct cursor *value)
{
	size_t length = 0;

	if (value->len == 0 || parse_number(value, 10, &length) != value->len)
		return false;
	if (h->has_length && h->length != length)
		return false;
	h->has_length = true;
	h->length = length;
	return true;
}

/* "Name: value" */
static bool parse_field(struct head *h, const struct cursor *line)
{
	const char *colon = memchr(line->at, ':', line->len);
	struct cursor name, value;

	if (!colon || colon == line->at)
		return false;
	name = (struct cursor) { .at = line->at, .len = (size_t)(colon - line->at) };
	value = (struct cursor) { .at = colon + 1, .len = line->len - name.len - 1 };
	trim(&value);
	if (is_word(&name, "Content-Length"))
		return parse_length(h, &value);
	if (is_word(&name, "Transfer-Encoding")) {
		h->chunked = true;
		return is_word(&value, "chunked");
	}
	return true;
}

static enum http_end parse_head(struct cursor *c, struct head *ret)
{
	const char *start = c->at;
	struct cursor line;
	bool first = true;

	while (take_line(c, &line)) {
		if (c->at - start > HEAD_MAX)
			return HTTP_TOO_LARGE;
		if (!first && line.len == 0)
			return HTTP_DONE;
		if (first ? !parse_status(&line, &ret->status) : !parse_field(ret, &line))
			return HTTP_BAD;
		first = false;
	}
	return (size_t)(c->at - start) + c->len > HEAD_MAX ? HTTP_TOO_LARGE : HTTP_MORE;
}

static enum http_end add_body(struct buf *body, const char *data, size_t len)
{
	return buf_add(body, data, len) < 0 ? HTTP_TOO_LARGE : HTTP_DONE;
}

/* The lines after the last chunk, to the empty one. */
static enum http_end skip_trailers(struct cursor *c)
{
	struct cursor line;

	while (take_line(c, &line)) {
		if (line.len == 0)
			return HTTP_DONE;
	}
	return c->len > HEAD_MAX ? HTTP_TOO_LARGE : HTTP_MORE;
}

/* One chunk: its size, its data, its end. HTTP_DONE with *size 0 is the last. */
static enum http_end parse_chunk(struct cursor *c, size_t *size, struct buf *body)
{
	struct cursor line;
	size_t digits;

	if (!take_line(c, &line))
		return c->len > HEAD_MAX ? HTTP_TOO_LARGE : HTTP_MORE;
	digits = parse_number(&line, 16, size);
	if (digits == 0 || (digits < line.len && !strchr("; \t", line.at[digits])))
		return HTTP_BAD;
	if (*size == 0)
		return HTTP_DONE;
	if (*size > body->max - body->len)
		return HTTP_TOO_LARGE;
	if (c->len < *size)
		return HTTP_MORE;
	if (add_body(body, c->at, *size) != HTTP_DONE)
		return HTTP_TOO_LARGE;
	c->at += *size;
	c->len -= *size;
	if (!take_line(c, &line))
		return c->len > 2 ? HTTP_BAD : HTTP_MORE;
	return line.len == 0 ? HTTP_DONE : HTTP_BAD;
}

static enum http_end parse_chunks(struct cursor *c, struct buf *body)
{
	AUTO_BUF struct buf whole = { .max = body->max };
	size_t size = 1;

	while (size > 0) {
		enum http_end end = parse_chunk(c, &size, &whole);

		if (end != HTTP_DONE)
			return end;
	}
	if (skip_trailers(c) != HTTP_DONE)
		return HTTP_MORE;
	return whole.len ? add_body(body, whole.data, whole.len) : HTTP_DONE;
}

static enum http_end parse_body(const struct head *h, struct cursor *c, bool closed,
				struct buf *body)
{
	if (h->status == 204 || h->status == 304)
		return HTTP_DONE;
	if (h->chunked)
		return parse_chunks(c, body);
	if (h->has_length) {
		if (h->length > body->max)
			return HTTP_TOO_LARGE;
		return c->len < h->length ? HTTP_MORE : add_body(body, c->at, h->length);
	}
	if (c->len > body->max)
		return HTTP_TOO_LARGE;
	return closed ? add_body(body, c->at, c->len) : HTTP_MORE;
}

enum http_end http_parse(const char *data, size_t len, bool closed, int *status, struct buf *body)
{
	struct cursor c = { .at = data, .len = len };
	struct head h = { .status = 0 };
	enum http_end end = parse_head(&c, &h);

	if (end == HTTP_DONE)
		end = parse_body(&h, &c, closed, body);
	if (end == HTTP_MORE && closed)
		return HTTP_BAD;
	if (end == HTTP_DONE)
		*status = h.status;
	return end;
}
