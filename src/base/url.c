/* base/url.c - addresses of files. */
#include "base/url.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

static bool is_clean(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text >= 0x7f || strchr("\"\\'<>`", *text) != NULL)
			return false;
	return true;
}

/* Copy `len` bytes in lower case. */
static int copy_lower(char *ret, size_t size, const char *from, size_t len)
{
	if (len >= size)
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		ret[i] = (char)(from[i] >= 'A' && from[i] <= 'Z' ? from[i] + ('a' - 'A') : from[i]);
	ret[len] = '\0';
	return 0;
}

static bool is_made_of(const char *text, const char *letters)
{
	return text[0] != '\0' && text[strspn(text, letters)] == '\0';
}

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"

static bool is_port(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits >= 1 && digits <= 5 && text[digits] == '\0';
}

static bool is_default_port(const struct url *u)
{
	return (text_eq(u->scheme, "https") && text_eq(u->port, "443")) ||
	       (text_eq(u->scheme, "http") && text_eq(u->port, "80"));
}

/* "host", "host:port", "[::1]:port" */
static int parse_host(const char *at, size_t len, struct url *u)
{
	char text[sizeof u->host + sizeof u->port + 4];
	char *port, *end;

	if (len == 0 || copy_lower(text, sizeof text, at, len) < 0)
		return -EINVAL;
	end = text[0] == '[' ? strchr(text, ']') : NULL;
	if (text[0] == '[' && (end == NULL || (end[1] != '\0' && end[1] != ':')))
		return -EINVAL;
	port = strchr(end != NULL ? end : text, ':');
	if (port != NULL) {
		*port++ = '\0';
		if (!is_port(port) || TEXT_COPY(u->port, port) < 0)
			return -EINVAL;
	}
	if (is_default_port(u))
		u->port[0] = '\0';
	if (end != NULL)
		*end = '\0';
	if (!is_made_of(text + (end != NULL),
			end != NULL ? DIGITS "abcdef:." : LETTERS DIGITS "-._"))
		return -EINVAL;
	return TEXT_COPY(u->host, text + (end != NULL));
}

static int parse_file(const char *path, struct url *u)
{
	(void)TEXT_COPY(u->scheme, "file");
	u->path = path;
	return *path == '/' ? 0 : -EINVAL;
}

int url_parse(const char *text, struct url *ret)
{
	struct url u = { 0 };
	const char *at, *end, *sep = strstr(text, "://");
	int rc;

	if (!is_clean(text))
		return -EINVAL;
	if (text[0] == '/' || text_starts(text, "file://"))
		rc = parse_file(text[0] == '/' ? text : text + strlen("file://"), &u);
	else if (sep == NULL || sep == text)
		return -EINVAL;
	else {
		end = sep + 3 + strcspn(sep + 3, "/?#");
		at = memrchr(sep + 3, '@', (size_t)(end - sep - 3));
		u.has_user = at != NULL;
		at = at != NULL ? at + 1 : sep + 3;
		u.path = end;
		rc = copy_lower(u.scheme, sizeof u.scheme, text, (size_t)(sep - text));
		if (rc == 0 && !is_made_of(u.scheme, LETTERS DIGITS "+-."))
			rc = -EINVAL;
		if (rc == 0)
			rc = parse_host(at, (size_t)(end - at), &u);
	}
	if (rc == 0)
		*ret = u;
	return rc == 0 ? 0 : -EINVAL;
}

/* "host:port" as it stands in an address. */
static int format_host(const struct url *u, char *ret, size_t size)
{
	bool is_v6 = strchr(u->host, ':') != NULL;

	return text_format(ret, size, "%s%s%s%s%s", is_v6 ? "[" : "", u->host, is_v6 ? "]" : "",
			   u->port[0] != '\0' ? ":" : "", u->port);
}

/* Length of the path without query and fragment. */
static size_t path_len(const char *path)
{
	return strcspn(path, "?#");
}

void url_show(const char *text, char *ret, size_t size)
{
	char host[sizeof((struct url *)0)->host + 16];
	struct url u;

	if (url_parse(text, &u) < 0) {
		(void)text_copy(ret, size, "an address that cannot be read");
		return;
	}
	(void)format_host(&u, host, sizeof host);
	if (text_eq(u.scheme, "file"))
		(void)text_copy(ret, size, u.path);
	else
		(void)text_format(ret, size, "%s://%s%.*s", u.scheme, host, (int)path_len(u.path),
				  u.path);
}

