/* verify/verify.c - makes each check of the table for all that it is for, and sums up. */
#include "verify/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "catalogue/catalogue.h"
#include "verify/check.h"

bool judge(struct judgement *ret, bool ok, const char *fmt, ...)
{
	va_list ap;

	ret->ok = ok;
	va_start(ap, fmt);
	(void)vsnprintf(ret->measured, sizeof ret->measured, fmt, ap);
	va_end(ap);
	return true;
}

/* What findings are added to. */
struct findings {
	const struct review *review;
	struct verification *ret;
	bool red; /* a check is, also one that found no place in the table */
};

/* The kind of traffic that a check is made for. */
static enum traffic_kind kind_of(enum check_each each)
{
	return each == CHECK_LOOPBACK ? TRAFFIC_LOOPBACK
	       : each == CHECK_PEER   ? TRAFFIC_PEER
	       : each == CHECK_LISTEN ? TRAFFIC_LISTEN
				      : TRAFFIC_KIND_UNKNOWN;
}

/* Where it did not come to that, what stood in the way. */
static const char *command_of(const struct traffic_facts *t)
{
	if (t->command[0] != '\0')
		return t->command;
	if (t->end == TRAFFIC_NO_PORT)
		return "/sys/class/infiniband/*/ports/*/state";
	if (t->end == TRAFFIC_NO_PROGRAM)
		return "ib_write_bw --help, ibv_rc_pingpong --help";
	return "/sys/class/infiniband/*/ports/*/gids";
}

