/* probe/agent.c - finds the agent's version and its RDMA settings. */
#include "probe/agent.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "host/host.h"
#include "probe/files.h"
#include "probe/release.h"
#include "probe/slice.h"

enum tristate agent_parse_conf(const char *text, size_t len)
{
	static const char *const keys[] = { "OS.EnableRDMA", "OS.UpdateRdmaDriver",
					    "OS.CheckRdmaDriver" };
	struct slice rest = { text, len }, line, key, value, word;
	enum tristate ret = TRI_NO;

	while (slice_line(&rest, &line)) {
		if (!files_pair(line, &key, &value) || !slice_word(&value, &word))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
			/* The agent knows y and n alone. */
			if (slice_eq(key, keys[i]) && (slice_eq(word, "y") || slice_eq(word, "Y")))
				ret = TRI_YES;
		}
	}
	return ret;
}

/* "2.2.46-0ubuntu5.1" -> "2.2.46" */
static struct slice upstream(const char *version)
{
	return (struct slice) { version, strspn(version, "0123456789.") };
}

int agent_parse_dir(const char *name, char *ret, size_t size)
{
	static const char prefix[] = "WALinuxAgent-";
	struct slice version;

	if (!text_starts(name, prefix))
		return -EINVAL;
	version = upstream(name + strlen(prefix));
	if (version.len == 0 || version.text[version.len] != '\0' || version.len >= size)
		return -EINVAL;
	slice_copy(version, ret, size);
	return 0;
}

static int take_dir(void *ctx, const char *name)
{
	struct agent_facts *a = ctx;
	char version[sizeof a->version];

	if (agent_parse_dir(name, version, sizeof version) == 0 &&
	    release_compare(version, a->version) > 0) {
		memset(a->version, 0, sizeof a->version);
		(void)TEXT_COPY(a->version, version);
	}
	return 0;
}

static void take_conf(void *ctx, struct slice text)
{
	struct agent_facts *a = ctx;

	a->enable_rdma = agent_parse_conf(text.text, text.len);
}

void agent_read(const struct host *h, struct facts *ret)
{
	static const char *const names[] = { "waagent", "walinuxagent", "WALinuxAgent",
					     "python-azure-agent" };
	struct agent_facts *a = &ret->agent;

	for (size_t i = 0; i < ARRAY_SIZE(names) && a->version[0] == '\0'; i++) {
		const struct package_facts *package = facts_package(ret, names[i]);

		if (package != NULL)
			SLICE_COPY(upstream(package->version), a->version);
	}
	(void)!host_list(h, "var/lib/waagent", take_dir, a);
	(void)files_read(h, "etc/waagent.conf", take_conf, a);
}
