/* act/fetch/proxy.h - the proxy of the settings, for who downloads: curl, wget, package managers.
 * Pure.
 *
 * settings.proxy is "http://host:port", "https://host:port" or "host:port". noProxy names hosts
 * (base/url.h, url_host_listed). proxyUser and proxyPassword are protected: they go into files of
 * mode 0600 or through a pipe, never into argv or an environment. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "facts/settings.h"

struct proxy {
	char url[600];  /* "http://host:port", without a user; "" for a direct way */
	char user[128]; /* "" if the proxy asks for none */
	char password[256];
};

/* The one for `url`: an empty one where there is none, where noProxy lists the host, and for hosts
 * of the machine itself (loopback, link-local). FAULT_SETTINGS if settings.proxy cannot be read, or
 * the user or the password holds a control character. */
int proxy_for(const struct settings *s, const char *url, struct proxy *ret, struct error *err);

/* "http://user:password@host:port", percent-encoded, for files in which nothing else is understood
 * (apt.conf, dnf.conf): such a file is 0600. Returns 0 or -ENAMETOOLONG. */
int proxy_with_user(const struct proxy *p, char *ret, size_t size);