/* The value of a name in the template of an evidence; "" if this check has none of it. */
static const char *template_value(const struct findings *to, const struct check *c, unsigned at,
				  const char *name)
{
	const struct facts *f = to->review->facts;
	bool of_port = c->each == CHECK_PORT || c->each == CHECK_ACTIVE_PORT;
	const struct port_facts *p = of_port ? &f->ports[at] : NULL;
	bool of_traffic = kind_of(c->each) != TRAFFIC_KIND_UNKNOWN;
	const struct {
		const char *name, *value;
	} values[] = {
		{ "device", p != NULL ? p->device : "" },
		{ "netdev", p != NULL && p->netdev[0] != '\0' ? p->netdev : "IPoIB" },
		{ "uverbs", p != NULL && p->uverbs.name[0] != '\0' ? p->uverbs.name : "uverbs*" },
		{ "umad", p != NULL && p->umad.name[0] != '\0' ? p->umad.name : "umad*" },
		{ "pci", c->each == CHECK_FUNCTION ? f->nics[at].address : "" },
		{ "kernel", c->each == CHECK_KERNEL ? f->kernels[at].release : "" },
		{ "command", of_traffic ? command_of(&f->traffic[at]) : "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (text_starts(name, values[i].name) && name[strlen(values[i].name)] == '}')
			return values[i].value;
	return "";
}

static void evidence_fill(const struct findings *to, const struct check *c, unsigned at,
			  struct finding *f)
{
	size_t used = 0, size = sizeof f->evidence;

	for (const char *t = c->evidence; *t != '\0' && used + 1 < size;) {
		if (*t != '{') {
			f->evidence[used++] = *t++;
			continue;
		}
		if (text_starts(t, "{port}"))
			(void)text_format(f->evidence + used, size - used, "%u",
					  to->review->facts->ports[at].number);
		else
			(void)text_copy(f->evidence + used, size - used,
					template_value(to, c, at, t + 1));
		used += strlen(f->evidence + used);
		t += strcspn(t, "}") + 1;
	}
	f->evidence[used] = '\0';
}

static void traffic_id_fill(const char *id, const struct traffic_facts *t, char *ret, size_t size)
{
	if (t->device[0] != '\0')
		(void)text_format(ret, size, "%s:%s/%u", id, t->device, t->port);
	else
		(void)text_copy(ret, size, id);
}

static void id_fill(const struct findings *to, const struct check *c, unsigned at, char *ret,
		    size_t size)
{
	const struct facts *f = to->review->facts;

	switch (c->each) {
	case CHECK_PORT:
	case CHECK_ACTIVE_PORT:
		(void)text_format(ret, size, "%s:%s/%u", c->id, f->ports[at].device,
				  f->ports[at].number);
		break;
	case CHECK_FUNCTION:
		(void)text_format(ret, size, "%s:%s", c->id, f->nics[at].address);
		break;
	case CHECK_KERNEL:
		(void)text_format(ret, size, "%s:%s", c->id, f->kernels[at].release);
		break;
	case CHECK_LOOPBACK:
	case CHECK_PEER:
	case CHECK_LISTEN:
		traffic_id_fill(c->id, &f->traffic[at], ret, size);
		break;
	case CHECK_MACHINE:
		(void)text_copy(ret, size, c->id);
		break;
	}
}

static void finding_add(struct findings *to, const struct check *c, unsigned at)
{
	struct judgement j = { 0 };
	struct verification *v = to->ret;
	struct finding *f;

	if (!c->judge(to->review, at, &j))
		return;
	to->red |= !j.ok;
	/* A machine with more ports than the table has room for still shows what is wrong. */
	if (v->nchecks == VERIFY_CHECKS_MAX && j.ok)
		return;
	f = &v->checks[v->nchecks < VERIFY_CHECKS_MAX ? v->nchecks++ : VERIFY_CHECKS_MAX - 1];
	*f = (struct finding) { .ok = j.ok, .issue = j.ok ? 0 : c->issue, .remedy = "" };
	if (!j.ok)
		f->remedy = j.remedy != NULL ? j.remedy : c->remedy;
	id_fill(to, c, at, f->id, sizeof f->id);
	(void)TEXT_COPY(f->measured, j.measured);
	(void)TEXT_COPY(f->expected, j.expected[0] != '\0' ? j.expected : c->expected);
	evidence_fill(to, c, at, f);
}

/* Is the check made for the item of this index? */
static bool is_for(const struct facts *f, enum check_each each, unsigned at)
{
	switch (each) {
	case CHECK_ACTIVE_PORT:
		/* Where it is not, the rest is the subnet manager's, which has not been there. */
		if (f->ports[at].state != PORT_ACTIVE)
			return false;
		return f->ports[at].link_layer == LINK_LAYER_INFINIBAND;
	case CHECK_PORT:
		return f->ports[at].link_layer == LINK_LAYER_INFINIBAND;
	case CHECK_FUNCTION:
		return nic_is_infiniband(&f->nics[at]);
	case CHECK_KERNEL:
		return f->kernels[at].newer || text_eq(f->kernels[at].release, f->kernel.release);
	case CHECK_LOOPBACK:
	case CHECK_PEER:
	case CHECK_LISTEN:
		return f->traffic[at].kind == kind_of(each);
	case CHECK_MACHINE:
		break;
	}
	return true;
}

static unsigned count_of(const struct facts *f, enum check_each each)
{
	switch (each) {
	case CHECK_PORT:
	case CHECK_ACTIVE_PORT:
		return f->nports;
	case CHECK_FUNCTION:
		return f->nnics;
	case CHECK_KERNEL:
		return f->nkernels;
	case CHECK_LOOPBACK:
	case CHECK_PEER:
	case CHECK_LISTEN:
		return f->ntraffic;
	case CHECK_MACHINE:
		break;
	}
	return 1;
}

static bool is_of_port(const struct check *c)
{
	return c->each == CHECK_PORT || c->each == CHECK_ACTIVE_PORT;
}

/* Of checks that stand together and are for the same things, all are made for the first thing, then
 * for the next. Returns the index behind them. */
static unsigned group_end(unsigned from)
{
	unsigned to = from + 1;

	while (to < checks_count && (checks[to].each == checks[from].each ||
				     (is_of_port(&checks[to]) && is_of_port(&checks[from]))))
		to++;
	return to;
}

static void group_make(struct findings *to, unsigned from, unsigned end, unsigned scope)
{
	const struct review *r = to->review;

	for (unsigned at = 0; at < count_of(r->facts, checks[from].each); at++) {
		for (unsigned i = from; i < end; i++) {
			const struct check *c = &checks[i];

			if ((c->scope & ~scope) == 0 && (c->always || r->functions > 0) &&
			    is_for(r->facts, c->each, at))
				finding_add(to, c, at);
		}
	}
}

/* Off Azure, or with a size that nobody knows, each function is expected to have one port. */
static void expectation_set(struct review *r, const struct catalogue *c)
{
	const struct size_row *size = NULL;

	if (r->facts->vm.azure)
		size = catalogue_size(c, r->facts->vm.size);
	if (size != NULL && size->kind == SIZE_SRIOV) {
		r->expected_ports = size->ports;
		r->expected_rate_gbps = size->rate_gbps;
	} else {
		r->expected_ports = r->functions;
	}
}

static enum verdict verdict_of(const struct review *r, bool red)
{
	if (r->functions == 0)
		return VERDICT_ABSENT;
	if (r->ports == 0)
		return VERDICT_DRIVER_BROKEN;
	if (r->active == 0)
		return VERDICT_FABRIC_NOT_READY;
	return red ? VERDICT_DEGRADED : VERDICT_OK;
}

void verify_facts(const struct facts *f, const struct catalogue *c, unsigned scope,
		  struct verification *ret)
{
	struct review r = {
		.facts = f,
		.functions = facts_count_infiniband_nics(f),
		.ports = facts_count_infiniband_ports(f, PORT_STATE_UNKNOWN),
		.active = facts_count_infiniband_ports(f, PORT_ACTIVE),
	};
	struct findings to = { .review = &r, .ret = ret };

	memset(ret, 0, sizeof *ret);
	expectation_set(&r, c);
	ret->expected_ports = r.expected_ports;
	ret->expected_rate_gbps = r.expected_rate_gbps;
	for (unsigned from = 0, end; from < checks_count; from = end) {
		end = group_end(from);
		group_make(&to, from, end, scope);
	}
	ret->verdict = verdict_of(&r, to.red);
}
