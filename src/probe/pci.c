/* probe/pci.c - lists the adapters on the PCI bus. */
#include "probe/pci.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "host/host.h"
#include "probe/slice.h"

#define DEVICES "sys/bus/pci/devices"

enum { VENDOR_MELLANOX = 0x15b3, VENDOR_MICROSOFT = 0x1414, DEVICE_MANA = 0x00ba };
enum { CLASS_NETWORK = 0x02, CLASS_ETHERNET = 0x0200 };
/* A link has at most 32 lanes; a kernel that knows nothing says 63 or 255. */
enum { LANES_MAX = 32, ATTRIBUTE_GREATEST = 4096 };

int pci_parse_number(const char *text, size_t len, uint32_t *ret)
{
	struct slice s = slice_trim((struct slice) { text, len });
	uint32_t value;
	int rc = slice_starts(s, "0x") ? slice_number(s, 16, &value) : -EINVAL;

	if (rc < 0)
		return rc;
	if (value > 0xffffff)
		return -ERANGE;
	*ret = value;
	return 0;
}

bool pci_is_address(const char *name)
{
	/* dddd:bb:dd.f; a domain has four digits or, with VMD, more. */
	struct slice rest = { name, strlen(name) }, part[3];
	uint32_t number;

	if (!slice_cut(&rest, ':', &part[0]) || !slice_cut(&rest, ':', &part[1]) ||
	    !slice_cut(&rest, '.', &part[2]))
		return false;
	for (int i = 0; i < 3; i++) {
		if (part[i].len < (i == 0 ? 4 : 2) || slice_number(part[i], 16, &number) < 0)
			return false;
	}
	return rest.len == 1 && rest.text[0] >= '0' && rest.text[0] <= '7';
}

bool pci_is_listed(uint32_t vendor, uint32_t device, uint32_t class_code)
{
	if (class_code >> 16 != CLASS_NETWORK)
		return false;
	return vendor == VENDOR_MELLANOX || (vendor == VENDOR_MICROSOFT && device == DEVICE_MANA);
}

enum link_layer pci_link_layer(const struct nic_facts *nic)
{
	if (nic_is_infiniband(nic))
		return LINK_LAYER_INFINIBAND;
	return nic->class_code == CLASS_ETHERNET ? LINK_LAYER_ETHERNET : LINK_LAYER_UNKNOWN;
}

static bool read_number(const struct host *h, const char *name, const char *attribute,
			uint32_t *ret)
{
	char path[128], text[32];

	return TEXT_FORMAT(path, DEVICES "/%s/%s", name, attribute) == 0 &&
	       HOST_READ_LINE(h, path, text) == 0 && pci_parse_number(text, strlen(text), ret) == 0;
}

int pci_parse_speed(const char *text, size_t len, unsigned *ret)
{
	struct slice rest = { text, len }, number, unit, whole;
	uint32_t value, tenths = 0;

	if (!slice_word(&rest, &number) || !slice_word(&rest, &unit) || !slice_eq(unit, "GT/s"))
		return -EINVAL;
	whole = number;
	if (slice_cut(&number, '.', &whole) &&
	    (number.len != 1 || slice_number(number, 10, &tenths) < 0))
		return -EINVAL;
	if (slice_number(whole, 10, &value) < 0 || value > 1000)
		return -EINVAL;
	*ret = value * 10 + tenths;
	return 0;
}

/* A decimal attribute; `otherwise` for -1, and for what is no such number. */
static int read_decimal(const struct host *h, const char *name, const char *attribute,
			int otherwise)
{
	char path[128], text[32];
	uint32_t value;

	if (TEXT_FORMAT(path, DEVICES "/%s/%s", name, attribute) < 0 ||
	    HOST_READ_LINE(h, path, text) < 0 ||
	    slice_number((struct slice) { text, strlen(text) }, 10, &value) < 0 ||
	    value > ATTRIBUTE_GREATEST)
		return otherwise;
	return (int)value;
}

static void read_link(const struct host *h, const char *address, const char *which,
		      unsigned *ret_gtps_x10, unsigned *ret_width)
{
	char path[128], text[32];

	(void)TEXT_FORMAT(path, DEVICES "/%s/%s_link_speed", address, which);
	if (HOST_READ_LINE(h, path, text) == 0)
		(void)pci_parse_speed(text, strlen(text), ret_gtps_x10);
	(void)TEXT_FORMAT(path, "%s_link_width", which);
	*ret_width = (unsigned)read_decimal(h, address, path, 0);
	if (*ret_width > LANES_MAX)
		*ret_width = 0;
}

static void read_place(const struct host *h, struct nic_facts *nic)
{
	read_link(h, nic->address, "current", &nic->link_gtps_x10, &nic->link_width);
	read_link(h, nic->address, "max", &nic->most_gtps_x10, &nic->most_width);
	nic->numa_node = read_decimal(h, nic->address, "numa_node", -1);
}

struct listing {
	const struct host *host;
	struct facts *facts;
};

static int read_function(void *ctx, const char *name)
{
	struct listing *l = ctx;
	struct nic_facts *nic = &l->facts->nics[l->facts->nnics];
	uint32_t vendor, device, class_code;
	char path[128];

	if (l->facts->nnics == FACTS_NICS_MAX || !pci_is_address(name) ||
	    !read_number(l->host, name, "vendor", &vendor) ||
	    !read_number(l->host, name, "device", &device) ||
	    !read_number(l->host, name, "class", &class_code) ||
	    !pci_is_listed(vendor, device, class_code))
		return 0;
	*nic = (struct nic_facts) { .vendor = (uint16_t)vendor,
				    .device = (uint16_t)device,
				    .class_code = (uint16_t)(class_code >> 8) };
	if (TEXT_COPY(nic->address, name) < 0)
		return 0;
	nic->link_layer = pci_link_layer(nic);
	(void)TEXT_FORMAT(path, DEVICES "/%s/driver", name);
	if (host_read_link_name(l->host, path, nic->driver, sizeof nic->driver) < 0)
		nic->driver[0] = '\0';
	read_place(l->host, nic);
	l->facts->nnics++;
	return 0;
}

void pci_read(const struct host *h, struct facts *ret)
{
	struct listing l = { h, ret };

	ret->nnics = 0;
	(void)!host_list(h, DEVICES, read_function, &l);
}
