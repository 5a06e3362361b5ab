/* Takes out of texts and documents whose machine they are of, and every secret. */
#include "cli/support_treat.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/redact.h"
#include "base/text.h"

/* Members of JSON that are addresses, whose text alias_text may take for a version. */
static bool is_address_key(const char *key)
{
	static const char *const keys[] = { "ipv4",           "assignedIpv4", "mac",     "guid",
					    "placementGroup", "measured",     "expected" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (text_eq(keys[i], key))
			return true;
	return false;
}

struct treatment {
	struct aliases *aliases;
	unsigned flags; /* of alias_text, where the key does not say otherwise */
};

static json_t *treat_value(const struct treatment *t, const char *key, const json_t *value)
{
	AUTO_BUF struct buf b = { 0 };
	AUTO_FREE char *text = NULL;
	unsigned flags = is_address_key(key) ? 0 : t->flags;
	int rc;

	if (!json_is_string(value))
		return json_deep_copy(value);
	text = strdup(json_string_value(value));
	if (!text)
		return NULL;
	redact(text, NULL, 0);
	rc = text_eq(key, "mac")
		     ? alias_value(t->aliases, text, &b)
		     : alias_text(t->aliases, flags | ALIAS_SETTINGS, text, strlen(text), &b);
	return rc < 0 ? NULL : json_string(buf_text(&b));
}

static json_t *treat_json(const struct treatment *t, const char *key, const json_t *value)
{
	AUTO_JSON json_t *ret = NULL;
	const char *member;
	json_t *item;
	size_t i;

	if (json_is_array(value)) {
		ret = json_array();
		json_array_foreach(value, i, item)
		{
			if (json_array_append_new(ret, treat_json(t, key, item)) < 0)
				return NULL;
		}
		return TAKE(ret);
	}
	if (!json_is_object(value))
		return treat_value(t, key, value);
	ret = json_object();
	json_object_foreach((json_t *)value, member, item)
	{
		if (json_object_set_new(ret, member, treat_json(t, member, item)) < 0)
			return NULL;
	}
	return TAKE(ret);
}

static int treat_document(const struct treatment *t, const char *text, size_t len, bool indented,
			  struct buf *ret)
{
	AUTO_JSON json_t *was = json_parse(text, len, NULL, 0);
	AUTO_JSON json_t *is = was ? treat_json(t, "", was) : NULL;
	int rc = is ? json_write(is, indented, ret) : -EINVAL;

	return rc < 0 ? rc : buf_add_text(ret, "\n");
}

/* A text, or what claims to be JSON and is none. */
static int treat_plain(struct aliases *a, const char *text, size_t len, struct buf *ret)
{
	AUTO_FREE char *copy = strndup(text, len);

	if (!copy)
		return -ENOMEM;
	redact(copy, NULL, 0);
	return alias_text(a, ALIAS_SETTINGS, copy, strlen(copy), ret);
}

static int treat_lines(const struct treatment *t, const struct buf *text, struct buf *ret)
{
	const char *at = buf_text(text), *end = at + text->len;
	int rc = 0;

	while (at < end && rc == 0) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((stop ? stop : end) - at);

		rc = treat_document(t, at, len, false, ret);
		if (rc == -EINVAL)
			rc = treat_plain(t->aliases, at, len, ret);
		at += len + 1;
	}
	return rc;
}

int support_treat(struct aliases *a, enum support_kind kind, const struct buf *text,
		  struct buf *ret)
{
	const struct treatment t = { a, kind == SUPPORT_ANSWER ? ALIAS_KEEP_QUADS : 0 };
	int rc = -EINVAL;

	if (kind == SUPPORT_JSON_LINES)
		return treat_lines(&t, text, ret);
	if (kind != SUPPORT_TEXT)
		rc = treat_document(&t, buf_text(text), text->len, true, ret);
	return rc == -EINVAL ? treat_plain(a, buf_text(text), text->len, ret) : rc;
}
