/* probe/redhat.c - parses the release line of the Red Hat family. */
#include "probe/redhat.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "facts/facts.h"
#include "probe/slice.h"

static const struct {
	const char *begins, *id, *like;
} families[] = {
	{ "Red Hat Enterprise", "rhel", "fedora" },
	{ "CentOS", "centos", "rhel fedora" },
	{ "Oracle Linux", "ol", "fedora" },
	{ "AlmaLinux", "almalinux", "rhel centos fedora" },
	{ "Rocky Linux", "rocky", "rhel centos fedora" },
};

/* "7.6.1810" -> "7.6" */
static struct slice two_parts(struct slice version)
{
	unsigned dots = 0;

	for (size_t i = 0; i < version.len; i++) {
		char c = version.text[i];

		if ((c < '0' || c > '9') && (c != '.' || ++dots == 2))
			return (struct slice) { version.text, i };
	}
	return version;
}

static struct slice find_version(struct slice line)
{
	struct slice word;

	while (slice_word(&line, &word)) {
		if (slice_eq(word, "release") && slice_word(&line, &word))
			return two_parts(word);
	}
	return (struct slice) { "", 0 };
}

int redhat_parse(const char *text, size_t len, struct os_facts *ret)
{
	struct slice rest = { text, len }, line = { "", 0 }, version;

	(void)slice_line(&rest, &line);
	line = slice_trim(line);
	version = find_version(line);
	for (size_t i = 0; i < ARRAY_SIZE(families) && version.len > 0; i++) {
		if (!slice_starts(line, families[i].begins))
			continue;
		*ret = (struct os_facts) { .id = "" };
		(void)TEXT_COPY(ret->id, families[i].id);
		(void)TEXT_COPY(ret->like, families[i].like);
		SLICE_COPY(version, ret->version);
		SLICE_COPY(line, ret->pretty);
		return 0;
	}
	return -EINVAL;
}
