/* probe/netdev.c - finds the network interface of an RDMA port. */
#include "probe/netdev.h"

#include <string.h>

#include "base/text.h"
#include "facts/facts.h"
#include "host/host.h"
#include "probe/slice.h"

enum { PATH_SIZE = 192, GUID_SIZE = 8, IPOIB_ADDRESS_SIZE = 20, FLIPPED_BYTE = 4 };
enum { TYPE_ETHERNET = 1, TYPE_INFINIBAND = 32 }; /* ARPHRD_* of linux/if_arp.h */

/* The bytes of "00:15:5d..." or "0015:5dff:..."; 0 if it is no such text or does not fit. */
static size_t parse_bytes(const char *text, unsigned char *ret, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	size_t nibbles = 0;

	for (; *text != '\0'; text++) {
		const char *at = strchr(digits, *text | 0x20);

		if (*text == ':')
			continue;
		if (at == NULL || *at == '\0' || nibbles == 2 * size)
			return 0;
		ret[nibbles / 2] = (unsigned char)(ret[nibbles / 2] << 4 | (at - digits));
		nibbles++;
	}
	return nibbles % 2 == 0 ? nibbles / 2 : 0;
}

bool netdev_address_has_guid(const char *address, const char *guid)
{
	unsigned char a[IPOIB_ADDRESS_SIZE] = { 0 }, g[GUID_SIZE] = { 0 };

	if (parse_bytes(address, a, sizeof a) != sizeof a ||
	    parse_bytes(guid, g, sizeof g) != sizeof g)
		return false;
	for (size_t i = 0; i < sizeof g; i++) {
		if (i != FLIPPED_BYTE && a[sizeof a - sizeof g + i] != g[i])
			return false;
	}
	return true;
}

struct search {
	const struct host *host;
	const struct port_facts *port;
	const char *dir;
	char *ret;
	size_t size;
};

static bool read_number(const struct search *s, const char *name, const char *attribute,
			uint32_t *ret)
{
	char path[PATH_SIZE], text[32];

	return TEXT_FORMAT(path, "%s/%s/%s", s->dir, name, attribute) == 0 &&
	       HOST_READ_LINE(s->host, path, text) == 0 &&
	       slice_number((struct slice) { text, strlen(text) }, 10, ret) == 0;
}

/* Names come in byte order, so that ib0 is found before its child ib0.8001. */
static int match_port(void *ctx, const char *name)
{
	struct search *s = ctx;
	uint32_t type, port = 0;
	uint32_t wanted = s->port->link_layer == LINK_LAYER_INFINIBAND ? TYPE_INFINIBAND
								       : TYPE_ETHERNET;

	/* dev_port is newer than 3.10: without it, only the first port can be told. */
	(void)read_number(s, name, "dev_port", &port);
	if (port + 1 != s->port->number || (read_number(s, name, "type", &type) && type != wanted))
		return 0;
	return text_copy(s->ret, s->size, name) == 0;
}

static int match_guid(void *ctx, const char *name)
{
	struct search *s = ctx;
	char path[PATH_SIZE], address[96];

	if (TEXT_FORMAT(path, "%s/%s/address", s->dir, name) < 0 ||
	    HOST_READ_LINE(s->host, path, address) < 0 ||
	    !netdev_address_has_guid(address, s->port->guid))
		return 0;
	return text_copy(s->ret, s->size, name) == 0;
}

void netdev_find(const struct host *h, const struct port_facts *port, char *ret, size_t size)
{
	char dir[PATH_SIZE];
	struct search s = { h, port, dir, ret, size };

	ret[0] = '\0';
	if (TEXT_FORMAT(dir, "sys/class/infiniband/%s/device/net", port->device) == 0 &&
	    host_list(h, dir, match_port, &s) == 1)
		return;
	ret[0] = '\0';
	s.dir = "sys/class/net";
	if (host_list(h, s.dir, match_guid, &s) != 1)
		ret[0] = '\0';
}
