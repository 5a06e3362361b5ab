/* tests/unit/base/test_digest.c - SHA-256 against the examples of FIPS 180-2, appendix B. */
#include "rows.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/fs.h"

static const struct {
	const char *name, *text, *want;
} rows[] = {
	{ "the empty message", "",
	  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "one block", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "two blocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

static void digests_messages(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char got[DIGEST_TEXT_SIZE];

		digest_of(rows[i].text, strlen(rows[i].text), got);
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("digest_of: %s: %s", rows[i].name, got);
	}
}

static void digests_a_million_letters_of_a_file(void **unused)
{
	FILE *f = tmpfile();
	char got[DIGEST_TEXT_SIZE];
	char piece[1000];

	(void)unused;
	assert_non_null(f);
	memset(piece, 'a', sizeof piece);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(fs_write_all(fileno(f), piece, sizeof piece), 0);
	assert_int_equal(lseek(fileno(f), 0, SEEK_SET), 0);
	assert_int_equal(digest_of_fd(fileno(f), got), 0);
	assert_string_equal(got,
			    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	/* What follows in the file, and nothing does any more. */
	assert_int_equal(digest_of_fd(fileno(f), got), 0);
	assert_string_equal(got, rows[0].want);
	(void)fclose(f);
}

static void says_why_it_cannot_read(void **unused)
{
	char got[DIGEST_TEXT_SIZE] = "kept";

	(void)unused;
	assert_int_equal(digest_of_fd(-1, got), -EBADF);
	assert_string_equal(got, "kept");
}

/* A part of a file, to another file or to none; and where the file ends before. */
static void digests_what_it_copies(void **unused)
{
	FILE *from = tmpfile(), *to = tmpfile();
	char got[DIGEST_TEXT_SIZE], whole[DIGEST_TEXT_SIZE], back[8] = "";

	(void)unused;
	assert_true(from && to);
	assert_int_equal(fs_write_all(fileno(from), "xabcxyz", 7), 0);
	assert_int_equal(lseek(fileno(from), 1, SEEK_SET), 1);
	digest_of("abc", 3, whole);
	assert_int_equal(digest_copy(fileno(from), 3, fileno(to), got), 0);
	assert_string_equal(got, whole);
	assert_int_equal(pread(fileno(to), back, sizeof back, 0), 3);
	assert_string_equal(back, "abc");
	assert_int_equal(digest_copy(fileno(from), 3, -1, got), 0);
	digest_of("xyz", 3, whole);
	assert_string_equal(got, whole);
	assert_int_equal(digest_copy(fileno(from), 1, -1, got), -ENODATA);
	assert_int_equal(digest_copy(-1, 1, -1, got), -EBADF);
	assert_string_equal(got, whole);
	(void)fclose(from);
	(void)fclose(to);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_messages),
		cmocka_unit_test(digests_a_million_letters_of_a_file),
		cmocka_unit_test(says_why_it_cannot_read),
		cmocka_unit_test(digests_what_it_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
