/* act/rpm/metadata.h - the metadata of a repository, as dnf, yum, tdnf and zypper read it, from
 * what rpm says of package files. Pure.
 *
 * Source: createrepo_c, src/xml_dump_primary.c and xml_dump_repomd.c; rpm(8), QUERY FORMATS. Only
 * what solving and fetching need is in it, and all files of a package but sources stand in
 * primary.xml, so that there is no other list. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* A line for each thing: a letter, then fields, with tabs between. */
#define RPM_METADATA_FORMAT                                                                        \
	"n\\t%{NAME}\\na\\t%{ARCH}\\ne\\t%{EPOCHNUM}\\nv\\t%{VERSION}\\nr\\t%{RELEASE}\\n"         \
	"b\\t%{BUILDTIME}\\ns\\t%{SIZE}\\nm\\t%{SOURCERPM}\\n"                                     \
	"[P\\t%{PROVIDEFLAGS}\\t%{PROVIDEVERSION}\\t%{PROVIDENAME}\\n]"                            \
	"[R\\t%{REQUIREFLAGS}\\t%{REQUIREVERSION}\\t%{REQUIRENAME}\\n]"                            \
	"[C\\t%{CONFLICTFLAGS}\\t%{CONFLICTVERSION}\\t%{CONFLICTNAME}\\n]"                         \
	"[O\\t%{OBSOLETEFLAGS}\\t%{OBSOLETEVERSION}\\t%{OBSOLETENAME}\\n]"                         \
	"[F\\t%{FILENAMES}\\n]"

struct rpm_file_is {
	const char *name; /* below the repository */
	const char *sha256;
	int64_t bytes;
};

/* Add the package that `said` tells of, the output of a query with that format. Returns 0, -EINVAL
 * if it tells of none, or -ENOMEM. */
int rpm_metadata_add(const char *said, const struct rpm_file_is *file, struct buf *ret);

/* primary.xml of `count` packages. Returns 0 or -ENOMEM. */
int rpm_metadata_primary(const struct buf *packages, size_t count, struct buf *ret);

/* repomd.xml of a primary.xml. */
int rpm_metadata_index(const struct buf *primary, struct buf *ret);
