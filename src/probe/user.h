/* probe/user.h - loaded modules that hang on the RDMA stack without being of it: Lustre, BeeGFS,
 * peer memory of GPUs, storage and NFS over RDMA.
 *
 * Sources: the users in proc/modules (proc(5)); sys/module/<name>/holders where there is none.
 * rdma-core loads the kernel's own protocols (iSER, SRP, NFS over RDMA) on many systems without
 * anybody using them (its kernel-boot/modules/rdma.conf): they count only while something refers to
 * them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "facts/facts.h"

struct host;

/* Is it a module of the stack itself: core, drivers of adapters, IPoIB, user access? */
bool user_is_of_stack(const char *name);

/* Add each user once, with the first module of the stack that it holds. */
void user_parse(const char *text, size_t len, struct facts *ret);

void user_read(const struct host *h, struct facts *ret);
