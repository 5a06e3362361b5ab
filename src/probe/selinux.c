/* probe/selinux.c - reads the mode of SELinux. */
#include "probe/selinux.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "facts/facts.h"
#include "host/host.h"
#include "probe/files.h"
#include "probe/slice.h"

int selinux_parse_config(const char *text, size_t len, char *ret, size_t size)
{
	static const char *const words[] = { "enforcing", "permissive", "disabled" };
	struct slice rest = { text, len }, line, key, value;
	int rc = -EINVAL;

	while (slice_line(&rest, &line)) {
		if (!files_pair(line, &key, &value) || !slice_eq(key, "SELINUX"))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
			if (!slice_eq(value, words[i]))
				continue;
			memset(ret, 0, size);
			rc = text_copy(ret, size, words[i]);
		}
	}
	return rc;
}

static void take_config(void *ctx, struct slice text)
{
	struct facts *f = ctx;

	(void)selinux_parse_config(text.text, text.len, f->selinux, sizeof f->selinux);
}

void selinux_read(const struct host *h, struct facts *ret)
{
	char text[8];

	if (HOST_READ_LINE(h, "sys/fs/selinux/enforce", text) == 0) {
		(void)TEXT_COPY(ret->selinux, text_eq(text, "1") ? "enforcing" : "permissive");
		return;
	}
	if (files_read(h, "etc/selinux/config", take_config, ret) &&
	    host_knows(h, "etc/selinux/config")) {
		memset(ret->selinux, 0, sizeof ret->selinux);
		(void)TEXT_COPY(ret->selinux, "disabled");
	}
}
