/* tests/fuzz/fuzz_policy.c - dnf.conf, versionlock, zypper's locks, apt's preferences, and proxies;
 * the first byte chooses. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "facts/facts.h"
#include "probe/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *list, size_t size)
{
	if (memchr(list, '\0', size) == NULL)
		abort();
	for (; *list != '\0'; list++) {
		if (*list < ' ' || *list > '~')
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parsers[])(const char *, size_t, struct package_policy_facts *) = {
		policy_parse_dnf,
		policy_parse_versionlock,
		policy_parse_zypp_locks,
		policy_parse_preferences,
	};
	struct package_policy_facts p = { .excludes = "" };

	if (size == 0)
		return 0;
	parsers[data[0] % 4]((const char *)data + 1, size - 1, &p);
	check(p.excludes, sizeof p.excludes);
	check(p.locks, sizeof p.locks);
	check(p.pins, sizeof p.pins);
	(void)policy_sets_proxy((const char *)data + 1, size - 1);
	return 0;
}
