/* cli/alias.c - recognises names and addresses in text and replaces them. */
#include "cli/alias.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/redact.h"
#include "base/text.h"
#include "cli/alias_net.h"

enum { NAME_LEAST = 2, NAME_DISTINCT = 8, NAME_MOST = 256, UUID_LEN = 36 };

int aliases_init(struct aliases *ret)
{
	*ret = (struct aliases) { 0 };
	for (size_t i = 0; i < ALIAS_KINDS; i++) {
		ret->of[i] = json_object();
		if (!ret->of[i]) {
			aliases_free(ret);
			return -ENOMEM;
		}
	}
	return 0;
}

void aliases_free(struct aliases *a)
{
	for (size_t i = 0; i < ALIAS_KINDS; i++)
		json_decref(a->of[i]);
	*a = (struct aliases) { 0 };
}

int alias_number(struct aliases *a, enum alias_kind kind, const char *key)
{
	const json_t *known = json_object_get(a->of[kind], key);
	json_int_t fresh = (json_int_t)json_object_size(a->of[kind]) + 1;

	if (known)
		return (int)json_integer_value(known);
	if (json_object_set_new_nocheck(a->of[kind], key, json_integer(fresh)) < 0)
		return -ENOMEM;
	return (int)fresh;
}

/* A key in lower case, cut at the greatest length. */
static void fold(const char *text, size_t len, char ret[static NAME_MOST])
{
	if (len >= NAME_MOST)
		len = NAME_MOST - 1;
	for (size_t i = 0; i < len; i++)
		ret[i] = (char)tolower((unsigned char)text[i]);
	ret[len] = '\0';
}

int alias_add_name(struct aliases *a, const char *name)
{
	char key[NAME_MOST];
	size_t len = strlen(name);
	int n;

	if (len < NAME_LEAST || len >= NAME_MOST)
		return 0;
	fold(name, len, key);
	n = alias_number(a, ALIAS_NAME, key);
	return n < 0 ? n : 0;
}

/* Public knowledge: classes of VMBus devices (linux/hyperv.h), and EFI's own variables. */
static const char *const public_uuids[] = {
	"8be4df61-93ca-11d2-aa0d-00e098032b8c", "f8615163-df3e-46c5-913f-f2d2f965ed0e",
	"44c4f61d-4444-4400-9d52-802e27ede19f", "8c2eaf3d-32a7-4b09-ab99-bd1f1c86b501",
	"ba6163d9-04a1-4d29-b605-72e2ffb1dc7f", "32412632-86cb-44a2-9b5c-50d1417354f5",
	"a9a0f4e7-5a45-4d96-b827-8a841e8c03e6", "9527e630-d0ae-497b-adce-e80ab0175caf",
	"0e0b6031-5213-4934-818b-38d90ced39db", "57164f39-9115-4e78-ab55-382f3bd5422d",
	"cfa8b69e-5b4a-4cc0-b98b-8ba1a1f3f95a", "da0a7802-e377-4aac-8e77-0558eb1073f8",
	"00000000-0000-0000-0000-000000000000", NULL,
};

static bool is_listed(const char *const *list, const char *word)
{
	for (; *list; list++)
		if (text_eq(*list, word))
			return true;
	return false;
}

