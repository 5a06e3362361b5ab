/* Escapes text for XML and fills in templates. */
#include "xml.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

static const char *escape_of(unsigned char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&apos;";
	case '\t':
		return "&#9;"; /* written out, else an attribute would turn them into spaces */
	case '\n':
		return "&#10;";
	case '\r':
		return "&#13;";
	default:
		return c < 0x20 ? "\xef\xbf\xbd" : NULL;
	}
}

int xml_add_text(struct buf *b, const char *text)
{
	const char *from = text;
	int rc;

	for (const char *at = text; *at; at++) {
		const char *escape = escape_of((unsigned char)*at);

		if (!escape)
			continue;
		rc = buf_add(b, from, (size_t)(at - from));
		if (rc == 0)
			rc = buf_add_text(b, escape);
		if (rc < 0)
			return rc;
		from = at + 1;
	}
	return buf_add_text(b, from);
}

static const struct xml_slot *slot_find(const struct xml_slot *slots, size_t count, const char *key,
					size_t len)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(slots[i].key) == len && memcmp(slots[i].key, key, len) == 0)
			return &slots[i];
	}
	return NULL;
}

/* `at` stands behind the brace. Returns the length up to the closing one, or a negative errno. */
static int slot_add(struct buf *b, const char *at, const struct xml_slot *slots, size_t count)
{
	size_t len = strcspn(at, "}");
	bool raw = *at == '+';
	const struct xml_slot *slot = slot_find(slots, count, at + raw, len - raw);
	int rc;

	if (!slot || at[len] != '}')
		return -EINVAL;
	if (raw)
		rc = buf_add_text(b, slot->value ? slot->value : "");
	else
		rc = xml_add_text(b, slot->value ? slot->value : "");
	return rc < 0 ? rc : (int)len;
}

int xml_fill(struct buf *b, const char *template, const struct xml_slot *slots, size_t count)
{
	const char *at = template;

	for (;;) {
		size_t plain = strcspn(at, "{");
		int rc = buf_add(b, at, plain);

		if (rc < 0)
			return rc;
		if (at[plain] == '\0')
			return 0;
		at += plain + 1;
		rc = slot_add(b, at, slots, count);
		if (rc < 0)
			return rc;
		at += rc + 1;
	}
}
