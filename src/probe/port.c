/* probe/port.c - lists the RDMA ports and what each says of itself. */
#include "probe/port.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "facts/names.h"
#include "host/host.h"
#include "probe/netdev.h"
#include "probe/pci.h"
#include "probe/slice.h"

#define CLASS "sys/class/infiniband"

enum { PATH_SIZE = 192, ATTRIBUTE_SIZE = 128 };

/* The number before the colon of "4: ACTIVE"; the word may be missing. */
static int parse_numbered(struct slice s, uint32_t most, uint32_t *ret)
{
	struct slice number;
	uint32_t value;

	s = slice_trim(s);
	if (!slice_cut(&s, ':', &number) || slice_number(number, 10, &value) < 0 || value > most)
		return -EINVAL;
	*ret = value;
	return 0;
}

int port_parse_state(const char *text, size_t len, enum port_state *ret)
{
	uint32_t value;

	if (parse_numbered((struct slice) { text, len }, PORT_ACTIVE, &value) < 0)
		return -EINVAL;
	*ret = (enum port_state)value;
	return 0;
}

int port_parse_phys_state(const char *text, size_t len, enum port_phys_state *ret)
{
	uint32_t value;

	if (parse_numbered((struct slice) { text, len }, PORT_PHYS_TEST, &value) < 0)
		return -EINVAL;
	*ret = (enum port_phys_state)value;
	return 0;
}

int port_parse_link_layer(const char *text, size_t len, enum link_layer *ret)
{
	struct slice s = slice_trim((struct slice) { text, len });

	for (int i = 0; (size_t)i < names_link_layer.count; i++) {
		const char *name = name_of(&names_link_layer, i);

		if (name == NULL || !slice_eq(s, name))
			continue;
		*ret = (enum link_layer)i;
		return 0;
	}
	return -EINVAL;
}

static int parse_hex(struct slice s, uint32_t most, uint32_t *ret)
{
	uint32_t value;

	s = slice_trim(s);
	if (!slice_starts(s, "0x") || slice_number(s, 16, &value) < 0 || value > most)
		return -EINVAL;
	*ret = value;
	return 0;
}

int port_parse_lid(const char *text, size_t len, uint32_t *ret)
{
	return parse_hex((struct slice) { text, len }, UINT32_MAX, ret);
}

int port_parse_pkey(const char *text, size_t len, uint16_t *ret)
{
	uint32_t value;

	if (parse_hex((struct slice) { text, len }, UINT16_MAX, &value) < 0)
		return -EINVAL;
	*ret = (uint16_t)value;
	return 0;
}

int port_parse_rate(const char *text, size_t len, uint32_t *ret)
{
	struct slice rest = { text, len }, number, unit, whole;
	uint32_t value;

	if (!slice_word(&rest, &number) || !slice_word(&rest, &unit) || !slice_eq(unit, "Gb/sec"))
		return -EINVAL;
	if (!slice_cut(&number, '.', &whole))
		whole = number;
	if (slice_number(whole, 10, &value) < 0)
		return -EINVAL;
	*ret = value;
	return 0;
}

/* An attribute of a port, trimmed; empty if it is not there. */
static struct slice read_attribute(const struct host *h, const struct port_facts *p,
				   const char *name, char text[static ATTRIBUTE_SIZE])
{
	char path[PATH_SIZE];

	if (TEXT_FORMAT(path, CLASS "/%s/ports/%u/%s", p->device, p->number, name) < 0 ||
	    host_read_line(h, path, text, ATTRIBUTE_SIZE) < 0)
		text[0] = '\0';
	return (struct slice) { text, strlen(text) };
}

struct pkey_listing {
	const struct host *host;
	struct port_facts *port;
};

/* The table has 128 places, nearly all of them 0. Its files come in byte order (0, 1, 10, ...), not
 * in that of the indexes, which does not matter here. */
