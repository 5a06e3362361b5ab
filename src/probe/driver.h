/* probe/driver.h - whose RDMA stack is installed: nobody's, the distribution's, or one of the
 * vendor's.
 *
 * Sources: the packages and modules; `ofed_info -s`, which both of the vendor's stacks bring, and
 * Azure Linux' own packages as well: "MLNX_OFED_LINUX-5.5-1.0.3.2:", with DOCA
 * "OFED-internal-24.10-0.7.0:", as -n also "25.10-OFED.25.10.0.2.8.1" (facts/catalog.md, 5 and 7;
 * facts/procedure.md, 2.1). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "facts/facts.h"

struct host;

/* What ofed_info names: the bundle, or no more than the OFED inside of DOCA or of a rebuild. */
struct ofed_info {
	enum { OFED_NONE = 0, OFED_MLNX, OFED_INTERNAL } kind;
	char version[64]; /* "5.5-1.0.3.2", "24.10-0.7.0" */
};

/* The first form that the text of `ofed_info` has: 0, else -EINVAL and *ret as it was. */
int driver_parse_ofed_info(const char *text, size_t len, struct ofed_info *ret);

/* Set driver.kind and driver.version by packages and modules, and by what ofed_info says where it
 * is installed (NULL: it is not). Pure. */
void driver_classify(struct facts *f, const struct ofed_info *ofed);

/* Needs packages and modules. Runs ofed_info only where it is installed. */
void driver_read(const struct host *h, struct facts *ret);
