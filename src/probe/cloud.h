/* probe/cloud.h - whether cloud-init runs, and whether it writes the network's configuration.
 *
 * Source: usr/bin/cloud-init; etc/cloud/cloud-init.disabled; etc/cloud/cloud.cfg and cloud.cfg.d/,
 * where "network: {config: disabled}" keeps it off the network (cloud-init's manual, "Network
 * configuration"); "cloud-init=disabled" and "network-config=disabled" in proc/cmdline. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct facts;
struct host;

/* Does the text of a .cfg file switch the network's configuration off? In YAML's block or flow
 * form; comments do not count. */
bool cloud_parse_network_disabled(const char *text, size_t len);

/* Needs packages. */
void cloud_read(const struct host *h, struct facts *ret);
