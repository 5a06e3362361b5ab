/* tests/unit/base/test_digest.c - SHA-256 against the examples of FIPS 180-2, appendix B. */
#include "rows.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/fs.h"
#include "base/sha1.h"

static const struct {
	const char *name, *text, *want;
} rows[] = {
	{ "the empty message", "",
	  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "one block", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "two blocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

/* FIPS 180-4's examples, and the lengths around a block's end, by coreutils' sha1sum. */
static const struct {
	const char *name;
	size_t letters; /* 'a' */
	const char *want;
} sha1_rows[] = {
	{ "the empty message", 0, "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
	{ "one letter", 1, "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8" },
	{ "its size still fits", 55, "c1c8bbdc22796e28c0e15163d20899b65621d65a" },
	{ "its size does not fit any more", 56, "c2db330f6083854c99d4b5bfb6e8f29f201be699" },
	{ "a whole block", 64, "0098ba824b5c16427bd7a1122a5a442a25ec644d" },
	{ "a million", 1000000, "34aa973cd4c4daa4f61eeb2bdbad27316534016f" },
};

static void sha1_digests_messages(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(sha1_rows); i++) {
		char got[SHA1_TEXT_SIZE];
		struct sha1 s;

		sha1_init(&s);
		for (size_t n = 0; n < sha1_rows[i].letters; n++)
			sha1_add(&s, "a", 1);
		sha1_end(&s, got);
		if (strcmp(got, sha1_rows[i].want) != 0)
			fail_msg("sha1: %s: %s", sha1_rows[i].name, got);
	}
}

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
		cmocka_unit_test(sha1_digests_messages),
		cmocka_unit_test(digests_a_million_letters_of_a_file),
		cmocka_unit_test(says_why_it_cannot_read),
		cmocka_unit_test(digests_what_it_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
