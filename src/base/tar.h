/* base/tar.h - the heads of files in a tar archive of the plainest kind: regular files only, which
 * any tar program unpacks.
 *
 * Source: POSIX.1-2017, pax, "ustar Interchange Format". A head is a block of 512 bytes, the file
 * follows, filled with zeros to whole blocks; two blocks of zeros are the end. Heads are the same
 * for the same path and size: owner 0, mode 0644, time 0. */
#pragma once

#include <stdint.h>

enum { TAR_BLOCK = 512, TAR_PATH_MAX = 255 };

struct tar_entry {
	char path[TAR_PATH_MAX + 1];
	uint64_t size;
};

/* Returns 0, or -ENAMETOOLONG or -EFBIG for what has no place in a head. */
int tar_write_head(const struct tar_entry *entry, char ret[static TAR_BLOCK]);

/* Returns 0; -ENODATA at the end of the archive; -EINVAL if the block is no head of a regular
 * file. */
int tar_parse_head(const char block[static TAR_BLOCK], struct tar_entry *ret);

/* Write a head to the file; write zeros, at most two blocks of them. Return 0 or -errno. */
int tar_put_head(int fd, const char *path, uint64_t size);
int tar_put_zeros(int fd, uint64_t size);

/* A whole file of the archive: head, text, zeros. */
int tar_put_text(int fd, const char *path, const void *text, uint64_t size);

/* The end of the archive. */
int tar_put_end(int fd);

/* What fills a file of this size to whole blocks. */
uint64_t tar_padding(uint64_t size);
