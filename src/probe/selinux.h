/* probe/selinux.h - whether SELinux rules this machine.
 *
 * Sources: sys/fs/selinux/enforce (selinux(8)); SELINUX= in etc/selinux/config
 * (selinux_config(5)). */
#pragma once

#include <stddef.h>

struct facts;
struct host;

/* The word after SELINUX= in the text of etc/selinux/config: 0 with one of "enforcing",
 * "permissive", "disabled" in *ret, else -EINVAL and *ret as it was. */
int selinux_parse_config(const char *text, size_t len, char *ret, size_t size);

/* What the kernel does, else what the configuration says of the next boot; "disabled" live where
 * the kernel shows no SELinux. Empty where there is nothing of it. */
void selinux_read(const struct host *h, struct facts *ret);
