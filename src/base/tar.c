/* base/tar.c - writes and reads the heads of a tar archive. */
#include "base/tar.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/fs.h"
#include "base/text.h"

/* The head, byte by byte; numbers are octal digits. */
struct head {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type;
	char link[100], magic[6], version[2], uname[32], gname[32], major[8], minor[8];
	char prefix[155], rest[12];
};
_Static_assert(sizeof(struct head) == TAR_BLOCK, "a head is a block");

enum { DIGITS_OF_SIZE = 11 };

/* The checksum counts as eight blanks in itself. */
static unsigned checksum_of(const struct head *h)
{
	const unsigned char *bytes = (const unsigned char *)h;
	size_t at = offsetof(struct head, checksum);
	unsigned sum = 0;

	for (size_t i = 0; i < sizeof *h; i++)
		sum += i >= at && i < at + sizeof h->checksum ? ' ' : bytes[i];
	return sum;
}

/* A path of more than 100 bytes is divided at a slash. */
static int put_path(struct head *h, const char *path)
{
	size_t len = strlen(path), cut = 0;

	if (len == 0)
		return -EINVAL;
	if (len > sizeof h->name) {
		cut = len - sizeof h->name - 1;
		cut += strcspn(path + cut, "/");
		if (cut + 1 >= len || cut > sizeof h->prefix)
			return -ENAMETOOLONG;
		memcpy(h->prefix, path, cut);
		path += cut + 1;
	}
	memcpy(h->name, path, strlen(path));
	return 0;
}

int tar_write_head(const struct tar_entry *entry, char ret[static TAR_BLOCK])
{
	struct head h = { .mode = "0000644",
			  .uid = "0000000",
			  .gid = "0000000",
			  .mtime = "00000000000",
			  .type = '0',
			  .magic = "ustar",
			  .version = { '0', '0' } };
	int rc = put_path(&h, entry->path);

	if (rc < 0)
		return rc;
	if (entry->size >> (3 * DIGITS_OF_SIZE) != 0)
		return -EFBIG;
	(void)TEXT_FORMAT(h.size, "%011llo", (unsigned long long)entry->size);
	(void)text_format(h.checksum, sizeof h.checksum - 1, "%06o", checksum_of(&h));
	h.checksum[sizeof h.checksum - 1] = ' ';
	memcpy(ret, &h, sizeof h);
	return 0;
}

/* Octal digits up to a blank or NUL. */
static int take_number(const char *text, size_t size, uint64_t *ret)
{
	uint64_t value = 0;
	size_t i = 0;

	for (; i < size && text[i] >= '0' && text[i] <= '7'; i++)
		value = value << 3 | (uint64_t)(text[i] - '0');
	if (i == 0 || (i < size && text[i] != ' ' && text[i] != '\0'))
		return -EINVAL;
	*ret = value;
	return 0;
}

static void take_path(const struct head *h, char *ret, size_t size)
{
	int prefix = (int)strnlen(h->prefix, sizeof h->prefix);
	int name = (int)strnlen(h->name, sizeof h->name);

	(void)text_format(ret, size, "%.*s%s%.*s", prefix, h->prefix, prefix > 0 ? "/" : "", name,
			  h->name);
}

static bool is_end(const char *block)
{
	for (size_t i = 0; i < TAR_BLOCK; i++)
		if (block[i] != '\0')
			return false;
	return true;
}

int tar_parse_head(const char block[static TAR_BLOCK], struct tar_entry *ret)
{
	struct tar_entry entry;
	uint64_t checksum;
	struct head h;

	if (is_end(block))
		return -ENODATA;
	memcpy(&h, block, sizeof h);
	if (memcmp(h.magic, "ustar", sizeof h.magic) != 0 || (h.type != '0' && h.type != '\0') ||
	    take_number(h.checksum, sizeof h.checksum, &checksum) < 0 ||
	    checksum != checksum_of(&h) || take_number(h.size, sizeof h.size, &entry.size) < 0)
		return -EINVAL;
	take_path(&h, entry.path, sizeof entry.path);
	*ret = entry;
	return 0;
}

uint64_t tar_padding(uint64_t size)
{
	return (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
}

int tar_put_zeros(int fd, uint64_t size)
{
	static const char zeros[2 * TAR_BLOCK];

	return size > sizeof zeros ? -EINVAL : fs_write_all(fd, zeros, size);
}

int tar_put_head(int fd, const char *path, uint64_t size)
{
	struct tar_entry entry = { .size = size };
	char block[TAR_BLOCK];
	int rc = TEXT_COPY(entry.path, path);

	if (rc == 0)
		rc = tar_write_head(&entry, block);
	return rc < 0 ? rc : fs_write_all(fd, block, sizeof block);
}

int tar_put_text(int fd, const char *path, const void *text, uint64_t size)
{
	int rc = tar_put_head(fd, path, size);

	if (rc == 0)
		rc = fs_write_all(fd, text, size);
	return rc < 0 ? rc : tar_put_zeros(fd, tar_padding(size));
}

int tar_put_end(int fd)
{
	return tar_put_zeros(fd, 2 * TAR_BLOCK);
}
