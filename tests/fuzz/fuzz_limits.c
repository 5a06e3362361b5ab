/* tests/fuzz/fuzz_limits.c - limits.conf, systemd's system.conf, counters, and MACs of IPoIB_Data.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probe/counter.h"
#include "probe/ipoib.h"
#include "probe/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *text, size_t size)
{
	if (memchr(text, '\0', size) == NULL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct limit_facts l = { .session_soft = "" };
	char guid[64] = "";
	uint64_t number = 0;

	limits_parse_session(text, size, &l);
	limits_parse_services(text, size, &l);
	check(l.session_soft, sizeof l.session_soft);
	check(l.session_hard, sizeof l.session_hard);
	check(l.service_soft, sizeof l.service_soft);
	(void)counter_parse(text, size, &number);
	if (size > 0 && size < sizeof guid)
		memcpy(guid, data, size);
	(void)ipoib_mac_is_of_guid("00155D33FF17", guid);
	(void)ipoib_mac_is_of_guid(guid, guid);
	return 0;
}
