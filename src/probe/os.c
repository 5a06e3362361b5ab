/* probe/os.c - parses os-release. */
#include "probe/os.h"

#include <string.h>

#include "base/text.h"
#include "facts/facts.h"
#include "host/host.h"
#include "probe/redhat.h"
#include "probe/slice.h"

enum { OS_RELEASE_MAX = 64 << 10, VALUE_MAX = 256 };

static const struct {
	const char *name;
	size_t offset, size;
} os_fields[] = {
	{ "ID", offsetof(struct os_facts, id), sizeof(((struct os_facts *)0)->id) },
	{ "VERSION_ID", offsetof(struct os_facts, version),
	  sizeof(((struct os_facts *)0)->version) },
	{ "ID_LIKE", offsetof(struct os_facts, like), sizeof(((struct os_facts *)0)->like) },
	{ "PRETTY_NAME", offsetof(struct os_facts, pretty),
	  sizeof(((struct os_facts *)0)->pretty) },
};

/* Remove the quotes as a shell does: nothing is special between single ones, a backslash is before
 * $ " \ ` between double ones, and before anything outside. An unquoted space, or a comment after
 * one, ends the value. */
static size_t unquote(struct slice value, char ret[static VALUE_MAX])
{
	char quote = '\0';
	size_t n = 0;

	for (size_t i = 0; i < value.len && n < VALUE_MAX; i++) {
		char c = value.text[i];
		bool more = i + 1 < value.len;

		if (quote == '\0' && (c == ' ' || c == '\t'))
			break;
		if ((quote == '\0' && (c == '"' || c == '\'')) || (quote != '\0' && c == quote)) {
			quote = quote == '\0' ? c : '\0';
			continue;
		}
		if (c == '\\' && quote != '\'' && more &&
		    (quote == '\0' || strchr("$\"\\`", value.text[i + 1]) != NULL))
			c = value.text[++i];
		ret[n++] = c;
	}
	return n;
}

static void assign(struct slice name, struct slice value, struct os_facts *ret)
{
	char plain[VALUE_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(os_fields); i++) {
		if (!slice_eq(name, os_fields[i].name))
			continue;
		slice_copy((struct slice) { plain, unquote(slice_trim(value), plain) },
			   (char *)ret + os_fields[i].offset, os_fields[i].size);
	}
}

void os_parse(const char *text, size_t len, struct os_facts *ret)
{
	struct slice rest = { text, len }, line, name;

	while (slice_line(&rest, &line)) {
		line = slice_trim(line);
		if (slice_cut(&line, '=', &name))
			assign(name, line, ret);
	}
	if (ret->id[0] == '\0')
		(void)TEXT_COPY(ret->id, "linux");
}

/* In this order: Oracle and CentOS have a redhat-release as well, which says less or another name.
 */
static bool read_release_file(const struct host *h, struct os_facts *ret)
{
	static const char *const paths[] = { "etc/oracle-release", "etc/centos-release",
					     "etc/redhat-release" };
	char line[128];

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (HOST_READ_LINE(h, paths[i], line) == 0 &&
		    redhat_parse(line, strlen(line), ret) == 0)
			return true;
	}
	return false;
}

/* CentOS names its point release only in the file of its own. */
static void refine_version(const struct host *h, struct os_facts *ret)
{
	struct os_facts other = { .id = "" };
	size_t len = strlen(ret->version);

	if (strchr(ret->version, '.') == NULL && len > 0 && read_release_file(h, &other) &&
	    text_starts(other.version, ret->version) && other.version[len] == '.')
		(void)TEXT_COPY(ret->version, other.version);
}

void os_read(const struct host *h, struct facts *ret)
{
	AUTO_BUF struct buf b = { .max = OS_RELEASE_MAX };

	if (host_read(h, "etc/os-release", OS_RELEASE_MAX, &b) < 0 &&
	    host_read(h, "usr/lib/os-release", OS_RELEASE_MAX, &b) < 0) {
		(void)read_release_file(h, &ret->os);
		return;
	}
	os_parse(buf_text(&b), b.len, &ret->os);
	refine_version(h, &ret->os);
}
