/* tests/fuzz/fuzz_port.c - attributes of RDMA ports, and the addresses of their interfaces. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probe/kernel.h"
#include "probe/netdev.h"
#include "probe/port.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	enum port_state state = PORT_STATE_UNKNOWN;
	enum port_phys_state phys = PORT_PHYS_UNKNOWN;
	enum link_layer layer = LINK_LAYER_UNKNOWN;
	char address[128] = "", lockdown[24] = "";
	uint32_t number = 0;
	uint16_t pkey = 0;

	(void)port_parse_state(text, size, &state);
	(void)port_parse_phys_state(text, size, &phys);
	(void)port_parse_link_layer(text, size, &layer);
	(void)port_parse_rate(text, size, &number);
	(void)port_parse_lid(text, size, &number);
	(void)port_parse_pkey(text, size, &pkey);
	(void)kernel_parse_secure_boot(text, size);
	(void)kernel_parse_lockdown(text, size, lockdown, sizeof lockdown);
	if (state > PORT_ACTIVE || phys > PORT_PHYS_TEST)
		abort();
	if (size > 0 && size < sizeof address)
		memcpy(address, data, size);
	(void)netdev_address_has_guid(address, address);
	return 0;
}
