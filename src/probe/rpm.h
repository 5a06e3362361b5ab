/* probe/rpm.h - the package database of rpm.
 *
 * Source: `rpm -qa --qf "%{NAME} %{VERSION}-%{RELEASE}\n"` (rpm(8)): its files have had three
 * formats since RHEL 7. A world that knows its packages has exactly this argv among its "commands",
 * with a line break at the end of the format. */
#pragma once

#include <stddef.h>

struct facts;
struct host;
struct package_set;

/* Add to *ret the listed packages in lines of "NAME VERSION-RELEASE". Two versions of one package,
 * which are what an interrupted transaction leaves, make it half installed; packages of modules may
 * be there once for each kernel. */
void rpm_parse(const char *text, size_t len, struct package_set *ret);

/* packages_known stays false where rpm does not answer. */
void rpm_read(const struct host *h, struct facts *ret);
