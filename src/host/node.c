/* host/node.c - asks the kernel, or world.json, for device nodes and addresses. */
#include "host/node.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "host/host.h"
#include "host/recorder.h"

enum { PERMISSIONS = 07777, OCTAL = 8 };

static int node_of_world(const json_t *world, const char *path, struct node *ret)
{
	const json_t *nodes = json_object_get(world, "nodes"), *node = json_object_get(nodes, path);
	long mode;

	if (!nodes)
		return -ENODATA;
	if (!node)
		return -ENOENT;
	if (text_to_long(json_text_at(node, "mode", ""), OCTAL, &mode) < 0 || mode < 0 ||
	    mode > PERMISSIONS)
		return -ENODATA;
	*ret = (struct node) { .mode = (unsigned)mode,
			       .group = (unsigned)json_int_at(node, "group", 0) };
	return 0;
}

/* Not followed: a link in /dev is none of the kernel's nodes. */
static int node_live(const struct host *h, const char *path, struct node *ret)
{
	struct stat st;

	if (fstatat(h->root, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	*ret = (struct node) { .mode = st.st_mode & PERMISSIONS, .group = st.st_gid };
	return 0;
}

int host_node(const struct host *h, const char *path, struct node *ret)
{
	int rc = h->live ? node_live(h, path, ret) : node_of_world(h->world, path, ret);

	if (rc == 0 || rc == -ENOENT)
		recorder_node(h, path, rc == 0 ? ret : NULL);
	return rc;
}

static int ipv4_of_world(const json_t *world, const char *netdev, char *ret, size_t size)
{
	const json_t *addresses = json_object_get(world, "addresses");
	const char *text = json_string_value(json_object_get(addresses, netdev));

	if (!addresses)
		return -ENODATA;
	return text ? text_copy(ret, size, text) : -EADDRNOTAVAIL;
}

static int ipv4_live(const char *netdev, char *ret, size_t size)
{
	AUTO_FD int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { 0 };
	struct sockaddr_in address;

	if (fd < 0 || TEXT_COPY(request.ifr_name, netdev) < 0)
		return -ENODATA;
	if (ioctl(fd, SIOCGIFADDR, &request) < 0)
		return errno == EADDRNOTAVAIL ? -EADDRNOTAVAIL : -ENODATA;
	memcpy(&address, &request.ifr_addr, sizeof address);
	return inet_ntop(AF_INET, &address.sin_addr, ret, (socklen_t)size) ? 0 : -ENODATA;
}

int host_ipv4(const struct host *h, const char *netdev, char *ret, size_t size)
{
	int rc = h->live ? ipv4_live(netdev, ret, size)
			 : ipv4_of_world(h->world, netdev, ret, size);

	if (rc == 0 || rc == -EADDRNOTAVAIL)
		recorder_ipv4(h, netdev, rc == 0 ? ret : NULL);
	return rc;
}
