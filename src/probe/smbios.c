/* probe/smbios.c - reads the chassis asset tag. */
#include "probe/smbios.h"

#include <string.h>

#include "facts/facts.h"
#include "host/host.h"
#include "probe/slice.h"

bool smbios_is_azure(const char *tag, size_t len)
{
	return slice_eq(slice_trim((struct slice) { tag, len }),
			"7783-7084-3265-9085-8269-3286-77");
}

void smbios_read(const struct host *h, struct facts *ret)
{
	char tag[64];

	if (HOST_READ_LINE(h, "sys/class/dmi/id/chassis_asset_tag", tag) == 0 &&
	    smbios_is_azure(tag, strlen(tag)))
		ret->vm.azure = true;
}
