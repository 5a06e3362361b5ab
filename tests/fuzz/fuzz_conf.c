/* tests/fuzz/fuzz_conf.c - waagent.conf, openib.conf, openibd's unit and SELinux's config; names of
 * the agent's directories and of systemd's library. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "facts/facts.h"
#include "probe/agent.h"
#include "probe/naming.h"
#include "probe/openib.h"
#include "probe/openibd.h"
#include "probe/selinux.h"
#include "probe/systemd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	char mode[12] = "", name[64] = "", version[24] = "";
	struct openibd_order order = { 0 };

	if (agent_parse_conf(text, size) == TRI_UNKNOWN)
		abort();
	(void)openib_parse_ipoib(text, size);
	(void)naming_parse_rules(text, size);
	openibd_parse_order(text, size, &order);
	if (selinux_parse_config(text, size, mode, sizeof mode) == 0 && mode[0] == '\0')
		abort();
	if (size > 0)
		memcpy(name, data, size < sizeof name - 1 ? size : sizeof name - 1);
	(void)agent_parse_dir(name, version, sizeof version);
	if (systemd_parse_library(name) > 9999)
		abort();
	return 0;
}
