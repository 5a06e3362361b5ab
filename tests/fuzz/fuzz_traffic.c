/* tests/fuzz/fuzz_traffic.c - what ib_write_bw and ibv_rc_pingpong print, a port's GIDs, and
 * proc/net/tcp. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "act/traffic/output.h"
#include "probe/listener.h"
#include "probe/port_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A reason is one line of printable ASCII. */
static void judge_reason(const char *reason)
{
	for (; *reason; reason++)
		if (*reason < ' ' || *reason > '~')
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct traffic_output o = { 0 };
	char reason[160], gid[64] = "";
	uint16_t port = 0;

	(void)output_parse_bw(text, size, &o);
	if (output_parse_pingpong(text, size, &o) == 0 && o.messages == 0)
		abort();
	(void)output_has_option(text, size, "--pkey_index");
	output_reason(text, size, reason, sizeof reason);
	judge_reason(reason);
	if (listener_parse(text, size, &port) == 0 && port == 0)
		abort();
	if (size < sizeof gid)
		memcpy(gid, data, size);
	(void)gid_judge(gid, gid);
	return 0;
}
