/* probe/release.h - what the release of a kernel says by its form, and which of two is newer.
 *
 * Sources: how distributions name their kernels: Ubuntu "5.15.0-1064-azure", Debian
 * "6.1.0-56-cloud-amd64", RHEL "5.14.0-503.el9.x86_64+rt", Oracle "5.4.17-2136.el7uek.x86_64", SLES
 * "5.3.18-150300.59-default" (facts/catalog.md, sections 4 and 6). */
#pragma once

#include <stddef.h>

/* "azure", "generic", "cloud", "rt", "64k", "uek", "default", ...; "" if the release names none. */
void release_flavour(const char *release, char *ret, size_t size);

/* Less than, equal to or greater than 0 as `a` is older than `b`, the same, or newer: runs of
 * digits as numbers, runs of letters as text and older than a number, as rpm compares them. */
int release_compare(const char *a, const char *b);