static int read_pkey(void *ctx, const char *name)
{
	struct pkey_listing *l = ctx;
	char file[64], text[ATTRIBUTE_SIZE];
	struct slice s;
	uint16_t pkey;

	if (TEXT_FORMAT(file, "pkeys/%s", name) < 0)
		return 0;
	s = read_attribute(l->host, l->port, file, text);
	if (port_parse_pkey(s.text, s.len, &pkey) < 0 || pkey == 0)
		return 0;
	l->port->pkeys[l->port->npkeys++] = pkey;
	return l->port->npkeys == FACTS_PKEYS_MAX;
}

static void read_pkeys(const struct host *h, struct port_facts *p)
{
	struct pkey_listing l = { h, p };
	char path[PATH_SIZE];

	if (TEXT_FORMAT(path, CLASS "/%s/ports/%u/pkeys", p->device, p->number) == 0)
		(void)!host_list(h, path, read_pkey, &l);
}

static void read_attributes(const struct host *h, struct port_facts *p)
{
	char text[ATTRIBUTE_SIZE];
	struct slice s;

	/* Each parser leaves the value unknown where it can make nothing of the text. */
	s = read_attribute(h, p, "state", text);
	(void)port_parse_state(s.text, s.len, &p->state);
	s = read_attribute(h, p, "phys_state", text);
	(void)port_parse_phys_state(s.text, s.len, &p->phys_state);
	s = read_attribute(h, p, "rate", text);
	(void)port_parse_rate(s.text, s.len, &p->rate_gbps);
	s = read_attribute(h, p, "link_layer", text);
	(void)port_parse_link_layer(s.text, s.len, &p->link_layer);
	s = read_attribute(h, p, "lid", text);
	(void)port_parse_lid(s.text, s.len, &p->lid);
	s = read_attribute(h, p, "sm_lid", text);
	(void)port_parse_lid(s.text, s.len, &p->sm_lid);
}

struct listing {
	const struct host *host;
	struct facts *facts;
	struct port_facts device; /* what the ports of one device share */
};

static int read_port(void *ctx, const char *name)
{
	struct listing *l = ctx;
	struct port_facts *p = &l->facts->ports[l->facts->nports];
	uint32_t number;

	if (l->facts->nports == FACTS_PORTS_MAX ||
	    slice_number((struct slice) { name, strlen(name) }, 10, &number) < 0)
		return 0;
	*p = l->device;
	p->number = number;
	read_attributes(l->host, p);
	read_pkeys(l->host, p);
	netdev_find(l->host, p, p->netdev, sizeof p->netdev);
	l->facts->nports++;
	return 0;
}

static int read_device(void *ctx, const char *name)
{
	struct listing *l = ctx;
	char path[PATH_SIZE], function[64];

	l->device = (struct port_facts) { 0 };
	if (TEXT_COPY(l->device.device, name) < 0)
		return 0;
	(void)TEXT_FORMAT(path, CLASS "/%s/node_guid", name);
	if (HOST_READ_LINE(l->host, path, l->device.guid) < 0)
		l->device.guid[0] = '\0';
	(void)TEXT_FORMAT(path, CLASS "/%s/device", name);
	/* A software device (rxe, siw) belongs to no function. */
	if (host_read_link_name(l->host, path, function, sizeof function) == 0 &&
	    pci_is_address(function))
		(void)TEXT_COPY(l->device.pci, function);
	(void)TEXT_FORMAT(path, CLASS "/%s/ports", name);
	(void)!host_list(l->host, path, read_port, l);
	return 0;
}

void port_read(const struct host *h, struct facts *ret)
{
	struct listing l = { .host = h, .facts = ret };

	ret->nports = 0;
	(void)!host_list(h, CLASS, read_device, &l);
	for (unsigned i = 0; i < ret->nports; i++) {
		const struct port_facts *p = &ret->ports[i];

		for (unsigned k = 0; k < ret->nnics; k++) {
			if (p->link_layer != LINK_LAYER_UNKNOWN &&
			    text_eq(ret->nics[k].address, p->pci))
				ret->nics[k].link_layer = p->link_layer;
		}
	}
}
