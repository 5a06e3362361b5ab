/* probe/agent.h - the Azure Linux agent: which one runs, and whether it sets up RDMA.
 *
 * Sources: its package; var/lib/waagent/WALinuxAgent-<version>/, the versions that it updated
 * itself to; etc/waagent.conf, where each of OS.EnableRDMA, OS.UpdateRdmaDriver and
 * OS.CheckRdmaDriver turns RDMA on (azurelinuxagent/common/conf.py, enable_rdma). */
#pragma once

#include <stddef.h>

#include "facts/facts.h"

struct host;

/* YES if the text of waagent.conf turns RDMA on, else NO: that is the agent's default. */
enum tristate agent_parse_conf(const char *text, size_t len);

/* The version in the name of one of its directories, "WALinuxAgent-2.9.1.1". Returns 0, or -EINVAL
 * and leaves *ret as it was. */
int agent_parse_dir(const char *name, char *ret, size_t size);

/* Needs packages. Of package and directories the newest version is what runs. */
void agent_read(const struct host *h, struct facts *ret);
