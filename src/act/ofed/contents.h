/* act/ofed/contents.h - the packages that an unpacked tarball holds, by the names of its files. */
#pragma once

#include <stddef.h>

#include "base/json.h"

struct host;

/* "libibverbs1" of libibverbs1_58mlnx43-1_amd64.deb, "rdma-core" of
 * rdma-core-58mlnx43-1.x86_64.rpm. Returns 0, or -EINVAL where the file is no package. */
int contents_name(const char *file, char *ret, size_t size);

/* The names of all packages below the directory (below the root), each once: an array of texts, a
 * new reference; NULL without memory. */
json_t *contents_list(const struct host *h, const char *dir);
