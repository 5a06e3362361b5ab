/* probe/package.h - which packages of the RDMA set are installed, and which package manager this
 * distribution has.
 *
 * Source: var/lib/dpkg/status (deb-control(5), dpkg-query(1) for the words of Status). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "facts/facts.h"

struct host;

struct package_set {
	struct package_facts at[FACTS_PACKAGES_MAX];
	size_t count;
};

/* Is it one of the packages that make an RDMA stack? */
bool package_is_listed(const char *name);

/* Add to *ret the listed packages that the text of a dpkg status file shows as installed or
 * half-way there; those that were removed are not. One name comes once, also when it is installed
 * for two architectures. */
void package_parse_dpkg(const char *text, size_t len, struct package_set *ret);

void package_read(const struct host *h, struct facts *ret);
