/* tests/fuzz/fuzz_kernel.c - releases, lists of packages that wait for a reboot, and the line of
 * redhat-release. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "facts/facts.h"
#include "probe/kernel.h"
#include "probe/pending.h"
#include "probe/redhat.h"
#include "probe/release.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_printable(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < ' ' || *text > '~')
			abort();
	}
}

/* Two releases, one in each half: older and newer must change places with them. */
static void check_releases(const char *data, size_t size)
{
	char a[97] = "", b[97] = "", flavour[16];
	size_t half = size / 2 < sizeof a - 1 ? size / 2 : sizeof a - 1;
	int there, back;

	if (half > 0) {
		memcpy(a, data, half);
		memcpy(b, data + size / 2, half);
	}
	there = release_compare(a, b);
	back = release_compare(b, a);
	if ((there > 0) != (back < 0) || (there == 0) != (back == 0) || release_compare(a, a) != 0)
		abort();
	release_flavour(a, flavour, sizeof flavour);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct os_facts os = { .id = "" };
	char pending[96] = "";

	check_releases(text, size);
	if (redhat_parse(text, size, &os) == 0 && (os.id[0] == '\0' || os.version[0] == '\0'))
		abort();
	check_printable(os.pretty);
	pending_parse_packages(text, size, "6.8.0-1040-azure", pending, sizeof pending);
	check_printable(pending);
	(void)kernel_has_dpll_ffo(text, size);
	return 0;
}