int url_file_name(const char *text, char *ret, size_t size)
{
	struct url u;
	const char *slash;
	size_t len;

	if (url_parse(text, &u) < 0)
		return -EINVAL;
	len = text_eq(u.scheme, "file") ? strlen(u.path) : path_len(u.path);
	slash = memrchr(u.path, '/', len);
	if (slash == NULL)
		return -EINVAL;
	len -= (size_t)(slash + 1 - u.path);
	if (len >= size)
		return -ENAMETOOLONG;
	(void)text_format(ret, size, "%.*s", (int)len, slash + 1);
	return ret[0] == '\0' || ret[0] == '.' ? -EINVAL : 0;
}

/* `base` up to the end of its host. */
static int resolve_at_host(const char *base, const struct url *u, const char *location, char *ret,
			   size_t size)
{
	const char *dir_end = memrchr(u->path, '/', path_len(u->path));
	int host_len = (int)(u->path - base);
	int dir_len = dir_end != NULL ? (int)(dir_end - u->path) : 0;

	if (location[0] == '/')
		return text_format(ret, size, "%.*s%s", host_len, base, location);
	if (location[0] == '?')
		return text_format(ret, size, "%.*s%s", host_len + (int)path_len(u->path), base,
				   location);
	return text_format(ret, size, "%.*s/%s", host_len + dir_len, base, location);
}

int url_resolve(const char *base, const char *location, char *ret, size_t size)
{
	struct url u, to;
	size_t scheme = strcspn(location, ":/?#");
	int rc;

	if (url_parse(base, &u) < 0 || text_eq(u.scheme, "file") || !is_clean(location) ||
	    *location == '\0')
		return -EINVAL;
	if (text_starts(location, "//"))
		rc = text_format(ret, size, "%s:%s", u.scheme, location);
	else if (location[scheme] == ':')
		rc = text_copy(ret, size, location);
	else
		rc = resolve_at_host(base, &u, location, ret, size);
	if (rc < 0)
		return rc;
	return url_parse(ret, &to) < 0 || text_eq(to.scheme, "file") ? -EINVAL : 0;
}

int url_mirror(const char *mirror, const char *text, char *ret, size_t size)
{
	char host[sizeof((struct url *)0)->host + 16];
	size_t len = strlen(mirror);
	struct url u, of;

	if (url_parse(text, &u) < 0)
		return -EINVAL;
	if (len == 0 || text_eq(u.scheme, "file"))
		return text_copy(ret, size, text);
	if (url_parse(mirror, &of) < 0 || of.path[path_len(of.path)] != '\0')
		return -EINVAL;
	while (len > 0 && mirror[len - 1] == '/')
		len--;
	(void)format_host(&u, host, sizeof host);
	return text_format(ret, size, "%.*s/%s%s", (int)len, mirror, host, u.path);
}

int url_add_query(const char *text, const char *query, char *ret, size_t size)
{
	size_t len = strcspn(text, "#");

	query += *query == '?' || *query == '&';
	if (*query == '\0')
		return text_copy(ret, size, text);
	return text_format(ret, size, "%.*s%c%s", (int)len, text,
			   memchr(text, '?', len) != NULL ? '&' : '?', query);
}

int url_join(const char *base, const char *name, char *ret, size_t size)
{
	int len = (int)strcspn(base, "?#"), path = len;

	while (path > 0 && base[path - 1] == '/')
		path--;
	return text_format(ret, size, "%.*s/%s%s", path, base, name, base + len);
}

bool url_is_below(const char *text, const char *prefix)
{
	struct url u, p;
	size_t len;

	if (url_parse(text, &u) < 0 || url_parse(prefix, &p) < 0)
		return false;
	len = path_len(p.path);
	while (len > 0 && p.path[len - 1] == '/')
		len--;
	return text_eq(u.scheme, p.scheme) && text_eq(u.host, p.host) && text_eq(u.port, p.port) &&
	       strncmp(u.path, p.path, len) == 0 && strstr(u.path, "..") == NULL &&
	       (u.path[len] == '\0' || strchr("/?#", u.path[len]) != NULL);
}

static bool name_means(const char *name, size_t len, const char *host)
{
	size_t host_len = strlen(host);

	if (len > 0 && *name == '.') {
		name++;
		len--;
	}
	if (len == 0 || len > host_len || strncasecmp(host + host_len - len, name, len) != 0)
		return false;
	return len == host_len || host[host_len - len - 1] == '.';
}

bool url_host_listed(const char *host, const char *list)
{
	static const char separators[] = ", \t";

	for (list += strspn(list, separators); *list != '\0'; list += strspn(list, separators)) {
		size_t len = strcspn(list, separators);

		if ((len == 1 && *list == '*') || name_means(list, len, host))
			return true;
		list += len;
	}
	return false;
}
