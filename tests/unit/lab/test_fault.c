/* The mirror's troubles by name, and what part of a file a request asks for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "base/text.h"
#include "lab/mirror/fault.h"

static const struct {
	const char *text;
	int rc;
	enum fault_mode mode;
	long value;
} fault_rows[] = {
	{ "none", 0, MODE_NONE, 0 },
	{ "429", 0, MODE_STATUS, 429 },
	{ "slow:5000", 0, MODE_SLOW, 5000 },
	{ "truncate", 0, MODE_TRUNCATE, 0 },
	{ "redirect-loop", 0, MODE_REDIRECT, 0 },
	{ "expired", 0, MODE_EXPIRED, 0 },
	{ "corrupt@/doca-host", 0, MODE_CORRUPT, 0 },
	{ "slow:10@.tgz", 0, MODE_SLOW, 10 },
	{ "404@", -1, MODE_NONE, 0 },
	{ "@.tgz", -1, MODE_NONE, 0 },
	{ "404@0123456789012345678901234567890123456789012345678901234567890123", -1, MODE_NONE,
	  0 },
	{ "slow:", -1, MODE_NONE, 0 },
	{ "slow:0", -1, MODE_NONE, 0 },
	{ "418", -1, MODE_NONE, 0 },
	{ "", -1, MODE_NONE, 0 },
};

static void faults_have_names(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(fault_rows); i++) {
		struct mirror_fault f = { 0 };
		struct error err = { 0 };
		int rc = fault_parse(fault_rows[i].text, &f, &err);

		if (rc != fault_rows[i].rc || f.mode != fault_rows[i].mode ||
		    f.value != fault_rows[i].value || (rc < 0 && err.sys != EINVAL))
			fail_msg("\"%s\"", fault_rows[i].text);
	}
}

static const struct {
	const char *fault, *url;
	bool hits;
} url_rows[] = {
	{ "404", "/el9/repodata/repomd.xml", true },
	{ "404@/files/", "/files/a.tgz", true },
	{ "404@/files/", "/el9/repodata/repomd.xml", false },
	{ "none", "/files/a.tgz", false },
};

static void some_files_have_trouble(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(url_rows); i++) {
		struct mirror_fault f;

		assert_int_equal(fault_parse(url_rows[i].fault, &f, NULL), 0);
		if (fault_hits(&f, url_rows[i].url) != url_rows[i].hits)
			fail_msg("\"%s\" and %s", url_rows[i].fault, url_rows[i].url);
	}
}

static const struct {
	const char *name, *header;
	int status;
	uint64_t first, len;
} range_rows[] = {
	{ "no header", NULL, 200, 0, 100 },
	{ "from a byte on", "bytes=40-", 206, 40, 60 },
	{ "from a byte to a byte", "bytes=0-9", 206, 0, 10 },
	{ "past the end is the end", "bytes=90-1000", 206, 90, 10 },
	{ "the last ten", "bytes=-10", 206, 90, 10 },
	{ "more than all of it", "bytes=-1000", 206, 0, 100 },
	{ "nothing is left", "bytes=100-", 416, 0, 100 },
	{ "the last none", "bytes=-0", 416, 100, 0 },
	{ "several ranges", "bytes=0-1,5-6", 200, 0, 100 },
	{ "backwards", "bytes=9-3", 200, 0, 100 },
	{ "another unit", "lines=1-2", 200, 0, 100 },
	{ "no number", "bytes=a-b", 200, 0, 100 },
};

static void ranges_are_parts_of_a_file(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(range_rows); i++) {
		uint64_t first, len;
		int status = range_parse(range_rows[i].header, 100, &first, &len);

		if (status != range_rows[i].status ||
		    (status != 416 && (first != range_rows[i].first || len != range_rows[i].len)))
			fail_msg("%s: %d, %llu, %llu", range_rows[i].name, status,
				 (unsigned long long)first, (unsigned long long)len);
	}
}

static void spoilt_text_is_another_of_the_same_length(void **unused)
{
	static const char *const rows[][2] = {
		{ "Label: ib-lab\n", "Label: ib-leb\n" },
		{ "<repomd><revision>1700</revision>", "<repomd><revision>5700</revision>" },
		{ "of no kind", "of no kind" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_BUF struct buf b = { 0 };

		assert_int_equal(buf_add_text(&b, rows[i][0]), 0);
		fault_spoil(&b);
		assert_string_equal(buf_text(&b), rows[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faults_have_names),
		cmocka_unit_test(some_files_have_trouble),
		cmocka_unit_test(ranges_are_parts_of_a_file),
		cmocka_unit_test(spoilt_text_is_another_of_the_same_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
