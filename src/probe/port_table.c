/* probe/port_table.c - finds the GID and the partition key that a connection is to use. */
#include "probe/port_table.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "facts/facts.h"
#include "host/host.h"
#include "probe/port.h"
#include "probe/slice.h"

enum { PATH_SIZE = 192, TEXT_SIZE = 64, PKEY_FULL_MEMBER = 0x8000, PKEY_BASE = 0x7fff };

enum gid_worth gid_judge(const char *gid, const char *type)
{
	/* All zeros, or nothing but the prefix of its subnet. */
	if (strspn(gid, "0:") == strlen(gid) ||
	    (text_starts(gid, "fe80:") && strspn(gid + 5, "0:") == strlen(gid + 5)))
		return GID_EMPTY;
	if (!text_eq(type, "RoCE v2"))
		return GID_V1;
	return text_starts(gid, "0000:0000:0000:0000:0000:ffff:") ? GID_V2_IPV4 : GID_V2;
}

struct search {
	const struct host *host;
	const struct port_facts *port;
	const char *table;
	/* How good is what stands at this place? 0: it is none. */
	unsigned (*judge)(const struct search *s, const char *index);
	unsigned worth, index;
};

static const char *read_place(const struct search *s, const char *table, const char *index,
			      char text[static TEXT_SIZE])
{
	char path[PATH_SIZE];

	if (TEXT_FORMAT(path, "sys/class/infiniband/%s/ports/%u/%s/%s", s->port->device,
			s->port->number, table, index) < 0 ||
	    host_read_line(s->host, path, text, TEXT_SIZE) < 0)
		text[0] = '\0';
	return text;
}

static unsigned judge_gid(const struct search *s, const char *index)
{
	char gid[TEXT_SIZE], type[TEXT_SIZE];

	return gid_judge(read_place(s, "gids", index, gid),
			 read_place(s, "gid_attrs/types", index, type));
}

static unsigned judge_pkey(const struct search *s, const char *index)
{
	char text[TEXT_SIZE];
	uint16_t pkey = 0;

	(void)read_place(s, s->table, index, text);
	(void)port_parse_pkey(text, strlen(text), &pkey);
	return (pkey & PKEY_BASE) != 0 && (pkey & PKEY_FULL_MEMBER) != 0;
}

/* The names come in byte order: 0, 1, 10, ... */
static int look_at(void *ctx, const char *name)
{
	struct search *s = ctx;
	uint32_t index;
	unsigned worth;

	if (slice_number((struct slice) { name, strlen(name) }, 10, &index) < 0)
		return 0;
	worth = s->judge(s, name);
	if (worth > s->worth || (worth > 0 && worth == s->worth && index < s->index)) {
		s->worth = worth;
		s->index = index;
	}
	return 0;
}

static int search(struct search *s, unsigned *ret)
{
	char path[PATH_SIZE];

	if (TEXT_FORMAT(path, "sys/class/infiniband/%s/ports/%u/%s", s->port->device,
			s->port->number, s->table) == 0)
		(void)!host_list(s->host, path, look_at, s);
	if (s->worth == 0)
		return -ENOENT;
	*ret = s->index;
	return 0;
}

int gid_find(const struct host *h, const struct port_facts *p, unsigned *ret)
{
	struct search s = { .host = h, .port = p, .table = "gids", .judge = judge_gid };

	return search(&s, ret);
}

int pkey_find_full(const struct host *h, const struct port_facts *p, unsigned *ret)
{
	struct search s = { .host = h, .port = p, .table = "pkeys", .judge = judge_pkey };

	return search(&s, ret);
}
