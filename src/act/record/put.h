/* act/record/put.h - what a run has put on the disk, with versions, sources and digests, for its
 * entry in the receipt. */
#pragma once

#include "base/json.h"

struct journal;
struct package_context;

/* {"format": "deb"|"rpm"|null, "packages": [{"name", "version", "arch", "url"|null,
 * "sha256"|null, "sha512"|null, "vendor"|null}], "files": [{"path", "bytes", "sha1"|null,
 * "sha256"}]}. Packages come from the transactions of the journal, files are read from the disk as
 * they are now; `version` is this program's, of which there may be a copy. `c` may be NULL: then no
 * package manager is asked. A new reference, NULL without memory. */
json_t *put_to_json(const struct package_context *c, const struct journal *j, const char *version);
