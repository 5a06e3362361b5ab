/* act/names.h - gives RDMA devices the names of facts/rdma_names.h.
 *
 * A device that a program has open is left as it is: its user may look it up by its name again. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"

struct facts;
struct host;

/* The devices that are to be named, as [{"from","to"}], of all functions, or of the one at this PCI
 * address: a new reference, NULL without memory. */
json_t *names_missing(const struct facts *f, const char *pci);

/* Has a program a device of dev/infiniband open? `ret` names it: "pid 812 (mpirun)". */
bool names_user(const struct host *h, char *ret, size_t size);

/* Rename each "from" into its "to", by `rdma dev set` or rdma_rename. What fails, and what a user
 * keeps from being renamed, is said in the log. Returns how many have not the name now. */
unsigned names_give(const struct host *h, const json_t *pairs);

/* The reverse. */
void names_take(const struct host *h, const json_t *pairs);
