/* The lab's network, made over rtnetlink(7): a few microseconds where ip(8) would take ten
 * milliseconds a call. */
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/text.h"
#include "vm.h"

#define BRIDGE "br0"

/* One rtnetlink request under construction. */
struct request {
	struct nlmsghdr head;
	char body[1024];
};

static void request_start(struct request *r, int type, int flags, const void *head, size_t len)
{
	memset(r, 0, sizeof *r);
	r->head.nlmsg_type = (uint16_t)type;
	r->head.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	r->head.nlmsg_len = (uint32_t)NLMSG_LENGTH(len);
	memcpy(NLMSG_DATA(&r->head), head, len);
}

static struct rtattr *request_add(struct request *r, int type, const void *data, size_t len)
{
	struct rtattr *a = (void *)((char *)r + NLMSG_ALIGN(r->head.nlmsg_len));

	a->rta_type = (uint16_t)type;
	a->rta_len = (uint16_t)RTA_LENGTH(len);
	if (len != 0)
		memcpy(RTA_DATA(a), data, len);
	r->head.nlmsg_len = NLMSG_ALIGN(r->head.nlmsg_len) + RTA_ALIGN(a->rta_len);
	return a;
}

static void request_close(struct request *r, struct rtattr *nest)
{
	nest->rta_len = (uint16_t)((char *)r + r->head.nlmsg_len - (char *)nest);
}

static void request_add_text(struct request *r, int type, const char *text)
{
	request_add(r, type, text, strlen(text) + 1);
}

/* Send in the calling thread's namespace and read the acknowledgement. Returns 0 or -errno. */
static int request_send(const struct request *r)
{
	AUTO_FD int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct {
		struct nlmsghdr head;
		struct nlmsgerr body;
		char rest[1024];
	} answer;

	if (fd < 0)
		return -errno;
	if (send(fd, r, r->head.nlmsg_len, 0) < 0 || recv(fd, &answer, sizeof answer, 0) < 0)
		return -errno;
	return answer.head.nlmsg_type == NLMSG_ERROR ? answer.body.error : -EPROTO;
}

static void parse_mac(const char *text, unsigned char ret[static 6])
{
	for (int i = 0; i < 6; i++)
		ret[i] = (unsigned char)strtoul(text + 3 * i, NULL, 16);
}

/* Set a link's address (NULL: leave) and master (0: none), and bring it up. */
static int link_up(const char *name, const char *mac, unsigned master)
{
	struct ifinfomsg info = { .ifi_index = (int)if_nametoindex(name),
				  .ifi_flags = IFF_UP,
				  .ifi_change = IFF_UP };
	unsigned char bytes[6];
	struct request r;

	request_start(&r, RTM_NEWLINK, 0, &info, sizeof info);
	if (mac != NULL) {
		parse_mac(mac, bytes);
		request_add(&r, IFLA_ADDRESS, bytes, sizeof bytes);
	}
	if (master != 0)
		request_add(&r, IFLA_MASTER, &master, sizeof master);
	return request_send(&r);
}

static int bridge_add(const char *name)
{
	struct ifinfomsg info = { 0 };
	struct rtattr *nest;
	struct request r;

	request_start(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof info);
	request_add_text(&r, IFLA_IFNAME, name);
	nest = request_add(&r, IFLA_LINKINFO, NULL, 0);
	request_add_text(&r, IFLA_INFO_KIND, "bridge");
	request_close(&r, nest);
	return request_send(&r);
}

/* A veth pair: eth0 here, `peer` in the namespace `netns`. */
static int veth_add(const char *peer, int netns)
{
	struct ifinfomsg info = { 0 };
	struct rtattr *link, *data, *end;
	struct request r;

	request_start(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof info);
	request_add_text(&r, IFLA_IFNAME, "eth0");
	link = request_add(&r, IFLA_LINKINFO, NULL, 0);
	request_add_text(&r, IFLA_INFO_KIND, "veth");
	data = request_add(&r, IFLA_INFO_DATA, NULL, 0);
	end = request_add(&r, VETH_INFO_PEER, &info, sizeof info);
	request_add_text(&r, IFLA_IFNAME, peer);
	request_add(&r, IFLA_NET_NS_FD, &netns, sizeof netns);
	request_close(&r, end);
	request_close(&r, data);
	request_close(&r, link);
	return request_send(&r);
}

static int address_add(const char *link, const char *address, unsigned char prefix)
{
	struct ifaddrmsg info = { .ifa_family = AF_INET,
				  .ifa_prefixlen = prefix,
				  .ifa_index = if_nametoindex(link) };
	struct in_addr in;
	struct request r;

	if (inet_pton(AF_INET, address, &in) != 1)
		return -EINVAL;
	request_start(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof info);
	request_add(&r, IFA_LOCAL, &in, sizeof in);
	request_add(&r, IFA_ADDRESS, &in, sizeof in);
	return request_send(&r);
}

