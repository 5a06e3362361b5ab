/* probe/redhat.h - the one line of etc/redhat-release and its kin.
 *
 * Sources: etc/centos-release, etc/oracle-release, etc/redhat-release: "CentOS Linux
 * release 7.6.1810 (Core)", "Red Hat Enterprise Linux Server release 7.4 (Maipo)". CentOS 7 and 8
 * say only "7" and "8" in os-release; EL 6 has no os-release. */
#pragma once

#include <stddef.h>

struct os_facts;

/* Fill id, version ("7.6": two parts at most), like and pretty from such a line. Returns 0, or
 * -EINVAL and leaves *ret as it was if it names no distribution that we know, or no version. */
int redhat_parse(const char *text, size_t len, struct os_facts *ret);
