/* probe/counter.c - reads the error counters of the InfiniBand ports. */
#include "probe/counter.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "facts/facts.h"
#include "host/host.h"
#include "probe/slice.h"

enum { BASE = 10 };

int counter_parse(const char *text, size_t len, uint64_t *ret)
{
	struct slice s = slice_trim((struct slice) { text, len });
	uint64_t value = 0;

	if (s.len == 0)
		return -EINVAL;
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = (unsigned)(s.text[i] - '0');

		if (digit >= BASE)
			return -EINVAL;
		if (value > (UINT64_MAX - digit) / BASE)
			return -ERANGE;
		value = value * BASE + digit;
	}
	*ret = value;
	return 0;
}

static bool read_counter(const struct host *h, const struct port_facts *p, const char *name,
			 uint64_t *ret)
{
	char path[192], text[32];

	return TEXT_FORMAT(path, "sys/class/infiniband/%s/ports/%u/counters/%s", p->device,
			   p->number, name) == 0 &&
	       HOST_READ_LINE(h, path, text) == 0 && counter_parse(text, strlen(text), ret) == 0;
}

void counter_read(const struct host *h, struct facts *ret)
{
	for (unsigned i = 0; i < ret->nports; i++) {
		struct port_facts *p = &ret->ports[i];
		struct counter_facts *c = &p->counters;

		if (p->link_layer != LINK_LAYER_INFINIBAND)
			continue;
		c->known = read_counter(h, p, "link_downed", &c->link_downed);
		(void)read_counter(h, p, "link_error_recovery", &c->link_error_recovery);
		(void)read_counter(h, p, "symbol_error", &c->symbol_error);
		(void)read_counter(h, p, "port_rcv_errors", &c->receive_errors);
		(void)read_counter(h, p, "port_xmit_discards", &c->transmit_discards);
	}
}
