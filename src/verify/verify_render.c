/* verify/verify_render.c - a verification as a line and as a document. */
#include "verify/verify.h"

#include "base/text.h"

static const struct {
	const char *name;
	enum fault fault;
} verdicts[] = {
	[VERDICT_ABSENT] = { "absent", FAULT_ABSENT },
	[VERDICT_DRIVER_BROKEN] = { "driver-broken", FAULT_DRIVER_BROKEN },
	[VERDICT_FABRIC_NOT_READY] = { "fabric-not-ready", FAULT_FABRIC_NOT_READY },
	[VERDICT_DEGRADED] = { "degraded", FAULT_DEGRADED },
	[VERDICT_OK] = { "ok", FAULT_NONE },
};

const char *verdict_name(enum verdict v)
{
	return verdicts[v].name;
}

enum fault verdict_fault(enum verdict v)
{
	return verdicts[v].fault;
}

static bool is_active(const struct port_facts *p)
{
	return p->link_layer == LINK_LAYER_INFINIBAND && p->state == PORT_ACTIVE;
}

/* "200 Gb/s", "100 to 200 Gb/s", or "" if no port tells. */
static void rates_text(const struct facts *f, char *ret, size_t size)
{
	uint32_t least = 0, most = 0;

	for (unsigned i = 0; i < f->nports; i++) {
		uint32_t rate = f->ports[i].rate_gbps;

		if (!is_active(&f->ports[i]) || rate == 0)
			continue;
		least = least == 0 || rate < least ? rate : least;
		most = rate > most ? rate : most;
	}
	if (most == 0)
		(void)text_copy(ret, size, "");
	else if (least == most)
		(void)text_format(ret, size, " at %u Gb/s", most);
	else
		(void)text_format(ret, size, " at %u to %u Gb/s", least, most);
}

static void devices_text(const struct facts *f, char *ret, size_t size)
{
	char former[256];

	(void)text_copy(ret, size, "");
	for (unsigned i = 0; i < f->nports; i++) {
		if (!is_active(&f->ports[i]))
			continue;
		(void)TEXT_COPY(former, ret);
		(void)text_format(ret, size, "%s%s%s", former, former[0] != '\0' ? ", " : "",
				  f->ports[i].device);
	}
}

static const struct finding *first_red(const struct verification *v)
{
	for (unsigned i = 0; i < v->nchecks; i++)
		if (!v->checks[i].ok)
			return &v->checks[i];
	return NULL;
}

void verify_summary(const struct verification *v, const struct facts *f, char *ret, size_t size)
{
	const struct finding *red = first_red(v);
	char rates[40], devices[256];

	if (red != NULL) {
		(void)text_format(ret, size, "%s: %s: %s, expected %s", verdict_name(v->verdict),
				  red->id, red->measured, red->expected);
		return;
	}
	rates_text(f, rates, sizeof rates);
	devices_text(f, devices, sizeof devices);
	(void)text_format(ret, size, "%u of %u InfiniBand ports ACTIVE%s (%s)",
			  facts_count_infiniband_ports(f, PORT_ACTIVE),
			  facts_count_infiniband_ports(f, PORT_STATE_UNKNOWN), rates, devices);
}

static json_t *finding_to_json(const struct finding *f)
{
	return json_pack("{s:o, s:b, s:o, s:o, s:o, s:o, s:o}", "id", json_text_or_null(f->id),
			 "ok", f->ok, "measured", json_text_or_null(f->measured), "expected",
			 json_text_or_null(f->expected), "evidence", json_text_or_null(f->evidence),
			 "remedy", json_text_or_null(f->remedy), "issue",
			 f->issue > 0 ? json_integer(f->issue) : json_null());
}

json_t *verify_to_json(const struct verification *v)
{
	json_t *checks = json_array();

	for (unsigned i = 0; i < v->nchecks; i++)
		(void)json_array_append_new(checks, finding_to_json(&v->checks[i]));
	return json_pack("{s:s, s:s, s:o}", "schema", "ib-vmext/verify/1", "verdict",
			 verdict_name(v->verdict), "checks", checks);
}

static json_t *port_to_json(const struct port_facts *p)
{
	const struct counter_facts *c = &p->counters;

	return json_pack("{s:o, s:i, s:o, s:o, s:i, s:o, s:o}", "device",
			 json_text_or_null(p->device), "port", (int)p->number, "state",
			 json_text_or_null(port_state_name(p->state)), "physState",
			 json_text_or_null(port_phys_state_name(p->phys_state)), "rateGbps",
			 (int)p->rate_gbps, "netdev", json_text_or_null(p->netdev), "linkDowned",
			 c->known ? json_integer((json_int_t)c->link_downed) : json_null());
}

json_t *verify_document(const struct verification *v, const struct facts *f)
{
	json_t *document = verify_to_json(v), *ports = json_array();
	char summary[320];

	verify_summary(v, f, summary, sizeof summary);
	for (unsigned i = 0; i < f->nports; i++)
		if (f->ports[i].link_layer == LINK_LAYER_INFINIBAND)
			(void)json_array_append_new(ports, port_to_json(&f->ports[i]));
	(void)json_object_update_new(
		document, json_pack("{s:s, s:o, s:o, s:{s:s, s:o}, s:{s:i, s:o}, s:o}", "summary",
				    summary, "size", json_text_or_null(f->vm.size), "kernel",
				    json_text_or_null(f->kernel.release), "driver", "kind",
				    driver_kind_name(f->driver.kind), "version",
				    json_text_or_null(f->driver.version), "expected", "ports",
				    (int)v->expected_ports, "rateGbps",
				    v->expected_rate_gbps > 0 ? json_integer(v->expected_rate_gbps)
							      : json_null(),
				    "ports", ports));
	return document;
}
