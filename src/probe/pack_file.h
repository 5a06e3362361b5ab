/* probe/pack_file.h - the file of a pack: its manifest, its signature, its modules.
 *
 * An open file is read where it is needed, wherever its offset is; facts/pack.h tells the format.
 * Each function returns 0, or -EINVAL with what is wrong, as a clause, in `why`. */
#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "facts/pack.h"

struct trusted_keys;

int pack_file_read(int fd, struct pack *ret, char *why, size_t why_size);

/* Has one of these keys signed it? `signature` is the text of FILE.minisig, empty where there is
 * none. */
int pack_file_verify(int fd, const struct buf *signature, const struct trusted_keys *keys,
		     char *why, size_t why_size);

/* Call `take` for each module with the file's offset at its first byte. Stops at the first result
 * that is not 0 and returns it. A file that holds other modules than its manifest is -EINVAL,
 * before the first call that would be wrong. */
int pack_file_walk(int fd, const struct pack *p, int (*take)(void *ctx, unsigned at, int fd),
		   void *ctx, char *why, size_t why_size);

/* Has every module the digest that the manifest gives? */
int pack_file_check(int fd, const struct pack *p, char *why, size_t why_size);
