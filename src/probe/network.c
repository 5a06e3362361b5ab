/* probe/network.c - reads routes, and who configures the interfaces. */
#include "probe/network.h"

#include <string.h>

#include "base/text.h"
#include "facts/facts.h"
#include "host/host.h"
#include "probe/files.h"
#include "probe/route.h"
#include "probe/slice.h"

#define WANTS "etc/systemd/system/"

enum { TYPE_INFINIBAND = 32 }; /* ARPHRD_INFINIBAND of linux/if_arp.h */

/* Where the kernel does not say, by the name that IPoIB interfaces have. */
static bool is_ipoib(const struct host *h, const char *netdev)
{
	char path[64], text[16];
	uint32_t type;

	(void)TEXT_FORMAT(path, "sys/class/net/%s/type", netdev);
	if (HOST_READ_LINE(h, path, text) < 0 ||
	    slice_number((struct slice) { text, strlen(text) }, 10, &type) < 0)
		return text_starts(netdev, "ib");
	return type == TYPE_INFINIBAND;
}

struct reading {
	const struct host *host;
	struct network_facts *into;
	uint32_t metric; /* of the default route in *into */
};

static void take_route(struct reading *r, const struct route *route)
{
	struct network_facts *n = r->into;

	if (strchr(route->netdev, '/') != NULL)
		return;
	if (route_overlaps_rdma(route) && !is_ipoib(r->host, route->netdev))
		n->overlaps_rdma = TRI_YES;
	if (route->destination != 0 || route->mask != 0 ||
	    (n->default_netdev[0] != '\0' && route->metric >= r->metric))
		return;
	memset(n->default_netdev, 0, sizeof n->default_netdev);
	(void)TEXT_COPY(n->default_netdev, route->netdev);
	r->metric = route->metric;
}

static void take_routes(void *ctx, struct slice text)
{
	struct reading *r = ctx;
	struct route route;
	struct slice line;

	r->into->overlaps_rdma = TRI_NO;
	while (slice_line(&text, &line)) {
		if (route_parse(line.text, line.len, &route) == 0)
			take_route(r, &route);
	}
}

static int take_netplan(void *ctx, const char *name)
{
	(void)ctx;
	return text_ends(name, ".yaml");
}

static bool has_any(const struct host *h, const char *const *paths)
{
	for (; *paths != NULL; paths++) {
		if (files_has(h, *paths))
			return true;
	}
	return false;
}

static void read_services(const struct host *h, struct network_facts *n)
{
	static const char *const manager[] = {
		WANTS "multi-user.target.wants/NetworkManager.service",
		WANTS "dbus-org.freedesktop.NetworkManager.service",
		NULL,
	};
	static const char *const networkd[] = {
		WANTS "multi-user.target.wants/systemd-networkd.service",
		WANTS "sockets.target.wants/systemd-networkd.socket",
		WANTS "dbus-org.freedesktop.network1.service",
		NULL,
	};

	n->network_manager = has_any(h, manager);
	n->networkd = has_any(h, networkd);
	n->netplan = host_list(h, "etc/netplan", take_netplan, NULL) == 1;
}

static enum tristate read_ifconfig(const struct host *h, const struct facts *f)
{
	static const char *const paths[] = { "usr/sbin/ifconfig", "sbin/ifconfig",
					     "usr/bin/ifconfig", "bin/ifconfig", NULL };

	return has_any(h, paths) ? TRI_YES : files_installed(h, f, paths[0], "net-tools");
}

void network_read(const struct host *h, struct facts *ret)
{
	struct network_facts *n = &ret->network;
	struct reading r = { .host = h, .into = n };
	char path[96];

	(void)files_read(h, "proc/net/route", take_routes, &r);
	(void)TEXT_FORMAT(path, "sys/class/net/%s/device/driver", n->default_netdev);
	if (n->default_netdev[0] != '\0' &&
	    host_read_link_name(h, path, n->default_driver, sizeof n->default_driver) < 0)
		n->default_driver[0] = '\0';
	read_services(h, n);
	n->has_ifconfig = read_ifconfig(h, ret);
}
