/* tests/unit/base/test_tar.c - heads of an archive, written and read back, and those that are none.
 */
#include "rows.h"

#include <errno.h>

#include "base/tar.h"

static const char long_dir[] = "lib/modules/6.14.0-1014-azure/updates/drivers/infiniband/hw/mlx5/"
			       "a-directory-with-a-name-that-is-longer-than-any-that-we-have-seen";

static const struct {
	const char *name, *path;
	uint64_t size;
	int rc;
} rows[] = {
	{ "a file", "manifest.json", 1234, 0 },
	{ "an empty one", "a", 0, 0 },
	{ "exactly as long as a name may be",
	  "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhhiiiiiiii"
	  "ii"
	  "jjjjjjjjjj",
	  1, 0 },
	{ "longer: divided at a slash", long_dir, 1, 0 },
	{ "without a slash it cannot be divided",
	  "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhhiiiiiiii"
	  "ii"
	  "jjjjjjjjjjk",
	  1, -ENAMETOOLONG },
	{ "no path", "", 1, -EINVAL },
	{ "the largest", "a", 077777777777, 0 },
	{ "larger", "a", 0100000000000, -EFBIG },
};

static void writes_and_reads_heads(void **unused)
{
	char block[TAR_BLOCK];

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct tar_entry entry = { .size = rows[i].size }, back;

		(void)TEXT_COPY(entry.path, rows[i].path);
		if (tar_write_head(&entry, block) != rows[i].rc)
			fail_msg("written: %s", rows[i].name);
		if (rows[i].rc == 0 && (tar_parse_head(block, &back) != 0 ||
					!text_eq(back.path, entry.path) || back.size != entry.size))
			fail_msg("read back: %s", rows[i].name);
	}
}

/* Whichever byte of a head is another, it is none of a file, or the checksum tells. */
static void every_byte_counts(void **unused)
{
	struct tar_entry entry = { .path = "a/b", .size = 5 }, back;
	char block[TAR_BLOCK];

	(void)unused;
	assert_int_equal(tar_write_head(&entry, block), 0);
	for (size_t i = 0; i < sizeof block; i++) {
		block[i] ^= 1;
		/* The checksum's own end is not looked at. */
		if (tar_parse_head(block, &back) == 0 && i != 155)
			fail_msg("byte %zu does not count", i);
		block[i] ^= 1;
	}
}

static void knows_the_end_and_other_kinds(void **unused)
{
	static const char end[TAR_BLOCK];
	char block[TAR_BLOCK] = "#!/bin/sh";
	struct tar_entry entry;

	(void)unused;
	assert_int_equal(tar_parse_head(end, &entry), -ENODATA);
	assert_int_equal(tar_parse_head(block, &entry), -EINVAL);
}

static void fills_to_whole_blocks(void **unused)
{
	(void)unused;
	assert_int_equal(tar_padding(0), 0);
	assert_int_equal(tar_padding(1), 511);
	assert_int_equal(tar_padding(511), 1);
	assert_int_equal(tar_padding(512), 0);
	assert_int_equal(tar_padding(513), 511);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_and_reads_heads),
		cmocka_unit_test(every_byte_counts),
		cmocka_unit_test(knows_the_end_and_other_kinds),
		cmocka_unit_test(fills_to_whole_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
