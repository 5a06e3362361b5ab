/* Finds and replaces a line of a text. */
#include "act/setting.h"

#include <string.h>

struct span {
	size_t at, len; /* without the end of the line */
	size_t value;   /* where the value begins */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_line_of(const char *line, size_t len, const char *key, size_t *ret_value)
{
	size_t at = 0, n = strlen(key);

	while (at < len && is_blank(line[at]))
		at++;
	if (len - at < n || memcmp(line + at, key, n) != 0)
		return false;
	for (at += n; at < len && is_blank(line[at]);)
		at++;
	*ret_value = at + 1;
	return at < len && line[at] == '=';
}

static bool find(const char *text, size_t len, const char *key, struct span *ret)
{
	bool found = false;

	for (size_t at = 0; at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end ? (size_t)(end - text) - at : len - at, value;
		size_t next = at + n + 1;

		if (n > 0 && text[at + n - 1] == '\r')
			n--;
		if (is_line_of(text + at, n, key, &value)) {
			*ret = (struct span) { at, n, at + value };
			found = true;
		}
		at = next;
	}
	return found;
}

bool setting_has(const char *text, size_t len, const char *key, const char *value)
{
	size_t n = strlen(value);
	struct span s;

	if (!find(text, len, key, &s))
		return false;
	while (s.value < s.at + s.len && is_blank(text[s.value]))
		s.value++;
	for (len = s.at + s.len; len > s.value && is_blank(text[len - 1]);)
		len--;
	return len - s.value == n && memcmp(text + s.value, value, n) == 0;
}

int setting_put(const char *text, size_t len, const char *key, const char *value, struct buf *ret)
{
	struct span s;
	int rc;

	if (!find(text, len, key, &s)) {
		rc = buf_add(ret, text, len);
		return rc < 0 ? rc
			      : buf_add_format(ret, "%s%s=%s\n",
					       len > 0 && text[len - 1] != '\n' ? "\n" : "", key,
					       value);
	}
	rc = buf_add(ret, text, s.at);
	if (rc == 0)
		rc = buf_add_format(ret, "%s=%s", key, value);
	return rc < 0 ? rc : buf_add(ret, text + s.at + s.len, len - s.at - s.len);
}

int setting_restore(const char *text, size_t len, const char *key, const char *old, size_t old_len,
		    struct buf *ret)
{
	struct span now, then;
	size_t end;
	int rc;

	if (!find(text, len, key, &now))
		return buf_add(ret, text, len);
	end = now.at + now.len;
	rc = buf_add(ret, text, now.at);
	if (find(old, old_len, key, &then)) {
		if (rc == 0)
			rc = buf_add(ret, old + then.at, then.len);
	} else {
		const char *line = memchr(text + end, '\n', len - end);

		end = line ? (size_t)(line - text) + 1 : len;
	}
	return rc < 0 ? rc : buf_add(ret, text + end, len - end);
}
