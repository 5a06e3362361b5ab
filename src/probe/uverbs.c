/* probe/uverbs.c - finds uverbs and umad of each port. */
#include "probe/uverbs.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "facts/facts.h"
#include "host/host.h"
#include "host/node.h"
#include "probe/slice.h"

#define VERBS "sys/class/infiniband_verbs"
#define MAD   "sys/class/infiniband_mad"

enum { PATH_SIZE = 160, ABI_GREATEST = 1000 };

static bool read_number(const struct host *h, const char *path, unsigned *ret)
{
	char text[32];
	uint32_t value;

	if (HOST_READ_LINE(h, path, text) < 0 ||
	    slice_number((struct slice) { text, strlen(text) }, 10, &value) < 0 ||
	    value > ABI_GREATEST)
		return false;
	*ret = value;
	return true;
}

static void look(const struct host *h, const char *name, struct node_facts *ret)
{
	struct node node;
	char path[PATH_SIZE];
	int rc;

	if (strlen(name) >= sizeof ret->name)
		return;
	SLICE_COPY(((struct slice) { name, strlen(name) }), ret->name);
	(void)TEXT_FORMAT(path, "dev/infiniband/%s", name);
	rc = host_node(h, path, &node);
	ret->there = rc == 0 ? TRI_YES : rc == -ENOENT ? TRI_NO : TRI_UNKNOWN;
	if (rc != 0)
		return;
	ret->mode = node.mode;
	ret->group = node.group;
}

struct listing {
	const struct host *host;
	struct facts *facts;
};

static bool read_device(const struct host *h, const char *dir, const char *name, char *ret,
			size_t size)
{
	char path[PATH_SIZE];

	return TEXT_FORMAT(path, "%s/%s/ibdev", dir, name) == 0 &&
	       host_read_line(h, path, ret, size) == 0;
}

static int take_verbs(void *ctx, const char *name)
{
	const struct listing *l = ctx;
	char device[64], path[PATH_SIZE];

	if (!text_starts(name, "uverbs") ||
	    !read_device(l->host, VERBS, name, device, sizeof device))
		return 0;
	(void)TEXT_FORMAT(path, VERBS "/%s/abi_version", name);
	for (unsigned i = 0; i < l->facts->nports; i++) {
		struct port_facts *p = &l->facts->ports[i];

		if (!text_eq(p->device, device))
			continue;
		look(l->host, name, &p->uverbs);
		(void)read_number(l->host, path, &p->uverbs_abi);
	}
	return 0;
}

static int take_mad(void *ctx, const char *name)
{
	const struct listing *l = ctx;
	char device[64], path[PATH_SIZE];
	unsigned port;

	(void)TEXT_FORMAT(path, MAD "/%s/port", name);
	if (!text_starts(name, "umad") || !read_device(l->host, MAD, name, device, sizeof device) ||
	    !read_number(l->host, path, &port))
		return 0;
	for (unsigned i = 0; i < l->facts->nports; i++) {
		struct port_facts *p = &l->facts->ports[i];

		if (text_eq(p->device, device) && p->number == port)
			look(l->host, name, &p->umad);
	}
	return 0;
}

/* A class that is there and has nothing for a port: a fact. Not so of management datagrams, which a
 * device may not have. */
static void mark_missing(const struct host *h, struct facts *f)
{
	bool verbs = host_exists(h, VERBS);

	for (unsigned i = 0; i < f->nports; i++) {
		struct port_facts *p = &f->ports[i];

		if (verbs && p->uverbs.name[0] == '\0')
			p->uverbs.there = TRI_NO;
	}
}

void uverbs_read(const struct host *h, struct facts *ret)
{
	struct listing l = { h, ret };

	ret->verbs_abi = 0;
	(void)read_number(h, VERBS "/abi_version", &ret->verbs_abi);
	(void)!host_list(h, VERBS, take_verbs, &l);
	(void)!host_list(h, MAD, take_mad, &l);
	mark_missing(h, ret);
}
