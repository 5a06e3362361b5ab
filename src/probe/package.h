/* probe/package.h - which packages of the RDMA set are installed, and which package manager this
 * distribution has.
 *
 * Sources: var/lib/dpkg/status (deb-control(5), dpkg-query(1) for the words of Status); rpm.h. The
 * names are those of Debian's and Ubuntu's archives, RHEL's, SLES' and Azure Linux' repositories,
 * and the vendor's bundles (facts/catalog.md, 5 and 6). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "facts/facts.h"

struct host;

struct package_set {
	struct package_facts at[FACTS_PACKAGES_MAX];
	size_t count;
	char holds[160]; /* kernel and RDMA packages that dpkg keeps as they are */
};

/* Is it one of the packages whose state is a fact: those that make an RDMA stack, and a few others
 * that a plan depends on? */
bool package_is_listed(const char *name);

/* Does it make an RDMA stack, or is it a kernel, its modules or its headers? What an owner locks of
 * these, a plan cannot change. */
bool package_is_rdma(const char *name);
bool package_is_kernel(const char *name);

/* As package_is_rdma, for any of the names that a pattern (fnmatch(3)) stands for; "*" alone stands
 * for none of them. */
bool package_is_rdma_pattern(const char *pattern);

/* A name that is known already keeps its version, and becomes half installed if this one is. */
void package_set_add(struct package_set *set, const struct package_facts *package);

/* Make the set that of the facts, as known. */
void package_set_give(const struct package_set *set, struct facts *ret);

/* Add to *ret the listed packages that the text of a dpkg status file shows as installed or
 * half-way there; those that were removed are not. One name comes once, also when it is installed
 * for two architectures. "hold" as the first word of Status, for a kernel or an RDMA package, goes
 * to ret->holds. */
void package_parse_dpkg(const char *text, size_t len, struct package_set *ret);

void package_read(const struct host *h, struct facts *ret);
