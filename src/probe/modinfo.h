/* probe/modinfo.h - which kernel the file of a module was built for, and whether it is signed.
 *
 * Sources: the section .modinfo of the ELF file (elf(5); linux/moduleparam.h), whose entries end in
 * NUL; the mark at the end of a signed one (Documentation/admin-guide/module-signing.rst). Only a
 * few hundred bytes of the file are read: it may have megabytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct facts;
struct host;

struct modinfo_span {
	uint64_t offset, size;
};

/* Where the section headers are, by the first 64 bytes of a 64-bit little endian ELF file. Returns
 * 0, or -EINVAL if it is no such file. */
int modinfo_parse_header(const char *bytes, size_t len, struct modinfo_span *ret_sections,
			 unsigned *ret_names);

/* The nth section by the bytes of all section headers; `ret_name` is where its name begins among
 * the names. Returns 0, or -EINVAL past the end. */
int modinfo_parse_section(const char *bytes, size_t len, unsigned n, struct modinfo_span *ret,
			  uint32_t *ret_name);

/* The release in "vermagic=6.1.0-56-amd64 SMP preempt ...", somewhere in the bytes. Returns 0, or
 * -EINVAL and leaves *ret as it was. */
int modinfo_parse_vermagic(const char *bytes, size_t len, char *ret, size_t size);

/* All of the value in "key=value", somewhere in the bytes. Returns 0, or -EINVAL and leaves *ret as
 * it was; so where it does not fit. */
int modinfo_parse_value(const char *bytes, size_t len, const char *key, char *ret, size_t size);

/* The same of a file that is not compressed; "" where it cannot be read, or has none. */
void modinfo_read_value(const struct host *h, const char *path, const char *key, char *ret,
			size_t size);

/* Does a file that ends in these bytes bear a signature? */
bool modinfo_is_signed(const char *tail, size_t len);

/* Needs modules. Looks at mlx5_core, mlx5_ib, mlx4_ib and ib_core: at their files where these are
 * not compressed, and at what sys/module/<name>/srcversion says of those in memory. */
void modinfo_read(const struct host *h, struct facts *ret);
