/* tests/unit/base/test_url.c - addresses of files. */
#include "rows.h"

#include <errno.h>

#include "base/url.h"

static const struct {
	const char *name, *text;
	int rc;
	const char *scheme, *host, *port, *path;
} parse_rows[] = {
	{ "as the catalogue has them", "https://content.example.com/ofed/a.tgz", 0, "https",
	  "content.example.com", "", "/ofed/a.tgz" },
	{ "case does not count before the path", "HTTPS://Example.COM/A", 0, "https", "example.com",
	  "", "/A" },
	{ "a port", "http://h:8080/a", 0, "http", "h", "8080", "/a" },
	{ "the scheme's own port is none", "https://h:443/a", 0, "https", "h", "", "/a" },
	{ "no path", "https://h", 0, "https", "h", "", "" },
	{ "a query without a path", "https://h?q", 0, "https", "h", "", "?q" },
	{ "IPv6", "http://[fe80::1]:80/a", 0, "http", "fe80::1", "", "/a" },
	{ "a user", "http://me:secret@h/a", 0, "http", "h", "", "/a" },
	{ "an @ in the path is none", "http://h/a@b", 0, "http", "h", "", "/a@b" },
	{ "a file", "file:///a/b", 0, "file", "", "", "/a/b" },
	{ "a path", "/a/b", 0, "file", "", "", "/a/b" },
	{ "a file of another machine", "file://h/a", -EINVAL, "", "", "", "" },
	{ "no scheme", "h/a", -EINVAL, "", "", "", "" },
	{ "no host", "https:///a", -EINVAL, "", "", "", "" },
	{ "no host but a port", "https://:1/a", -EINVAL, "", "", "", "" },
	{ "a port that is none", "https://h:x/a", -EINVAL, "", "", "", "" },
	{ "a scheme that is part of a path", "h/?e@s://h/a", -EINVAL, "", "", "", "" },
	{ "a host that is none", "https://h;i/a", -EINVAL, "", "", "", "" },
	{ "an open bracket", "https://[::1/a", -EINVAL, "", "", "", "" },
	{ "a line that would be another option", "https://h/a\noutput = /etc/passwd", -EINVAL, "",
	  "", "", "" },
	{ "a quote", "https://h/a\"b", -EINVAL, "", "", "", "" },
	{ "a space", "https://h/a b", -EINVAL, "", "", "", "" },
};

static void parses(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(parse_rows); i++) {
		struct url u = { .path = "" };
		int rc = url_parse(parse_rows[i].text, &u);

		if (rc != parse_rows[i].rc || !text_eq(u.scheme, parse_rows[i].scheme) ||
		    !text_eq(u.host, parse_rows[i].host) || !text_eq(u.port, parse_rows[i].port) ||
		    !text_eq(u.path, parse_rows[i].path))
			fail_msg("url_parse: %s", parse_rows[i].name);
	}
}

static int name_of(const char *text, const char *unused, char *ret, size_t size)
{
	(void)unused;
	return url_file_name(text, ret, size);
}

static int show(const char *text, const char *unused, char *ret, size_t size)
{
	(void)unused;
	url_show(text, ret, size);
	return 0;
}

static int mirror(const char *text, const char *with, char *ret, size_t size)
{
	return url_mirror(with, text, ret, size);
}

typedef int made(const char *text, const char *with, char *ret, size_t size);

