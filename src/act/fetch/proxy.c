/* act/fetch/proxy.c - which proxy, if any, stands before a host. */
#include "act/fetch/proxy.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "base/url.h"

static bool has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

static bool is_own(const char *host)
{
	return text_eq(host, "localhost") || text_eq(host, "::1") || text_starts(host, "127.") ||
	       text_starts(host, "169.254.");
}

/* "user:password" in the address itself, from before there were protected settings. */
static void take_user(const char *text, struct proxy *p)
{
	size_t colon = strcspn(text, ":@");
	size_t at = strcspn(text, "@");

	(void)TEXT_FORMAT(p->user, "%.*s", (int)colon, text);
	if (colon < at)
		(void)TEXT_FORMAT(p->password, "%.*s", (int)(at - colon - 1), text + colon + 1);
}

static int parse(const struct settings *s, struct proxy *ret, struct error *err)
{
	bool bare = strstr(s->proxy, "://") == NULL;
	char text[sizeof s->proxy + 8];
	struct url u;

	(void)TEXT_FORMAT(text, "%s%s", bare ? "http://" : "", s->proxy);
	if (url_parse(text, &u) < 0 || (!text_eq(u.scheme, "http") && !text_eq(u.scheme, "https")))
		return error_set(err, FAULT_SETTINGS, 0,
				 "proxy is no address of the form http://host:port");
	if (has_control(s->proxy_user) || has_control(s->proxy_password))
		return error_set(err, FAULT_SETTINGS, 0,
				 "proxyUser or proxyPassword holds a control character");
	if (u.has_user)
		take_user(strstr(text, "://") + 3, ret);
	if (s->proxy_user[0] != '\0') {
		(void)TEXT_COPY(ret->user, s->proxy_user);
		(void)TEXT_COPY(ret->password, s->proxy_password);
	}
	(void)TEXT_FORMAT(ret->url, strchr(u.host, ':') ? "%s://[%s]:%s" : "%s://%s:%s", u.scheme,
			  u.host,
			  u.port[0] != '\0'            ? u.port
			  : text_eq(u.scheme, "https") ? "443"
						       : "80");
	return 0;
}

int proxy_for(const struct settings *s, const char *url, struct proxy *ret, struct error *err)
{
	struct proxy p = { 0 };
	struct url u;

	*ret = p;
	if (s->proxy[0] == '\0' || url_parse(url, &u) < 0 || u.host[0] == '\0' || is_own(u.host) ||
	    url_host_listed(u.host, s->no_proxy))
		return 0;
	if (parse(s, &p, err) < 0)
		return -1;
	*ret = p;
	return 0;
}

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       strchr("-._~", c) != NULL;
}

static void encode(const char *text, struct buf *ret)
{
	for (; *text != '\0'; text++)
		(void)buf_add_format(ret, is_unreserved(*text) ? "%c" : "%%%02X",
				     (unsigned char)*text);
}

int proxy_with_user(const struct proxy *p, char *ret, size_t size)
{
	AUTO_BUF struct buf user = { 0 };
	const char *host = strstr(p->url, "://");

	if (p->user[0] == '\0' || host == NULL)
		return text_copy(ret, size, p->url);
	encode(p->user, &user);
	(void)buf_add_text(&user, ":");
	encode(p->password, &user);
	host += 3;
	return text_format(ret, size, "%.*s%s@%s", (int)(host - p->url), p->url, buf_text(&user),
			   host);
}
