/* probe/systemd.c - reads systemd's version off the name of its library. */
#include "probe/systemd.h"

#include <string.h>

#include "base/text.h"
#include "facts/facts.h"
#include "host/host.h"

unsigned systemd_parse_library(const char *name)
{
	static const char prefix[] = "libsystemd-shared-";
	const char *digits = name + sizeof prefix - 1;
	unsigned version = 0;
	size_t len;

	if (!text_starts(name, prefix) || strstr(digits, ".so") == NULL)
		return 0;
	len = strspn(digits, "0123456789");
	if (len == 0 || len > 4)
		return 0;
	for (size_t i = 0; i < len; i++)
		version = version * 10 + (unsigned)(digits[i] - '0');
	return version;
}

/* Ends at the first. */
static int take_library(void *ctx, const char *name)
{
	unsigned *version = ctx;

	*version = systemd_parse_library(name);
	return *version != 0;
}

void systemd_read(const struct host *h, struct facts *ret)
{
	static const char *const dirs[] = { "usr/lib/systemd", "lib/systemd",
					    "usr/lib/x86_64-linux-gnu/systemd",
					    "usr/lib/aarch64-linux-gnu/systemd",
					    "lib/x86_64-linux-gnu/systemd" };

	ret->systemd = host_exists(h, "run/systemd/system");
	ret->systemd_version = 0;
	for (size_t i = 0; i < ARRAY_SIZE(dirs) && ret->systemd_version == 0; i++)
		(void)!host_list(h, dirs[i], take_library, &ret->systemd_version);
}
