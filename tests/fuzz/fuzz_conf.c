/* tests/fuzz/fuzz_conf.c - waagent.conf, openib.conf and SELinux's config; names of the agent's
 * directories. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "facts/facts.h"
#include "probe/agent.h"
#include "probe/naming.h"
#include "probe/openib.h"
#include "probe/selinux.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	char mode[12] = "", name[64] = "", version[24] = "";

	if (agent_parse_conf(text, size) == TRI_UNKNOWN)
		abort();
	(void)openib_parse_ipoib(text, size);
	(void)naming_parse_rules(text, size);
	if (selinux_parse_config(text, size, mode, sizeof mode) == 0 && mode[0] == '\0')
		abort();
	if (size > 0)
		memcpy(name, data, size < sizeof name - 1 ? size : sizeof name - 1);
	(void)agent_parse_dir(name, version, sizeof version);
	return 0;
}