/* A route by the gateway; to everything where `to` is NULL. */
static int route_add(const char *to)
{
	struct rtmsg info = { .rtm_family = AF_INET,
			      .rtm_table = RT_TABLE_MAIN,
			      .rtm_protocol = RTPROT_BOOT,
			      .rtm_scope = RT_SCOPE_UNIVERSE,
			      .rtm_type = RTN_UNICAST,
			      .rtm_dst_len = to == NULL ? 0 : 32 };
	struct in_addr in;
	struct request r;

	request_start(&r, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof info);
	if (to != NULL && inet_pton(AF_INET, to, &in) == 1)
		request_add(&r, RTA_DST, &in, sizeof in);
	if (inet_pton(AF_INET, VM_GATEWAY, &in) == 1)
		request_add(&r, RTA_GATEWAY, &in, sizeof in);
	return request_send(&r);
}

int net_within(int netns, int (*fn)(void *ctx, struct error *err), void *ctx, struct error *err)
{
	AUTO_FD int back = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int rc;

	if (back < 0 || setns(netns, CLONE_NEWNET) < 0)
		return error_set(err, FAULT_INTERNAL, errno,
				 "cannot enter the lab's network namespace: %s", strerror(errno));
	rc = fn(ctx, err);
	if (setns(back, CLONE_NEWNET) < 0)
		abort(); /* going on in the wrong network could touch the host's */
	return rc;
}

/* Enter a new namespace, let `fn` furnish it, leave. Returns its descriptor. */
static int open_new(int (*fn)(void *ctx, struct error *err), void *ctx, struct error *err)
{
	AUTO_FD int back = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int fd, rc;

	if (back < 0 || unshare(CLONE_NEWNET) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot make a network namespace: %s",
				 strerror(errno));
	fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	rc = fd < 0 ? error_set(err, FAULT_INTERNAL, errno, "no descriptor of a namespace")
		    : fn(ctx, err);
	if (setns(back, CLONE_NEWNET) < 0)
		abort();
	if (rc < 0 && fd >= 0)
		(void)close(fd);
	return rc < 0 ? -1 : fd;
}

static int furnish_lab(void *ctx, struct error *err)
{
	int rc = link_up("lo", NULL, 0);

	(void)ctx;
	if (rc == 0)
		rc = bridge_add(BRIDGE);
	if (rc == 0)
		rc = link_up(BRIDGE, VM_BRIDGE_MAC, 0);
	if (rc == 0)
		rc = address_add(BRIDGE, VM_GATEWAY, VM_PREFIX);
	if (rc == 0)
		rc = address_add(BRIDGE, VM_WIRESERVER, 32);
	if (rc == 0)
		rc = address_add(BRIDGE, VM_METADATA, 32);
	if (rc < 0)
		return error_set(err, FAULT_INTERNAL, -rc, "cannot make the lab's bridge: %s",
				 strerror(-rc));
	return 0;
}

int net_open_lab(struct error *err)
{
	return open_new(furnish_lab, NULL, err);
}

struct cell_net {
	const struct vm *vm;
	int lab;
	char peer[IFNAMSIZ];
};

static int furnish_cell(void *ctx, struct error *err)
{
	const struct cell_net *c = ctx;
	int rc = link_up("lo", NULL, 0);

	if (rc == 0)
		rc = veth_add(c->peer, c->lab);
	if (rc == 0)
		rc = link_up("eth0", c->vm->mac, 0);
	if (rc == 0)
		rc = address_add("eth0", c->vm->address, VM_PREFIX);
	if (rc == 0)
		rc = route_add(NULL);
	if (rc == 0)
		rc = route_add(VM_WIRESERVER);
	if (rc == 0)
		rc = route_add(VM_METADATA);
	if (rc < 0)
		return error_set(err, FAULT_INTERNAL, -rc, "cannot make the network of %s: %s",
				 c->vm->spec.name, strerror(-rc));
	return 0;
}

static int join_bridge(void *ctx, struct error *err)
{
	const struct cell_net *c = ctx;
	int rc = link_up(c->peer, NULL, if_nametoindex(BRIDGE));

	if (rc < 0)
		return error_set(err, FAULT_INTERNAL, -rc, "cannot put %s on the bridge: %s",
				 c->peer, strerror(-rc));
	return 0;
}

int net_furnish_cell(int netns, int lab, const struct vm *vm, struct error *err)
{
	struct cell_net c = { .vm = vm, .lab = lab };

	(void)TEXT_FORMAT(c.peer, "v-%u.%u", vm->index, vm->boots % 1000);
	if (net_within(netns, furnish_cell, &c, err) < 0)
		return -1;
	return net_within(lab, join_bridge, &c, err);
}

struct tap {
	const char *name;
	int fd;
};

static int tap_open(void *ctx, struct error *err)
{
	struct tap *t = ctx;
	struct ifreq req = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int rc;

	t->fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (t->fd < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot open /dev/net/tun: %s",
				 strerror(errno));
	(void)TEXT_COPY(req.ifr_name, t->name);
	rc = ioctl(t->fd, TUNSETIFF, &req) < 0 ? -errno : 0;
	if (rc == 0)
		rc = link_up(t->name, NULL, if_nametoindex(BRIDGE));
	if (rc < 0) {
		(void)close(t->fd);
		return error_set(err, FAULT_INTERNAL, -rc, "cannot make the tap %s: %s", t->name,
				 strerror(-rc));
	}
	return 0;
}

int net_tap(int netns, const char *name, struct error *err)
{
	struct tap t = { .name = name, .fd = -1 };

	return net_within(netns, tap_open, &t, err) < 0 ? -1 : t.fd;
}
