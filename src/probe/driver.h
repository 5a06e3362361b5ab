/* probe/driver.h - whose RDMA stack is installed: nobody's, the distribution's, or one of the
 * vendor's.
 *
 * Sources: the packages and modules; `ofed_info -s`, which both of the vendor's stacks bring
 * ("MLNX_OFED_LINUX-5.5-1.0.3.2:", with DOCA "OFED-internal-24.10-0.7.0:";
 * facts/procedure.md, 2.1). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "facts/facts.h"

struct host;

/* The version in the text of `ofed_info`, when it names MLNX_OFED: 0 with "5.5-1.0.3.2" in *ret,
 * else -EINVAL and *ret as it was. */
int driver_parse_ofed_info(const char *text, size_t len, char *ret, size_t size);

/* Set driver.kind and driver.version by packages and modules, and by the MLNX_OFED version that
 * ofed_info tells ("" if it does not). Pure. */
void driver_classify(struct facts *f, bool has_ofed_info, const char *ofed_version);

/* Needs packages and modules. Runs ofed_info only where it is installed. */
void driver_read(const struct host *h, struct facts *ret);
