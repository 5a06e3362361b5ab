/* base/redact.c - takes secrets out of text, in place. */
#include "base/redact.h"

#include <stdbool.h>
#include <string.h>

enum { SECRET_LEAST = 4 }; /* a shorter one would blacken half of every sentence */

static const char mask[] = "***";

/* Put the mask, or as much of it as fits, in the place of `len` bytes at `at`. Returns what follows
 * it. */
static char *put_mask(char *at, size_t len)
{
	size_t put = len < sizeof mask - 1 ? len : sizeof mask - 1;

	memcpy(at, mask, put);
	memmove(at + put, at + len, strlen(at + len) + 1);
	return at + put;
}

static void redact_secret(char *text, const char *secret)
{
	size_t len = strlen(secret);

	if (len < SECRET_LEAST)
		return;
	while ((text = strstr(text, secret)) != NULL)
		text = put_mask(text, len);
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* sig=VALUE, where VALUE ends as a query's value does, or as the text around the URL does. */
static void redact_signatures(char *text)
{
	char *at = text;

	while ((at = strcasestr(at, "sig=")) != NULL) {
		bool begins = at == text || !is_word(at[-1]);

		at += strlen("sig=");
		if (begins)
			at = put_mask(at, strcspn(at, "&;# \t\r\n\"'<>\\,)]}|"));
	}
}

/* scheme://user:PASSWORD@host. The password ends at the last @ before the path. */
static void redact_passwords(char *text)
{
	while ((text = strstr(text, "://")) != NULL) {
		size_t len, user;
		char *end;

		text += strlen("://");
		len = strcspn(text, "/?# \t\r\n\"'<>");
		end = memrchr(text, '@', len);
		if (end == NULL)
			continue;
		user = strcspn(text, ":");
		if (text + user < end)
			text = put_mask(text + user + 1, (size_t)(end - text) - user - 1);
	}
}

void redact(char *text, const char *const *secrets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (secrets[i] != NULL)
			redact_secret(text, secrets[i]);
	redact_signatures(text);
	redact_passwords(text);
}
