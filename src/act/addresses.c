/* Runs ip(8), once for each interface. */
#include "act/addresses.h"

#include "base/log.h"
#include "base/text.h"
#include "facts/facts.h"
#include "host/host.h"
#include "host/run.h"
#include "probe/probe.h"

enum { IP_S = 20 };

#define MASK "/16" /* of 172.16.0.0, which Azure keeps for IPoIB; the agent's own, too */

int addresses_look(const struct host *h, struct facts *f, struct error *err)
{
	return probe_facts(h, NULL, f, err);
}

static bool is_missing(const struct port_facts *p)
{
	return p->link_layer == LINK_LAYER_INFINIBAND && p->netdev[0] != '\0' &&
	       p->assigned_ipv4[0] != '\0' && p->addressed == TRI_NO;
}

json_t *addresses_missing(const struct facts *f)
{
	AUTO_JSON json_t *list = json_array();

	for (unsigned i = 0; i < f->nports; i++) {
		const struct port_facts *p = &f->ports[i];

		if (is_missing(p) &&
		    json_array_append_new(list, json_pack("{s:s, s:s}", "netdev", p->netdev,
							  "address", p->assigned_ipv4)) < 0)
			return NULL;
	}
	return TAKE(list);
}

static int ip(const struct host *h, const char *const *argv, const char *netdev)
{
	struct run_spec spec = { .argv = argv, .deadline_s = IP_S };
	struct error why = { 0 };
	char doing[120];

	TEXT_FORMAT(doing, "ip %s %s of %s", argv[1], argv[2], netdev);
	if (run_or_fail(h, &spec, FAULT_PROGRAM_FAILED, doing, &why) == 0)
		return 0;
	LOG(h->log, WARNING, "ipoib.failed", "%s", why.what);
	return -1;
}

static int give(const struct host *h, const char *netdev, const char *address)
{
	const char *const up[] = { "ip", "link", "set", netdev, "up", NULL };
	const char *const add[] = { "ip", "address", "replace", address, "dev", netdev, NULL };

	if (ip(h, up, netdev) < 0 || ip(h, add, netdev) < 0)
		return -1;
	LOG(h->log, INFO, "ipoib.address", "%s has the address %s", netdev, address);
	return 0;
}

unsigned addresses_give(const struct host *h, const json_t *missing)
{
	const json_t *one;
	unsigned failed = 0;
	size_t i;

	json_array_foreach(missing, i, one)
	{
		char address[40];

		TEXT_FORMAT(address, "%s" MASK, json_text_at(one, "address", ""));
		failed += give(h, json_text_at(one, "netdev", ""), address) < 0;
	}
	return failed;
}

void addresses_take(const struct host *h, const json_t *given)
{
	const json_t *one;
	size_t i;

	json_array_foreach(given, i, one)
	{
		const char *netdev = json_text_at(one, "netdev", "");
		char address[40], path[80];
		const char *const argv[] = {
			"ip", "address", "delete", address, "dev", netdev, NULL
		};

		TEXT_FORMAT(address, "%s" MASK, json_text_at(one, "address", ""));
		TEXT_FORMAT(path, "sys/class/net/%s", netdev);
		if (host_exists(h, path))
			(void)ip(h, argv, netdev);
	}
}
