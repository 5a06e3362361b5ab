/* Metrics: families of samples, each with its help and type. */
#include "cli/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "facts/facts.h"
#include "verify/verify.h"

#define PREFIX "ib_vmext_"

enum { BYTES_PER_GBIT = 125000000 };

struct writer {
	struct buf *to;
	int rc;
};

static PRINTF(2, 3) void put(struct writer *w, const char *fmt, ...)
{
	char line[640];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if (w->rc == 0)
		w->rc = buf_add_text(w->to, line);
}

static void family(struct writer *w, const char *name, const char *type, const char *help)
{
	put(w, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name, type);
}

/* The value of a label: backslash, quote and line break are written with a backslash. */
static const char *escape(const char *text, char *ret, size_t size)
{
	size_t n = 0;

	for (; *text != '\0' && n + 3 < size; text++) {
		if (strchr("\\\"\n", *text) != NULL)
			ret[n++] = '\\';
		ret[n++] = *text == '\n' ? 'n' : *text;
	}
	ret[n] = '\0';
	return ret;
}

static void put_verdict(struct writer *w, const struct verification *v)
{
	static const enum verdict all[] = { VERDICT_OK, VERDICT_DEGRADED, VERDICT_FABRIC_NOT_READY,
					    VERDICT_DRIVER_BROKEN, VERDICT_ABSENT };

	family(w, "verdict", "gauge", "1 for the verdict that holds, 0 for the others.");
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		put(w, PREFIX "verdict{verdict=\"%s\"} %d\n", verdict_name(all[i]),
		    v->verdict == all[i]);
}

static void put_info(struct writer *w, const struct facts *f)
{
	char version[160], kernel[200], size[140];

	family(w, "driver_info", "gauge", "The driver, its version, the kernel and the VM size.");
	put(w, PREFIX "driver_info{kind=\"%s\",version=\"%s\",kernel=\"%s\",size=\"%s\"} 1\n",
	    driver_kind_name(f->driver.kind), escape(f->driver.version, version, sizeof version),
	    escape(f->kernel.release, kernel, sizeof kernel),
	    escape(f->vm.size, size, sizeof size));
}

static void put_checks(struct writer *w, const struct verification *v)
{
	family(w, "check_ok", "gauge", "1 where a check of `ib-vmext verify` is as it should be.");
	for (unsigned i = 0; i < v->nchecks; i++) {
		const struct finding *c = &v->checks[i];
		size_t len = strcspn(c->id, ":");
		char of[140];

		put(w, PREFIX "check_ok{check=\"%.*s\",of=\"%s\"} %d\n", (int)len, c->id,
		    escape(c->id[len] != '\0' ? c->id + len + 1 : "", of, sizeof of), c->ok);
	}
}

static uint64_t value_state(const struct port_facts *p)
{
	return p->state;
}

static uint64_t value_rate(const struct port_facts *p)
{
	return (uint64_t)p->rate_gbps * BYTES_PER_GBIT;
}

static uint64_t value_link_downed(const struct port_facts *p)
{
	return p->counters.link_downed;
}

static uint64_t value_link_recovery(const struct port_facts *p)
{
	return p->counters.link_error_recovery;
}

static uint64_t value_symbol_error(const struct port_facts *p)
{
	return p->counters.symbol_error;
}

static uint64_t value_receive_errors(const struct port_facts *p)
{
	return p->counters.receive_errors;
}

static uint64_t value_transmit_discards(const struct port_facts *p)
{
	return p->counters.transmit_discards;
}

static const struct {
	const char *name, *type, *help;
	uint64_t (*value)(const struct port_facts *p);
	bool counted; /* only where the counters could be read */
} of_ports[] = {
	{ "port_state", "gauge", "1 DOWN, 2 INIT, 3 ARMED, 4 ACTIVE.", value_state, false },
	{ "port_rate_bytes_per_second", "gauge", "The rate that the link came up with.", value_rate,
	  false },
	{ "port_link_downed_total", "counter", "How often the link went down.", value_link_downed,
	  true },
	{ "port_link_error_recovery_total", "counter", "How often the link recovered from errors.",
	  value_link_recovery, true },
	{ "port_symbol_error_total", "counter", "Symbol errors.", value_symbol_error, true },
	{ "port_receive_errors_total", "counter", "Packets received with errors.",
	  value_receive_errors, true },
	{ "port_transmit_discards_total", "counter", "Packets that could not be sent.",
	  value_transmit_discards, true },
};

static void put_ports(struct writer *w, const struct facts *f)
{
	for (size_t m = 0; m < ARRAY_SIZE(of_ports); m++) {
		family(w, of_ports[m].name, of_ports[m].type, of_ports[m].help);
		for (unsigned i = 0; i < f->nports; i++) {
			const struct port_facts *p = &f->ports[i];
			char device[140];

			if (p->link_layer != LINK_LAYER_INFINIBAND ||
			    (of_ports[m].counted && !p->counters.known))
				continue;
			put(w, PREFIX "%s{device=\"%s\",port=\"%u\"} %" PRIu64 "\n",
			    of_ports[m].name, escape(p->device, device, sizeof device), p->number,
			    of_ports[m].value(p));
		}
	}
}

static void put_numbers(struct writer *w, const struct verification *v, const struct facts *f)
{
	family(w, "ports", "gauge", "InfiniBand ports that are there.");
	put(w, PREFIX "ports %u\n", facts_count_infiniband_ports(f, PORT_STATE_UNKNOWN));
	family(w, "ports_active", "gauge", "InfiniBand ports that are ACTIVE.");
	put(w, PREFIX "ports_active %u\n", facts_count_infiniband_ports(f, PORT_ACTIVE));
	family(w, "ports_expected", "gauge", "InfiniBand ports that the VM size promises.");
	put(w, PREFIX "ports_expected %u\n", v->expected_ports);
	if (v->expected_rate_gbps == 0)
		return;
	family(w, "port_rate_expected_bytes_per_second", "gauge",
	       "The rate of each port that the VM size promises.");
	put(w, PREFIX "port_rate_expected_bytes_per_second %" PRIu64 "\n",
	    (uint64_t)v->expected_rate_gbps * BYTES_PER_GBIT);
}

int metrics_write(const struct verification *v, const struct facts *f, int64_t now_ms,
		  struct buf *ret)
{
	struct writer w = { .to = ret };

	put_verdict(&w, v);
	put_info(&w, f);
	put_numbers(&w, v, f);
	put_ports(&w, f);
	put_checks(&w, v);
	family(&w, "looked_at_seconds", "gauge",
	       "When these were measured, in seconds since 1970.");
	put(&w, PREFIX "looked_at_seconds %" PRId64 ".%03d\n", now_ms / 1000, (int)(now_ms % 1000));
	return w.rc;
}
