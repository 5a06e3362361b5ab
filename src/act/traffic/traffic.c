/* act/traffic/traffic.c - chooses what is tested, and keeps what came out. */
#include "act/traffic/traffic.h"

#include <string.h>

#include "act/traffic/test.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"
#include "probe/port_table.h"

static struct traffic_facts *add(const struct traffic_options *o, struct facts *f)
{
	struct traffic_facts *t = &f->traffic[f->ntraffic++];

	*t = (struct traffic_facts) { .kind = o->kind };
	if (o->peer)
		(void)TEXT_COPY(t->peer, o->peer);
	return t;
}

static bool is_asked_for(const struct traffic_options *o, const struct port_facts *p)
{
	return o->device ? text_eq(p->device, o->device) : p->link_layer == LINK_LAYER_INFINIBAND;
}

static void add_name(char *names, size_t size, const char *name)
{
	size_t used = strlen(names);

	(void)text_format(names + used, size - used, "%s%s", used > 0 ? ", " : "", name);
}

/* "there is no RDMA device rxe1; there are mlx5_0, mlx5_1" */
static int find_device(const struct traffic_options *o, const struct facts *f, struct error *err)
{
	char names[200] = "";

	for (unsigned i = 0; i < f->nports; i++) {
		const struct port_facts *p = &f->ports[i];

		if (text_eq(p->device, o->device))
			return 0;
		if (i == 0 || !text_eq(p->device, f->ports[i - 1].device))
			add_name(names, sizeof(names), p->device);
	}
	if (!o->device)
		return 0;
	return error_set(err, FAULT_USAGE, 0, "there is no RDMA device %.60s here; there %s %s",
			 o->device, names[0] ? "are" : "is", names[0] ? names : "none");
}

static bool refuse(struct traffic_facts *t, enum traffic_end end, const char *why)
{
	t->end = end;
	(void)TEXT_COPY(t->why, why);
	return false;
}

/* How the port is addressed; false, with the end in *ret, where it cannot be. */
static bool bind_port(const struct host *h, const struct port_facts *p, const struct tool *tool,
		      struct binding *b, struct traffic_facts *ret)
{
	*b = (struct binding) { .device = p->device, .port = p->number };
	if (!tool->name)
		return refuse(ret, TRAFFIC_NO_PROGRAM,
			      "neither ib_write_bw nor ibv_rc_pingpong is installed");
	if (p->link_layer != LINK_LAYER_INFINIBAND) {
		b->has_gid = true;
		return gid_find(h, p, &b->gid_index) == 0 ||
		       refuse(ret, TRAFFIC_FAILED,
			      "the port has no GID: its network interface has no address");
	}
	/* Two limited members may not talk, not even a port with itself. Without any full member
	 * the program says what comes of it. */
	if (pkey_find_full(h, p, &b->pkey_index) < 0)
		b->pkey_index = 0;
	if (b->pkey_index == 0 || tool->pkey_index)
		return true;
	ret->end = TRAFFIC_NO_PROGRAM;
	(void)TEXT_FORMAT(ret->why,
			  "the full partition key has index %u, and this %s knows none but 0",
			  b->pkey_index, tool->name);
	return false;
}

static int test_port(const struct host *h, const struct traffic_options *o, const struct tool *tool,
		     const struct port_facts *p, struct traffic_facts *ret, struct error *err)
{
	struct binding b;
	struct port_test t = { h, tool, &b, o->seconds, o->waiting, o->ctx };

	(void)TEXT_COPY(ret->device, p->device);
	ret->port = p->number;
	if (!bind_port(h, p, tool, &b, ret))
		return 0;
	LOG(h->log, INFO, "traffic.begin", "testing %s/%u with %s", p->device, p->number,
	    tool->name);
	switch (o->kind) {
	case TRAFFIC_PEER:
		return test_peer(&t, ret, err);
	case TRAFFIC_LISTEN:
		return test_listen(&t, ret, err);
	default:
		return test_loopback(&t, ret, err);
	}
}

int traffic_test(const struct host *h, const struct traffic_options *o, struct facts *f,
		 struct error *err)
{
	struct tool tool;

	f->ntraffic = 0;
	if (find_device(o, f, err) < 0 || tool_find(h, &tool, err) < 0)
		return -1;
	for (unsigned i = 0; i < f->nports; i++) {
		const struct port_facts *p = &f->ports[i];

		if (!is_asked_for(o, p) || p->state != PORT_ACTIVE)
			continue;
		if ((o->stop && o->stop(o->ctx)) || (o->kind != TRAFFIC_LOOPBACK && f->ntraffic))
			break;
		if (test_port(h, o, &tool, p, add(o, f), err) < 0)
			return -1;
	}
	if (f->ntraffic > 0 || (o->stop && o->stop(o->ctx)))
		return 0;
	(void)refuse(add(o, f), TRAFFIC_NO_PORT, "there is no port to test that is ACTIVE");
	return 0;
}