static bool is_uuid(const char *text)
{
	for (size_t i = 0; i < UUID_LEN; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return true;
}

static int put_uuid(const struct alias_scan *s, size_t len, const char *head)
{
	char key[NAME_MOST];
	int n;

	fold(s->text + s->at, len, key);
	if (is_listed(public_uuids, key))
		return buf_add(s->ret, s->text + s->at, len);
	n = alias_number(s->aliases, ALIAS_UUID, key);
	return n < 0 ? n
		     : buf_add_format(s->ret, "%s%0*x", head, (int)(len - strlen(head)),
				      (unsigned)n);
}

/* Digits alone: a machine id, the thumbprint of a certificate, a digest. */
static bool is_bare_id(size_t digits)
{
	return digits == 32 || digits == 40 || digits == 64;
}

/* "f8615163-df3e-46c5-913f-f2d2f965ed0e", and what has no dashes. */
static int take_uuid(const struct alias_scan *s)
{
	size_t left = s->len - s->at, digits = alias_digits(s, s->at);
	int rc;

	if (left >= UUID_LEN && digits == 8 && is_uuid(s->text + s->at) &&
	    alias_is_word(s, UUID_LEN)) {
		rc = put_uuid(s, UUID_LEN, "00000000-0000-4000-8000-");
		return rc < 0 ? rc : UUID_LEN;
	}
	if (!is_bare_id(digits) || !alias_is_word(s, digits))
		return 0;
	rc = put_uuid(s, digits, "");
	return rc < 0 ? rc : (int)digits;
}

static int take_name(const struct alias_scan *s)
{
	size_t left = s->len - s->at, longest = 0;
	const char *name;
	json_t *number;
	int found = 0, rc;

	json_object_foreach(s->aliases->of[ALIAS_NAME], name, number)
	{
		size_t len = strlen(name);

		if (len <= longest || len > left || strncasecmp(s->text + s->at, name, len) != 0 ||
		    (len < NAME_DISTINCT && !alias_is_word(s, len)))
			continue;
		longest = len;
		found = (int)json_integer_value(number);
	}
	if (longest == 0)
		return 0;
	rc = buf_add_format(s->ret, "name-%d", found);
	return rc < 0 ? rc : (int)longest;
}

/* Hosts that everybody's configuration names; so are those below them. */
static const char *const public_hosts[] = {
	"debian.org",     "ubuntu.com", "centos.org",    "redhat.com",        "almalinux.org",
	"rockylinux.org", "oracle.com", "microsoft.com", "azure.com",         "suse.com",
	"opensuse.org",   "nvidia.com", "mellanox.com",  "fedoraproject.org", NULL,
};

static bool is_public_host(const char *host)
{
	for (size_t i = 0; public_hosts[i]; i++) {
		size_t len = strlen(host), end = strlen(public_hosts[i]);

		if (len >= end && text_eq(host + len - end, public_hosts[i]) &&
		    (len == end || host[len - end - 1] == '.'))
			return true;
	}
	return false;
}

struct url {
	size_t scheme, host, host_len, port_len, whole; /* `scheme` ends behind "://" */
};

static size_t span_until(const struct alias_scan *s, size_t from, const char *ends)
{
	size_t n = 0;

	while (from + n < s->len && s->text[from + n] && !strchr(ends, s->text[from + n]))
		n++;
	return n;
}

/* scheme://user:password@host:port/path?query */
static bool find_url(const struct alias_scan *s, struct url *ret)
{
	size_t scheme = 0, authority;
	const char *at;

	while (s->at + scheme < s->len && isalpha((unsigned char)s->text[s->at + scheme]))
		scheme++;
	if (scheme < 2 || s->len - s->at - scheme < 3 ||
	    memcmp(s->text + s->at + scheme, "://", 3) != 0)
		return false;
	ret->scheme = s->at + scheme + 3;
	authority = span_until(s, ret->scheme, "/?# \t\r\n\"'<>;,)|");
	at = authority ? memrchr(s->text + ret->scheme, '@', authority) : NULL;
	ret->host = at ? (size_t)(at + 1 - s->text) : ret->scheme;
	authority -= ret->host - ret->scheme;
	ret->host_len = authority;
	if (authority > 0 && s->text[ret->host] != '[')
		ret->host_len = span_until(s, ret->host, ":/?# \t\r\n\"'<>;,)|");
	ret->port_len = authority - ret->host_len;
	ret->whole = ret->host + authority - s->at;
	return true;
}

static int put_host(const struct alias_scan *s, const struct url *u, bool *ret_public)
{
	char host[NAME_MOST];
	struct alias_scan part = *s;
	int n;

	fold(s->text + u->host, u->host_len, host);
	*ret_public = u->host_len == 0 || is_public_host(host);
	if (*ret_public)
		return buf_add(s->ret, s->text + u->host, u->host_len);
	part.at = u->host;
	part.len = u->host + u->host_len;
	n = alias_take_ipv4(&part);
	if (n != 0)
		return n < 0 ? n : 0;
	n = alias_number(s->aliases, ALIAS_HOST, host);
	return n < 0 ? n : buf_add_format(s->ret, "host-%d.example", n);
}

/* ":3128"; what is no port may be anything. */
static int put_port(const struct alias_scan *s, const struct url *u)
{
	enum { PORT_MOST = 6 };
	const char *port = s->text + u->host + u->host_len;
	size_t digits = 0;

	while (1 + digits < u->port_len && isdigit((unsigned char)port[1 + digits]))
		digits++;
	if (u->port_len > PORT_MOST || 1 + digits != u->port_len)
		return 0;
	return buf_add(s->ret, port, u->port_len);
}

/* Of a URL of somebody's own, the path goes as well. */
static int take_url(const struct alias_scan *s)
{
	struct url u;
	bool is_public = false;
	int rc;

	if (!find_url(s, &u))
		return 0;
	rc = buf_add(s->ret, s->text + s->at, u.scheme - s->at);
	if (rc == 0)
		rc = put_host(s, &u, &is_public);
	if (rc == 0)
		rc = put_port(s, &u);
	if (rc < 0)
		return rc;
	if (!is_public)
		u.whole += span_until(s, s->at + u.whole, " \t\r\n\"'<>;,)|");
	return (int)u.whole;
}

/* The first that knows what begins here takes it. */
static int (*const takers[])(const struct alias_scan *s) = {
	take_url, take_uuid, alias_take_hardware, alias_take_ipv6, alias_take_ipv4,
};

static int take(const struct alias_scan *s)
{
	int n = take_name(s);

	/* Names alone may begin within a word. */
	for (size_t i = 0; n == 0 && i < ARRAY_SIZE(takers) && alias_begins_word(s); i++)
		n = takers[i](s);
	return n;
}

static int scan(struct alias_scan *s)
{
	while (s->at < s->len) {
		int n = take(s);

		if (n == 0) {
			n = buf_add(s->ret, s->text + s->at, 1);
			n = n < 0 ? n : 1;
		}
		if (n < 0)
			return n;
		s->at += (size_t)n;
	}
	return 0;
}

static bool has_word(const char *const *words, const char *text, size_t len)
{
	char folded[NAME_MOST];

	fold(text, len, folded);
	for (; *words; words++)
		if (strstr(folded, *words))
			return true;
	return false;
}

/* What stands between the separator and the end of the line, without quotes and punctuation.
 * Separators are = and :, and a space after a key of apt ("Acquire::http::Proxy"). */
static bool find_setting(const char *line, size_t len, size_t *ret_key, size_t *ret_value,
			 size_t *ret_len)
{
	const char *colons = memmem(line, len, "::", 2);
	size_t at = 0, end = len;

	while (at < len &&
	       (colons ? line[at] != ' ' && line[at] != '\t' : line[at] != '=' && line[at] != ':'))
		at++;
	if (at == len)
		return false;
	*ret_key = at++;
	while (at < end && strchr(" \t\"'", line[at]))
		at++;
	while (end > at && strchr(" \t\r\n\"',;", line[end - 1]))
		end--;
	*ret_value = at;
	*ret_len = end - at;
	return end > at;
}

static bool is_harmless(const char *value, size_t len)
{
	static const char *const words[] = { "none", "_none_", "null",   "true", "false",
					     "yes",  "no",     "direct", "y",    "n",
					     "0",    "1",      NULL };
	char folded[NAME_MOST];

	fold(value, len, folded);
	return is_listed(words, folded);
}

static bool is_secret(const char *line, size_t key, size_t value, size_t len)
{
	static const char *const secrets[] = { "password", "passwd",   "passphrase", "secret",
					       "token",    "username", NULL };
	static const char *const proxies[] = { "proxy", NULL };

	if (is_harmless(line + value, len))
		return false;
	return has_word(secrets, line, key) ||
	       (has_word(proxies, line, key) && !memmem(line + value, len, "://", 3));
}

/* A value may be a setting itself: Environment="http_proxy=proxy:3128". */
static bool find_secret(const char *line, size_t whole, size_t *ret_value, size_t *ret_len)
{
	size_t at = 0, key;

	while (find_setting(line + at, whole - at, &key, ret_value, ret_len)) {
		bool secret = is_secret(line + at, key, *ret_value, *ret_len);

		*ret_value += at;
		if (secret)
			return true;
		at = *ret_value;
		whole = at + *ret_len;
	}
	return false;
}

/* One line of a file of settings. */
static int scan_line(struct alias_scan *s)
{
	const char *line = s->text + s->at;
	size_t whole = s->len, end = whole, value, len;
	int rc;

	if (!find_secret(line, whole - s->at, &value, &len))
		return scan(s);
	end = s->at + value;
	s->len = end;
	rc = scan(s);
	s->len = whole;
	s->at = end + len;
	if (rc == 0)
		rc = buf_add_text(s->ret, "***");
	return rc < 0 ? rc : scan(s);
}

int alias_text(struct aliases *a, unsigned flags, const char *text, size_t len, struct buf *ret)
{
	struct alias_scan s = { a, flags, text, len, 0, ret };
	size_t before = ret->len;
	int rc = buf_add(ret, "", 0);

	if (!(flags & ALIAS_SETTINGS) && rc == 0)
		rc = scan(&s);
	while (s.at < len && rc == 0) {
		const char *end = memchr(text + s.at, '\n', len - s.at);

		s.len = end ? (size_t)(end - text) + 1 : len;
		rc = scan_line(&s);
	}
	if (rc < 0)
		return rc;
	redact(ret->data + before, NULL, 0);
	if (!memchr(text, '\0', len))
		ret->len = before + strlen(ret->data + before);
	return 0;
}

/* Says no more than "yes", or a small number. */
static bool is_plain(const char *text)
{
	return is_harmless(text, strlen(text)) || !*text ||
	       (strlen(text) <= 5 && strspn(text, "0123456789") == strlen(text));
}

int alias_value(struct aliases *a, const char *text, struct buf *ret)
{
	struct alias_scan s = { a, 0, text, strlen(text), 0, ret };
	size_t before = ret->len;
	char key[NAME_MOST];
	int n;

	if (is_plain(text))
		return buf_add_text(ret, text);
	n = take(&s);
	if (n < 0 || (size_t)n == s.len)
		return n < 0 ? n : 0;
	ret->len = before; /* what was taken is only a part */
	if (alias_digits(&s, 0) == 12 && s.len == 12)
		return alias_put_hardware(&s, 12);
	fold(text, s.len, key);
	n = alias_number(a, ALIAS_VALUE, key);
	return n < 0 ? n : buf_add_format(ret, "value-%d", n);
}
