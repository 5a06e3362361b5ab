/* probe/smbios.h - is this machine an Azure VM, by what its firmware says?
 *
 * Source: sys/class/dmi/id/chassis_asset_tag, which on Azure is a constant (cloud-init's and
 * systemd's test as well). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct facts;
struct host;

bool smbios_is_azure(const char *tag, size_t len);
void smbios_read(const struct host *h, struct facts *ret);