static const struct {
	const char *name;
	made *fn;
	const char *text, *with;
	int rc;
	const char *want;
} made_rows[] = {
	{ "a name", name_of, "https://h/a/b.tgz", NULL, 0, "b.tgz" },
	{ "a name before a query", name_of, "https://h/a/b.tgz?sig=x/y", NULL, 0, "b.tgz" },
	{ "no name", name_of, "https://h/a/", NULL, -EINVAL, NULL },
	{ "a name that is a directory's", name_of, "https://h/a/..", NULL, -EINVAL, NULL },
	{ "what is secret is not shown", show, "https://me:secret@h:81/a?sig=x#y", NULL, 0,
	  "https://h:81/a" },
	{ "nor what cannot be read", show, "me:secret@h", NULL, 0,
	  "an address that cannot be read" },
	{ "a mirror", mirror, "https://content.example.com/ofed/a", "https://m/x", 0,
	  "https://m/x/content.example.com/ofed/a" },
	{ "a mirror with a slash", mirror, "https://h:81/a", "https://m/x//", 0,
	  "https://m/x/h:81/a" },
	{ "a mirror on the disk", mirror, "https://h/a", "/srv/m", 0, "/srv/m/h/a" },
	{ "no mirror", mirror, "https://h/a", "", 0, "https://h/a" },
	{ "a file has no mirror", mirror, "/a/b", "https://m/x", 0, "/a/b" },
	{ "a mirror with a query", mirror, "https://h/a", "https://m/x?sig=y", -EINVAL, NULL },
	{ "a redirect to a path", url_resolve, "https://h:81/a/b?q", "/c?d", 0,
	  "https://h:81/c?d" },
	{ "a redirect beside", url_resolve, "https://h/a/b?q", "c", 0, "https://h/a/c" },
	{ "a redirect to a query", url_resolve, "https://h/a/b?q", "?r", 0, "https://h/a/b?r" },
	{ "a redirect without a path before", url_resolve, "https://h", "c", 0, "https://h/c" },
	{ "a redirect to a host", url_resolve, "https://h/a", "//i/c", 0, "https://i/c" },
	{ "a redirect elsewhere", url_resolve, "https://h/a", "http://i/c", 0, "http://i/c" },
	{ "a redirect to this machine", url_resolve, "https://h/a", "file:///etc/shadow", -EINVAL,
	  NULL },
	{ "a redirect to nothing", url_resolve, "https://h/a", "", -EINVAL, NULL },
	{ "a first query", url_add_query, "https://h/a", "?sv=1&sig=x", 0,
	  "https://h/a?sv=1&sig=x" },
	{ "another query", url_add_query, "https://h/a?b", "sv=1", 0, "https://h/a?b&sv=1" },
	{ "no query", url_add_query, "https://h/a", "", 0, "https://h/a" },
	{ "a file of a directory", url_join, "https://h/a", "b.tar", 0, "https://h/a/b.tar" },
	{ "with a slash at its end", url_join, "https://h/a//", "b", 0, "https://h/a/b" },
	{ "with a query", url_join, "https://h/a/?sig=x/", "b", 0, "https://h/a/b?sig=x/" },
	{ "of a host", url_join, "https://h", "b", 0, "https://h/b" },
};

static void makes(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(made_rows); i++) {
		char got[200] = "";
		int rc = made_rows[i].fn(made_rows[i].text, made_rows[i].with, got, sizeof got);

		if (rc != made_rows[i].rc || (rc == 0 && !text_eq(got, made_rows[i].want)))
			fail_msg("%s: %s", made_rows[i].name, got);
	}
}

static const struct {
	const char *name, *text, *prefix;
	bool below;
} below_rows[] = {
	{ "below", "https://h/a/b", "https://h/a", true },
	{ "below a slash", "https://h/a/b", "https://h/a/", true },
	{ "itself, with a query", "https://h/a?b", "https://h/a", true },
	{ "another directory", "https://h/ab", "https://h/a", false },
	{ "another host", "https://h.evil/a/b", "https://h/a", false },
	{ "another port", "https://h:81/a/b", "https://h/a", false },
	{ "without TLS", "http://h/a/b", "https://h/a", false },
	{ "out of it again", "https://h/a/../b", "https://h/a", false },
};

static const struct {
	const char *name, *host, *list;
	bool listed;
} host_rows[] = {
	{ "itself", "h.example.com", "a, h.example.com", true },
	{ "its domain", "h.example.com", "example.com", true },
	{ "its domain with a dot", "h.example.com", "a .example.com", true },
	{ "another domain that ends so", "hexample.com", "example.com", false },
	{ "a longer name", "example.com", "h.example.com", false },
	{ "all", "h", "*", true },
	{ "none", "h", "", false },
	{ "separators alone", "h", ", ,", false },
};

static void compares(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(below_rows); i++)
		if (url_is_below(below_rows[i].text, below_rows[i].prefix) != below_rows[i].below)
			fail_msg("url_is_below: %s", below_rows[i].name);
	for (size_t i = 0; i < ARRAY_SIZE(host_rows); i++)
		if (url_host_listed(host_rows[i].host, host_rows[i].list) != host_rows[i].listed)
			fail_msg("url_host_listed: %s", host_rows[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses),
		cmocka_unit_test(makes),
		cmocka_unit_test(compares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
