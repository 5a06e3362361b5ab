/* base/redact.c - takes secrets out of text, in place and in linear time. */
#include "base/redact.h"

#include <string.h>

enum { SECRET_LEAST = 4 }; /* a shorter one would blacken half of every sentence */

static const char mask[] = "***";

/* Reads and writes the same text: `to` never overtakes `from`. */
struct cursor {
	const char *from;
	char *to;
};

static void keep(struct cursor *c, size_t len)
{
	memmove(c->to, c->from, len);
	c->from += len;
	c->to += len;
}

/* The mask in the place of `len` bytes, or as much of it as these give room for. */
static void hide(struct cursor *c, size_t len)
{
	size_t put = len < sizeof mask - 1 ? len : sizeof mask - 1;

	memcpy(c->to, mask, put);
	c->from += len;
	c->to += put;
}

static void keep_rest(struct cursor *c)
{
	keep(c, strlen(c->from) + 1);
}

/* The length of the longest secret that begins at `at`, 0 if none does. */
static size_t secret_at(const char *at, const char *const *secrets, size_t count)
{
	size_t longest = 0;

	for (size_t i = 0; i < count; i++) {
		size_t len = secrets[i] == NULL ? 0 : strlen(secrets[i]);

		if (len >= SECRET_LEAST && len > longest && strncmp(at, secrets[i], len) == 0)
			longest = len;
	}
	return longest;
}

static void redact_secrets(char *text, const char *const *secrets, size_t count)
{
	struct cursor c = { text, text };

	while (*c.from != '\0') {
		size_t len = secret_at(c.from, secrets, count);

		if (len == 0) {
			keep(&c, 1);
			continue;
		}
		/* Another secret may begin within this one and reach beyond it. */
		for (size_t i = 1; i < len; i++) {
			size_t other = secret_at(c.from + i, secrets, count);

			if (i + other > len)
				len = i + other;
		}
		hide(&c, len);
	}
	keep_rest(&c);
}

/* sig=VALUE, also where the query stands percent-encoded in another one. VALUE ends as a query's
 * value does, or as the text around the URL does. A word that happens to end in "sig" loses its
 * value too: that is the safe side. */
static void redact_signatures(char *text)
{
	static const char *const keys[] = { "sig=", "sig%3d" };

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		struct cursor c = { text, text };
		const char *found;

		while ((found = strcasestr(c.from, keys[i])) != NULL) {
			keep(&c, (size_t)(found - c.from) + strlen(keys[i]));
			hide(&c, strcspn(c.from, "&;# \t\r\n\"'<>\\,)]}|"));
		}
		keep_rest(&c);
	}
}

/* scheme://user:PASSWORD@host. The password ends at the last @ before the path. */
static void redact_passwords(char *text)
{
	struct cursor c = { text, text };
	const char *found;

	while ((found = strstr(c.from, "://")) != NULL) {
		size_t user;
		const char *end;

		keep(&c, (size_t)(found - c.from) + strlen("://"));
		end = memrchr(c.from, '@', strcspn(c.from, "/?# \t\r\n\"'<>"));
		user = strcspn(c.from, ":");
		if (end == NULL || c.from + user >= end)
			continue;
		keep(&c, user + 1);
		hide(&c, (size_t)(end - c.from));
	}
	keep_rest(&c);
}

void redact(char *text, const char *const *secrets, size_t count)
{
	redact_secrets(text, secrets, count);
	redact_signatures(text);
	redact_passwords(text);
}
