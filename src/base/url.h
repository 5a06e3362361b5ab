/* base/url.h - addresses of files: taken apart, put together, shown without secrets. Pure.
 *
 * Source: RFC 3986, sections 3 and 5. Only what a download needs: scheme://[user@]host[:port]/path,
 * file:///path and plain absolute paths. Bytes that an address may not hold (white space, control
 * characters, quotes, backslashes, all above ASCII) refuse it: what passes can stand between quotes
 * in a configuration file. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { URL_SIZE = 2048 };

struct url {
	char scheme[16];  /* lower case; "file" for a plain path */
	char host[256];   /* lower case, without brackets; "" for a file */
	char port[8];     /* "" if it is the scheme's own */
	const char *path; /* borrowed, from its slash on, query and all; "" if there is none */
	bool has_user;    /* user information stands in it */
};

/* Returns 0, or -EINVAL. */
int url_parse(const char *text, struct url *ret);

/* "https://host/a/b", without user, query and fragment: what may stand in a log. */
void url_show(const char *text, char *ret, size_t size);

/* The name after the last slash of the path; "" if there is none. Returns 0, -EINVAL where that is
 * no name for a file, or -ENAMETOOLONG. */
int url_file_name(const char *text, char *ret, size_t size);

/* Where `location` points, as it stands in an answer to `base`. Returns 0, -EINVAL or
 * -ENAMETOOLONG. */
int url_resolve(const char *base, const char *location, char *ret, size_t size);

/* The address of the same file on a mirror: MIRROR/host/path, as `wget -x` and apt-mirror lay trees
 * out. A file's address, and any address where `mirror` is empty, stays as it is. */
int url_mirror(const char *mirror, const char *text, char *ret, size_t size);

/* `text` with `query` (with or without its question mark) added to what it has. */
int url_add_query(const char *text, const char *query, char *ret, size_t size);

/* The address of the file `name` in the directory `base`, whose query it keeps. Returns 0 or
 * -ENAMETOOLONG. */
int url_join(const char *base, const char *name, char *ret, size_t size);

/* Does the address lie at `prefix`, or below it? Same scheme, host and port, and whole components
 * of the path. */
bool url_is_below(const char *text, const char *prefix);

/* Does a comma- or space-separated list of names hold this host? "example.com" and ".example.com"
 * mean the domain and all below it, "*" all hosts. */
bool url_host_listed(const char *host, const char *list);
