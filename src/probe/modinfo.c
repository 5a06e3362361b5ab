/* probe/modinfo.c - reads the few bytes of a module's file that tell what it is for. */
#include "probe/modinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "facts/facts.h"
#include "host/host.h"
#include "probe/slice.h"

/* Offsets in the structs of elf.h, 64 bits. */
enum {
	HEADER_SIZE = 64,
	HEADER_SECTIONS = 0x28,
	HEADER_SECTION_SIZE = 0x3a,
	HEADER_SECTION_COUNT = 0x3c,
	HEADER_SECTION_NAMES = 0x3e,
	SECTION_SIZE = 64,
	SECTION_OFFSET = 0x18,
	SECTION_LENGTH = 0x20,
};
enum { SECTIONS_MAX = 32 << 10, NAMES_MAX = 16 << 10, INFO_MAX = 32 << 10 };

static const char signature[] = "~Module signature appended~\n";

static uint64_t number_at(const char *bytes, size_t at, size_t size)
{
	uint64_t value = 0;

	for (size_t i = size; i-- > 0;)
		value = value << 8 | (unsigned char)bytes[at + i];
	return value;
}

int modinfo_parse_header(const char *bytes, size_t len, struct modinfo_span *ret_sections,
			 unsigned *ret_names)
{
	static const char magic[] = "\177ELF\2\1";

	if (len < HEADER_SIZE || memcmp(bytes, magic, strlen(magic)) != 0 ||
	    number_at(bytes, HEADER_SECTION_SIZE, 2) != SECTION_SIZE)
		return -EINVAL;
	ret_sections->offset = number_at(bytes, HEADER_SECTIONS, 8);
	ret_sections->size = number_at(bytes, HEADER_SECTION_COUNT, 2) * SECTION_SIZE;
	*ret_names = (unsigned)number_at(bytes, HEADER_SECTION_NAMES, 2);
	return 0;
}

int modinfo_parse_section(const char *bytes, size_t len, unsigned n, struct modinfo_span *ret,
			  uint32_t *ret_name)
{
	size_t at = (size_t)n * SECTION_SIZE;

	if (at >= len || len - at < SECTION_SIZE)
		return -EINVAL;
	*ret_name = (uint32_t)number_at(bytes, at, 4);
	ret->offset = number_at(bytes, at + SECTION_OFFSET, 8);
	ret->size = number_at(bytes, at + SECTION_LENGTH, 8);
	return 0;
}

/* What follows "key=", up to the NUL. */
static bool find_value(const char *bytes, size_t len, const char *key, struct slice *ret)
{
	char name[32];
	const char *at;

	(void)TEXT_FORMAT(name, "%s=", key);
	at = memmem(bytes, len, name, strlen(name));
	if (at == NULL)
		return false;
	at += strlen(name);
	*ret = (struct slice) { at, strnlen(at, len - (size_t)(at - bytes)) };
	return true;
}

int modinfo_parse_vermagic(const char *bytes, size_t len, char *ret, size_t size)
{
	struct slice rest, word;

	if (!find_value(bytes, len, "vermagic", &rest) || !slice_word(&rest, &word) ||
	    word.len >= size)
		return -EINVAL;
	slice_copy(word, ret, size);
	return 0;
}

int modinfo_parse_value(const char *bytes, size_t len, const char *key, char *ret, size_t size)
{
	struct slice value;

	if (!find_value(bytes, len, key, &value))
		return -EINVAL;
	value = slice_trim(value);
	if (value.len >= size)
		return -EINVAL;
	slice_copy(value, ret, size);
	return 0;
}

bool modinfo_is_signed(const char *tail, size_t len)
{
	size_t mark = strlen(signature);

	return len >= mark && memcmp(tail + len - mark, signature, mark) == 0;
}

/* A part of a file, at most `max` bytes of it; false if it is cut off there. */
static bool read_span(int fd, struct modinfo_span span, size_t max, struct buf *ret)
{
	char piece[4096];

	if (span.size > max || span.offset > INT64_MAX - span.size)
		return false;
	buf_clear(ret);
	while (ret->len < span.size) {
		size_t want = span.size - ret->len;
		ssize_t got = pread(fd, piece, want < sizeof piece ? want : sizeof piece,
				    (off_t)(span.offset + ret->len));

		if (got <= 0 || buf_add(ret, piece, (size_t)got) < 0)
			return false;
	}
	return true;
}

