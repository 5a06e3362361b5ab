/* Gives eth0 and the machine the names and addresses that the config disk says. */
#include "guest.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define NETMASK "255.255.0.0"

static void ask(int fd, unsigned long request, void *arg, const char *what)
{
	if (ioctl(fd, request, arg) < 0)
		complain("eth0: %s: %s", what, strerror(errno));
}

static void put_address(struct sockaddr *into, const char *text)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	(void)inet_pton(AF_INET, text, &in.sin_addr);
	memcpy(into, &in, sizeof in);
}

static void set_flag(int fd, struct ifreq *r, bool up)
{
	ask(fd, SIOCGIFFLAGS, r, "flags");
	r->ifr_flags = (short)(up ? r->ifr_flags | IFF_UP : r->ifr_flags & ~IFF_UP);
	ask(fd, SIOCSIFFLAGS, r, up ? "up" : "down");
}

/* The machine that a snapshot was made of had another address. */
static void set_mac(int fd, struct ifreq *r, const char *text)
{
	unsigned b[6];

	if (sscanf(text, "%x:%x:%x:%x:%x:%x", b, b + 1, b + 2, b + 3, b + 4, b + 5) != 6)
		return;
	r->ifr_hwaddr = (struct sockaddr) { .sa_family = ARPHRD_ETHER };
	for (int i = 0; i < 6; i++)
		r->ifr_hwaddr.sa_data[i] = (char)b[i];
	ask(fd, SIOCSIFHWADDR, r, "MAC");
}

static void add_route(int fd, const char *to, const char *mask, const char *gateway)
{
	struct rtentry rt = { .rt_flags = RTF_UP | RTF_GATEWAY };

	put_address(&rt.rt_dst, to);
	put_address(&rt.rt_genmask, mask);
	put_address(&rt.rt_gateway, gateway);
	if (ioctl(fd, SIOCADDRT, &rt) < 0 && errno != EEXIST)
		complain("route to %s: %s", to, strerror(errno));
}

static void set_hostname(const struct config *c)
{
	char text[256];

	if (sethostname(c->name, strlen(c->name)) < 0)
		complain("hostname: %s", strerror(errno));
	(void)snprintf(text, sizeof text, "%s\n", c->name);
	(void)write_text("/etc/hostname", text);
	(void)snprintf(text, sizeof text, "127.0.0.1 localhost\n%s %s\n", c->address, c->name);
	(void)write_text("/etc/hosts", text);
}

void network_apply(const struct config *c)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq lo = { .ifr_name = "lo" }, eth = { .ifr_name = "eth0" };

	set_hostname(c);
	set_flag(fd, &lo, true);
	set_flag(fd, &eth, false);
	set_mac(fd, &eth, c->mac);
	put_address(&eth.ifr_addr, c->address);
	ask(fd, SIOCSIFADDR, &eth, "address");
	put_address(&eth.ifr_netmask, NETMASK);
	ask(fd, SIOCSIFNETMASK, &eth, "netmask");
	set_flag(fd, &eth, true);
	add_route(fd, "0.0.0.0", "0.0.0.0", c->gateway);
	for (size_t i = 0; i < c->nroutes; i++)
		add_route(fd, c->routes[i], "255.255.255.255", c->gateway);
	(void)close(fd);
}
