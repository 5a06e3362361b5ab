/* probe/ipoib.c - reads state and addresses of IPoIB interfaces. */
#include "probe/ipoib.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "facts/facts.h"
#include "host/host.h"
#include "host/node.h"
#include "probe/slice.h"

enum { GUID_DIGITS = 16, MAC_DIGITS = 12, MIDDLE_FROM = 6, MIDDLE_TO = 10 };

bool ipoib_mac_is_of_guid(const char *mac, const char *guid)
{
	size_t digits = 0, at = 0;

	for (; *guid != '\0'; guid++) {
		if (*guid == ':')
			continue;
		digits++;
		if (digits > MIDDLE_FROM && digits <= MIDDLE_TO)
			continue;
		if (at == MAC_DIGITS ||
		    toupper((unsigned char)mac[at]) != toupper((unsigned char)*guid))
			return false;
		at++;
	}
	return digits == GUID_DIGITS && at == MAC_DIGITS && mac[at] == '\0';
}

static void find_assigned(const struct kvp_facts *k, struct port_facts *p)
{
	for (unsigned i = 0; i < k->nassigned; i++)
		if (ipoib_mac_is_of_guid(k->assigned[i].mac, p->guid))
			(void)TEXT_COPY(p->assigned_ipv4, k->assigned[i].ipv4);
}

static void read_interface(const struct host *h, struct port_facts *p)
{
	char path[96], state[sizeof p->netdev_state], address[sizeof p->ipv4];
	int rc;

	(void)TEXT_FORMAT(path, "sys/class/net/%s/operstate", p->netdev);
	if (HOST_READ_LINE(h, path, state) == 0)
		SLICE_COPY(((struct slice) { state, strlen(state) }), p->netdev_state);
	rc = host_ipv4(h, p->netdev, address, sizeof address);
	p->addressed = rc == 0 ? TRI_YES : rc == -EADDRNOTAVAIL ? TRI_NO : TRI_UNKNOWN;
	if (rc == 0)
		SLICE_COPY(((struct slice) { address, strlen(address) }), p->ipv4);
}

void ipoib_read(const struct host *h, struct facts *ret)
{
	for (unsigned i = 0; i < ret->nports; i++) {
		struct port_facts *p = &ret->ports[i];

		if (p->link_layer != LINK_LAYER_INFINIBAND)
			continue;
		find_assigned(&ret->kvp, p);
		if (p->netdev[0] != '\0')
			read_interface(h, p);
	}
}