/* Where .modinfo is. False where the file has none, or is broken. */
static bool find_section(int fd, const struct buf *header, struct modinfo_span *ret)
{
	AUTO_BUF struct buf sections = { .max = SECTIONS_MAX }, names = { .max = NAMES_MAX };
	static const char wanted[] = ".modinfo";
	struct modinfo_span span;
	uint32_t name;
	unsigned n;

	if (modinfo_parse_header(buf_text(header), header->len, &span, &n) < 0 ||
	    !read_span(fd, span, SECTIONS_MAX, &sections) ||
	    modinfo_parse_section(buf_text(&sections), sections.len, n, &span, &name) < 0 ||
	    !read_span(fd, span, NAMES_MAX, &names))
		return false;
	for (n = 0; modinfo_parse_section(buf_text(&sections), sections.len, n, ret, &name) == 0;
	     n++) {
		if (name < names.len && text_eq(buf_text(&names) + name, wanted))
			return true;
	}
	return false;
}

/* What may hold the entries: .modinfo, or the whole of a short file that is no ELF, as worlds have
 * them. */
static bool read_info(int fd, uint64_t file_size, struct buf *ret)
{
	struct modinfo_span span = { 0, file_size < HEADER_SIZE ? file_size : HEADER_SIZE };
	struct modinfo_span all = { 0, file_size };

	if (!read_span(fd, span, HEADER_SIZE, ret))
		return false;
	return read_span(fd, find_section(fd, ret, &span) ? span : all, INFO_MAX, ret);
}

void modinfo_read_value(const struct host *h, const char *path, const char *key, char *ret,
			size_t size)
{
	AUTO_BUF struct buf b = { .max = INFO_MAX };
	AUTO_FD int fd = host_open(h, path, O_NONBLOCK);
	struct stat st;

	ret[0] = '\0';
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    read_info(fd, (uint64_t)st.st_size, &b))
		(void)modinfo_parse_value(buf_text(&b), b.len, key, ret, size);
}

static void read_module(const struct host *h, const char *release, struct module_facts *m)
{
	AUTO_BUF struct buf b = { .max = INFO_MAX };
	AUTO_FD int fd = -1;
	struct modinfo_span tail = { .size = strlen(signature) };
	char path[256];
	struct stat st;

	(void)TEXT_FORMAT(path, "lib/modules/%s/%s", release, m->path);
	fd = host_open(h, path, O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    !read_info(fd, (uint64_t)st.st_size, &b) ||
	    modinfo_parse_vermagic(buf_text(&b), b.len, m->vermagic, sizeof m->vermagic) < 0)
		return;
	(void)modinfo_parse_value(buf_text(&b), b.len, "srcversion", m->srcversion,
				  sizeof m->srcversion);
	tail.offset = (uint64_t)st.st_size - tail.size;
	m->is_signed = (uint64_t)st.st_size > tail.size && read_span(fd, tail, tail.size, &b) &&
				       modinfo_is_signed(buf_text(&b), b.len)
			       ? TRI_YES
			       : TRI_NO;
}

/* Of a module in memory: sys/module/<name>/srcversion, since Linux 2.6. */
static void read_loaded(const struct host *h, struct module_facts *m)
{
	char path[96], text[sizeof m->loaded_srcversion];

	(void)TEXT_FORMAT(path, "sys/module/%s/srcversion", m->name);
	if (m->loaded && HOST_READ_LINE(h, path, text) == 0)
		SLICE_COPY(((struct slice) { text, strlen(text) }), m->loaded_srcversion);
}

void modinfo_read(const struct host *h, struct facts *ret)
{
	static const char *const names[] = { "mlx5_core", "mlx5_ib", "mlx4_ib", "ib_core" };

	for (unsigned i = 0; i < ret->nmodules; i++) {
		struct module_facts *m = &ret->modules[i];

		for (size_t k = 0; k < ARRAY_SIZE(names); k++) {
			if (!text_eq(m->name, names[k]))
				continue;
			if (text_ends(m->path, ".ko"))
				read_module(h, ret->kernel.release, m);
			read_loaded(h, m);
		}
	}
}
