/* probe/limits.h - how much memory a session, and a service, may lock: RDMA needs it registered.
 *
 * Sources: etc/security/limits.conf, then etc/security/limits.d/<name>.conf in byte order
 * (limits.conf(5)): lines "<domain> <soft|hard|-> memlock <value>" of the domain "*", the last one
 * counts; etc/systemd/system.conf and the drop-ins of system.conf.d (systemd-system.conf(5)):
 * DefaultLimitMEMLOCK=, "soft:hard" or one value for both; proc/sys/fs/nr_open. */
#pragma once

#include <stddef.h>

#include "facts/facts.h"

struct host;

/* Take over what a file of pam_limits says of "*". */
void limits_parse_session(const char *text, size_t len, struct limit_facts *ret);

/* Take over DefaultLimitMEMLOCK of a file of systemd's; an empty value sets the default again. */
void limits_parse_services(const char *text, size_t len, struct limit_facts *ret);

void limits_read(const struct host *h, struct facts *ret);
