/* base/digest.h - SHA-256, by libsodium. Digests are text: 64 lower-case hexadecimal digits. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { DIGEST_TEXT_SIZE = 65 };

void digest_of(const void *data, size_t len, char ret[static DIGEST_TEXT_SIZE]);

/* Of all that follows in an open file. Returns 0 or -errno. */
int digest_of_fd(int fd, char ret[static DIGEST_TEXT_SIZE]);

/* Of the next `size` bytes of an open file, which are written to `to` as well, unless that is -1.
 * Returns 0 or -errno; -ENODATA if the file ends before. */
int digest_copy(int from, uint64_t size, int to, char ret[static DIGEST_TEXT_SIZE]);
