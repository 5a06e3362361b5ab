/* tests/unit/catalogue/test_parse.c - a catalogue read at run time: the built-in data by that way,
 * and each reason to refuse a document. */
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/text.h"
#include "catalogue/edition.h"
#include "catalogue/parse.h"
#include "catalogue/rows.h"

#define BUILT_IN (&catalogue_built_in)

static const char *data_dir;

static const char least[] =
	"{\"schema\": \"ib-vmext/catalogue/1\", \"version\": \"2026.11.2\","
	" \"expires\": \"2027-05-01T00:00:00Z\","
	" \"sizes\": [{\"name\": \"Standard_S1\", \"series\": \"S\", \"generation\": \"CX6\","
	"  \"kind\": \"sriov\", \"ports\": 1, \"rateGbps\": 200, \"gpu\": false, \"arch\": "
	"\"x86_64\","
	"  \"evidence\": \"seen\", \"source\": \"s\", \"note\": \"n\"},"
	"  {\"name\": \"Standard_S2\", \"series\": \"S\", \"generation\": null, \"kind\": \"none\","
	"  \"ports\": 0, \"rateGbps\": 0, \"gpu\": true, \"arch\": \"aarch64\","
	"  \"evidence\": \"inferred\", \"source\": \"s\"}],"
	" \"adapters\": [{\"vendor\": \"15b3\", \"device\": \"101c\", \"kind\": \"VF\","
	"  \"generation\": \"CX6\", \"kernelDriver\": \"mlx5_core\", \"name\": \"n\","
	"  \"evidence\": \"seen\", \"source\": \"s\"},"
	"  {\"vendor\": \"15b3\", \"device\": \"101b\", \"kind\": \"PF\","
	"  \"generation\": \"CX6\", \"kernelDriver\": \"mlx5_core\", \"name\": \"n\","
	"  \"evidence\": \"seen\", \"source\": \"s\"}],"
	" \"drivers\": [{\"id\": \"d-1.0\", \"route\": \"inbox\", \"osIds\": [\"debian\"],"
	"  \"osVersions\": [\"12\"], \"generations\": [\"CX6\"], \"arch\": [\"x86_64\", "
	"\"aarch64\"],"
	"  \"packageManager\": \"apt\", \"packages\": [\"rdma-core\"], \"modules\": [\"mlx5_ib\"],"
	"  \"peerMemory\": \"no\", \"evidence\": \"seen\", \"source\": \"s\", \"why\": \"w\"},"
	"  {\"id\": \"d-2.0\", \"route\": \"doca-ofed\", \"osIds\": [\"debian\"],"
	"  \"osVersions\": [\"12\"], \"generations\": [\"CX6\"], \"arch\": [\"x86_64\"],"
	"  \"packageManager\": \"apt\", \"packages\": [\"doca-ofed\"], \"modules\": [\"mlx5_ib\"],"
	"  \"optionalModules\": [\"ib_ipoib\"], \"seconds\": 300, \"downloadBytes\": 5000000000,"
	"  \"builds\": true, \"version\": \"2.0\", \"peerMemory\": \"yes\","
	"  \"evidence\": \"inferred\", \"source\": \"s\", \"why\": \"w\"}]}";

static json_t *document(void)
{
	char why[200] = "";
	json_t *j = json_parse(least, strlen(least), why, sizeof why);

	if (j == NULL)
		fail_msg("%s", why);
	return j;
}

/* Every member of each row, named here and not by the tables of columns. */

#define SAME_TEXT(member)                                                                          \
	if (!text_eq(a->member, b->member))                                                        \
	fail_msg("%s %zu: " #member ": \"%s\" and \"%s\"", what, i, a->member, b->member)
#define SAME_NUMBER(member)                                                                        \
	if (a->member != b->member)                                                                \
	fail_msg("%s %zu: " #member ": %lld and %lld", what, i, (long long)a->member,              \
		 (long long)b->member)

static void expect_same_size(const struct size_row *a, const struct size_row *b, size_t i)
{
	const char *what = "size";

	SAME_TEXT(name);
	SAME_TEXT(series);
	SAME_TEXT(generation);
	SAME_NUMBER(kind);
	SAME_NUMBER(ports);
	SAME_NUMBER(rate_gbps);
	SAME_NUMBER(gpu);
	SAME_TEXT(arch);
	SAME_NUMBER(seen);
	SAME_TEXT(source);
}

static void expect_same_adapter(const struct adapter_row *a, const struct adapter_row *b, size_t i)
{
	const char *what = "adapter";

	SAME_NUMBER(vendor);
	SAME_NUMBER(device);
	SAME_TEXT(generation);
	SAME_NUMBER(virtual_function);
	SAME_TEXT(kernel_driver);
	SAME_TEXT(name);
	SAME_NUMBER(seen);
	SAME_TEXT(source);
}

static void expect_same_driver(const struct driver_row *a, const struct driver_row *b, size_t i)
{
	const char *what = "driver";

	SAME_TEXT(id);
	SAME_TEXT(route);
	SAME_TEXT(os_ids);
	SAME_TEXT(os_versions);
	SAME_TEXT(generations);
	SAME_TEXT(arch);
	SAME_TEXT(kernels);
	SAME_TEXT(flavours);
	SAME_TEXT(sizes);
	SAME_TEXT(package_manager);
	SAME_TEXT(packages);
	SAME_TEXT(build_packages);
	SAME_TEXT(modules);
	SAME_TEXT(optional_modules);
	SAME_TEXT(services);
	SAME_TEXT(version);
	SAME_TEXT(ofed);
	SAME_TEXT(url);
	SAME_TEXT(sha256);
	SAME_TEXT(repository);
	SAME_TEXT(key);
	SAME_TEXT(options);
	SAME_TEXT(peer_memory);
	SAME_NUMBER(builds);
	SAME_NUMBER(deprecated);
	SAME_NUMBER(seconds);
	SAME_NUMBER(download_bytes);
	SAME_NUMBER(disk_bytes);
	SAME_NUMBER(seen);
	SAME_TEXT(source);
	SAME_TEXT(why);
}

static void expect_same(const struct catalogue *a, const struct catalogue *b)
{
	assert_int_equal(a->nsizes, b->nsizes);
	assert_int_equal(a->nadapters, b->nadapters);
	assert_int_equal(a->ndrivers, b->ndrivers);
	for (size_t i = 0; i < a->nsizes; i++)
		expect_same_size(&a->sizes[i], &b->sizes[i], i);
	for (size_t i = 0; i < a->nadapters; i++)
		expect_same_adapter(&a->adapters[i], &b->adapters[i], i);
	for (size_t i = 0; i < a->ndrivers; i++)
		expect_same_driver(&a->drivers[i], &b->drivers[i], i);
}

static json_t *data(const char *name)
{
	AUTO_BUF struct buf text = { 0 };
	char path[PATH_MAX], why[200] = "";
	json_t *j;

	(void)TEXT_FORMAT(path, "%s/%s.json", data_dir, name);
	assert_int_equal(fs_read(AT_FDCWD, path, 8 << 20, &text), 0);
	j = json_parse(buf_text(&text), text.len, why, sizeof why);
	if (j == NULL)
		fail_msg("%s: %s", path, why);
	return j;
}

/* The generator wrote the const tables, the reader makes the others: neither may lose a column. */
static void the_built_in_data_comes_to_the_same_by_both_ways(void **unused)
{
	static const char *const names[] = { "sizes", "adapters", "drivers" };
	AUTO_JSON json_t *j = document();
	AUTO_CATALOGUE struct catalogue_owned c = { 0 };
	char why[300] = "";

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		AUTO_JSON json_t *part = data(names[i]);

		json_object_set(j, names[i], json_object_get(part, names[i]));
		if (text_eq(names[i], "drivers"))
			json_object_set(j, "version", json_object_get(part, "version"));
	}
	if (catalogue_parse(j, &c, why, sizeof why) < 0)
		fail_msg("%s", why);
	assert_string_equal(c.rows.version, BUILT_IN->version);
	expect_same(&c.rows, BUILT_IN);
}

static json_t *written(const struct row_table *table, const void *rows, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array,
				      row_to_json(table, (const char *)rows + i * table->row_size));
	return array;
}

static void rows_are_read_as_they_are_written(void **unused)
{
	AUTO_JSON json_t *j = document();
	AUTO_CATALOGUE struct catalogue_owned c = { 0 };
	AUTO_CATALOGUE struct catalogue_owned again = { 0 };
	char why[300] = "";

	(void)unused;
	assert_int_equal(catalogue_parse(j, &c, why, sizeof why), 0);
	json_object_set_new(j, "sizes", written(&size_table, c.rows.sizes, c.rows.nsizes));
	json_object_set_new(j, "adapters",
			    written(&adapter_table, c.rows.adapters, c.rows.nadapters));
	json_object_set_new(j, "drivers", written(&driver_table, c.rows.drivers, c.rows.ndrivers));
	if (catalogue_parse(j, &again, why, sizeof why) < 0)
		fail_msg("%s", why);
	expect_same(&c.rows, &again.rows);
}

static void the_document_may_go(void **unused)
{
	json_t *j = document();
	AUTO_CATALOGUE struct catalogue_owned c = { 0 };

	(void)unused;
	assert_int_equal(catalogue_parse(j, &c, NULL, 0), 0);
	json_decref(j);
	assert_string_equal(c.rows.version, "2026.11.2");
	assert_string_equal(c.expires, "2027-05-01T00:00:00Z");
	assert_true(c.expires_s == 1809129600);
	assert_int_equal(c.rows.ndrivers, 2);
	assert_string_equal(c.rows.drivers[0].arch, "x86_64,aarch64");
	assert_string_equal(c.rows.drivers[0].version, "");
	assert_int_equal(c.rows.drivers[0].seconds, -1);
	assert_true(c.rows.drivers[1].download_bytes == 5000000000);
	assert_true(c.rows.drivers[1].builds && !c.rows.drivers[1].deprecated);
	assert_int_equal(c.rows.sizes[1].kind, SIZE_NO_INFINIBAND);
	assert_int_equal(c.rows.adapters[0].device, 0x101c);
	assert_true(c.rows.adapters[0].virtual_function && !c.rows.adapters[1].virtual_function);
}

static const char whole[] =
	"{\"id\": \"d-3.0\", \"route\": \"mlnx-ofed\", \"osIds\": [\"rhel\", \"centos\"],"
	" \"osVersions\": [\"8.*\"], \"generations\": [\"CX5\"], \"arch\": [\"aarch64\"],"
	" \"kernels\": \"3.10-5.5\", \"flavours\": [\"!uek\"], \"sizes\": [\"S1\"],"
	" \"packageManager\": \"dnf\", \"packages\": [\"p\"], \"buildPackages\": [\"b\"],"
	" \"modules\": [\"m\"], \"optionalModules\": [\"ib_ipoib\"], \"services\": [\"openibd\"],"
	" \"version\": \"v\", \"ofed\": \"o\", \"url\": \"https://u\","
	" \"sha256\": \"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\","
	" \"repository\": \"r\", \"key\": \"k\", \"options\": \"--o\", \"peerMemory\": \"dma-buf\","
	" \"builds\": true, \"deprecated\": true, \"seconds\": 1, \"downloadBytes\": 2,"
	" \"diskBytes\": 3, \"evidence\": \"seen\", \"source\": \"s\", \"why\": \"w\"}";

/* Generator and reader share the list of columns: what is wrong in it would be wrong in both. */
static void each_column_of_a_driver_has_its_member(void **unused)
{
	static const struct driver_row want = {
		"d-3.0",
		"mlnx-ofed",
		"rhel,centos",
		"8.*",
		"CX5",
		"aarch64",
		"3.10-5.5",
		"!uek",
		"S1",
		"dnf",
		"p",
		"b",
		"m",
		"ib_ipoib",
		"openibd",
		"v",
		"o",
		"https://u",
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		"r",
		"k",
		"--o",
		"dma-buf",
		true,
		true,
		1,
		2,
		3,
		true,
		"s",
		"w",
	};
	AUTO_JSON json_t *j = document();
	AUTO_CATALOGUE struct catalogue_owned c = { 0 };
	char why[300] = "";

	(void)unused;
	json_array_append_new(json_at(j, "drivers"), json_loads(whole, 0, NULL));
	if (catalogue_parse(j, &c, why, sizeof why) < 0)
		fail_msg("%s", why);
	expect_same_driver(&c.rows.drivers[2], &want, 2);
}

static void a_reserved_name_is_no_row(void **unused)
{
	AUTO_JSON json_t *j = document();
	AUTO_CATALOGUE struct catalogue_owned c = { 0 };
	json_t *size = json_at(j, "sizes.0");

	(void)unused;
	json_object_set_new(size, "kind", json_string("placeholder"));
	assert_int_equal(catalogue_parse(j, &c, NULL, 0), 0);
	assert_int_equal(c.rows.nsizes, 1);
	assert_string_equal(c.rows.sizes[0].name, "Standard_S2");
}

/* Set `key` of the object at `path` to `value`, or take it out where that is NULL. */
static const struct {
	const char *name, *path, *key, *value, *why;
} refused_rows[] = {
	{ "another document", "", "schema", "\"ib-vmext/drivers/1\"",
	  "\"schema\" is not ib-vmext/catalogue/1" },
	{ "no schema", "", "schema", NULL, "\"schema\" is not" },
	{ "an unknown key", "", "driver", "[]", "unknown member \"driver\"" },
	{ "no version", "", "version", NULL, "\"version\" is not numbers" },
	{ "a version that is a number", "", "version", "2026.11", "\"version\" is not numbers" },
	{ "a version of words", "", "version", "\"v1.0\"", "\"version\" is not numbers" },
	{ "no expiry", "", "expires", NULL, "\"expires\" is not a time" },
	{ "a day that is none", "", "expires", "\"2027-02-29T00:00:00Z\"",
	  "\"expires\" is not a time" },
	{ "a time of a zone", "", "expires", "\"2027-05-01T00:00:00+01:00\"",
	  "\"expires\" is not a time" },
	{ "no drivers", "", "drivers", "[]", "\"drivers\" is not an array of 1 to 4096 rows" },
	{ "sizes that are no array", "", "sizes", "{}", "\"sizes\" is not an array" },
	{ "no adapters at all", "", "adapters", NULL, "\"adapters\" is not an array" },
	{ "a row that is none", "", "sizes", "[3]", "sizes[0]: not an object" },

	{ "a size twice, case ignored", "sizes.1", "name", "\"STANDARD_s1\"",
	  "sizes[1] \"STANDARD_s1\": its \"name\" stands" },
	{ "an unknown member of a size", "sizes.0", "rate", "1",
	  "sizes[0] \"Standard_S1\": unknown member \"rate\"" },
	{ "a member that lacks", "sizes.0", "arch", NULL, "\"arch\" is missing" },
	{ "a number as a text", "sizes.0", "ports", "\"1\"", "\"ports\" is not a whole number" },
	{ "a number that is too great", "sizes.0", "ports", "65",
	  "\"ports\" is not a whole number from 0 to 64" },
	{ "a number below nothing", "sizes.0", "rateGbps", "-1", "\"rateGbps\" is not a whole" },
	{ "a truth as a number", "sizes.0", "gpu", "0", "\"gpu\" is not true or false" },
	{ "a truth that is null", "sizes.0", "gpu", "null", "\"gpu\" is not true or false" },
	{ "a text that is a list", "sizes.0", "series", "[\"S\"]", "\"series\" is not a text" },
	{ "an empty text", "sizes.0", "source", "\"\"", "\"source\" is not a text, or is empty" },
	{ "an unknown word", "sizes.0", "generation", "\"CX66\"",
	  "\"generation\" is \"CX66\", which is none of the known words" },
	{ "InfiniBand without ports", "sizes.0", "ports", "0", "needs generation, ports" },
	{ "InfiniBand without a generation", "sizes.0", "generation", "null",
	  "needs generation, ports" },
	{ "no InfiniBand, but ports", "sizes.1", "ports", "1", "without InfiniBand has no" },

	{ "ids in capitals", "adapters.0", "device", "\"101C\"", "four lower-case hexadecimal" },
	{ "ids twice", "adapters.1", "device", "\"101c\"",
	  "adapters[1] \"101c\": its ids stand at adapters[0] already" },
	{ "neither PF nor VF", "adapters.0", "kind", "\"SF\"", "none of the known words" },

	{ "an unknown member of a driver", "drivers.0", "optionalModule", "[]",
	  "drivers[0] \"d-1.0\": unknown member \"optionalModule\"" },
	{ "an unknown route", "drivers.0", "route", "\"ofed\"", "none of the known words" },
	{ "an id twice", "drivers.1", "id", "\"d-1.0\"", "stands at drivers[0] already" },
	{ "an id with a blank", "drivers.1", "id", "\"d 2\"", "\"id\" is not of lower-case" },
	{ "a kernel that comes before itself", "drivers.0", "kernels", "\"5.5-3.10\"",
	  "\"kernels\" is no range" },
	{ "a distribution that does", "drivers.0", "osVersions", "[\"12\", \"9.7-9.4\"]",
	  "osVersions[1] is no range of versions" },
	{ "no TLS", "drivers.1", "url", "\"http://example.com/x\"",
	  "\"url\" does not begin with https://" },
	{ "a digest of nothing", "drivers.1", "sha256", "\"00\"", "\"sha256\" has no \"url\"" },
	{ "no packages", "drivers.0", "packages", "[]",
	  "drivers[0] \"d-1.0\": \"packages\" is not an array, or is empty" },
	{ "packages as one text", "drivers.0", "packages", "\"rdma-core\"", "is not an array" },
	{ "two words in one", "drivers.0", "packages", "[\"a\", \"b c\"]",
	  "packages[1] is not a text of one word" },
	{ "a comma in a word", "drivers.0", "packages", "[\"a,b\"]", "packages[0] is not a text" },
	{ "an unknown word in a list", "drivers.0", "generations", "[\"CX6\", \"CX66\"]",
	  "\"generations\" is \"CX66\"" },
	{ "an unknown package manager", "drivers.0", "packageManager", "\"apk\"",
	  "none of the known words" },
	{ "a needed column that is null", "drivers.0", "source", "null",
	  "\"source\" is not a text" },
	{ "seconds that no int holds", "drivers.0", "seconds", "99999999999",
	  "\"seconds\" is not a whole number" },
	{ "a full stop", "drivers.0", "why", "\"w.\"", "\"why\" ends with a full stop" },
	{ "a module that is in both lists", "drivers.1", "modules", "[\"ib_ipoib\"]",
	  "ib_ipoib is in \"modules\" and in \"optionalModules\"" },
};

static void refuses_with_the_place(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(refused_rows); i++) {
		const char *name = refused_rows[i].name, *value = refused_rows[i].value;
		AUTO_JSON json_t *j = document();
		AUTO_CATALOGUE struct catalogue_owned c = { 0 };
		json_t *at = json_at(j, refused_rows[i].path);
		char why[300] = "";

		if (value == NULL)
			json_object_del(at, refused_rows[i].key);
		else
			json_object_set_new(at, refused_rows[i].key,
					    json_loads(value, JSON_DECODE_ANY, NULL));
		if (catalogue_parse(j, &c, why, sizeof why) == 0)
			fail_msg("accepted: %s", name);
		if (strstr(why, refused_rows[i].why) == NULL)
			fail_msg("%s: %s", name, why);
		assert_null(c.arena.data);
	}
}

static void refuses_what_is_no_object_or_has_too_many_rows(void **unused)
{
	AUTO_JSON json_t *j = document();
	AUTO_JSON json_t *rows = json_array();
	AUTO_CATALOGUE struct catalogue_owned c = { 0 };
	char why[300] = "";

	(void)unused;
	assert_int_equal(catalogue_parse(rows, &c, why, sizeof why), -1);
	assert_string_equal(why, "not an object");
	for (int i = 0; i <= CATALOGUE_ROWS_MAX; i++)
		json_array_append(rows, json_at(j, "sizes.0"));
	json_object_set(j, "sizes", rows);
	assert_int_equal(catalogue_parse(j, &c, why, sizeof why), -1);
	assert_non_null(strstr(why, "\"sizes\" is not an array of 1 to"));
}

static void refuses_a_list_that_is_too_long(void **unused)
{
	AUTO_JSON json_t *j = document();
	AUTO_CATALOGUE struct catalogue_owned c = { 0 };
	char why[300] = "", word[300];

	(void)unused;
	memset(word, 'a', sizeof word - 1);
	word[sizeof word - 1] = '\0';
	for (int i = 0; i < 2; i++)
		json_array_append_new(json_at(j, "drivers.0.packages"), json_string(word));
	assert_int_equal(catalogue_parse(j, &c, why, sizeof why), -1);
	assert_non_null(strstr(why, "\"packages\" is too long"));
}

static const struct {
	const char *name, *a, *b;
	int order;
} order_rows[] = {
	{ "equal", "2026.11.2", "2026.11.2", 0 },
	{ "by numbers, not letters", "2026.11.2", "2026.11.10", -1 },
	{ "the first number first", "2027.1", "2026.12.9", 1 },
	{ "what is not there is 0", "2026.11", "2026.11.0", 0 },
	{ "a shorter one is older", "2026.11", "2026.11.1", -1 },
	{ "none is older than any", "", "0.1", -1 },
	{ "none and none", "", "", 0 },
	{ "leading zeros", "2026.01", "2026.1", 0 },
	{ "a receipt with words in it ends", "x", "2026", -1 },
};

static void orders_versions(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(order_rows); i++) {
		int there = edition_compare(order_rows[i].a, order_rows[i].b);
		int back = edition_compare(order_rows[i].b, order_rows[i].a);

		if (there != order_rows[i].order || back != -order_rows[i].order)
			fail_msg("edition_compare: %s: %d and %d", order_rows[i].name, there, back);
	}
}

static const struct {
	const char *name, *text;
	int64_t want; /* -1: refused */
} time_rows[] = {
	{ "the beginning", "1970-01-01T00:00:00Z", 0 },
	{ "a leap day", "2024-02-29T12:34:56Z", 1709210096 },
	{ "of a century", "2000-02-29T00:00:00Z", 951782400 },
	{ "a century without", "2100-02-29T00:00:00Z", -1 },
	{ "past 2038", "2100-03-01T00:00:00Z", 4107542400 },
	{ "the last second", "2026-12-31T23:59:59Z", 1798761599 },
	{ "month 0", "2026-00-01T00:00:00Z", -1 },
	{ "month 13", "2026-13-01T00:00:00Z", -1 },
	{ "day 0", "2026-01-00T00:00:00Z", -1 },
	{ "day 32", "2026-01-32T00:00:00Z", -1 },
	{ "hour 24", "2026-01-01T24:00:00Z", -1 },
	{ "minute 60", "2026-01-01T00:60:00Z", -1 },
	{ "second 60", "2026-01-01T00:00:60Z", -1 },
	{ "before the beginning", "1969-12-31T23:59:59Z", -1 },
	{ "a date alone", "2026-01-01", -1 },
	{ "a sign", "2026-01-+1T00:00:00Z", -1 },
};

static void reads_times(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(time_rows); i++) {
		int64_t got = -1;

		if (edition_read_time(time_rows[i].text, &got) != (time_rows[i].want >= 0) ||
		    got != time_rows[i].want)
			fail_msg("edition_read_time: %s: %lld", time_rows[i].name, (long long)got);
	}
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_built_in_data_comes_to_the_same_by_both_ways),
		cmocka_unit_test(rows_are_read_as_they_are_written),
		cmocka_unit_test(the_document_may_go),
		cmocka_unit_test(each_column_of_a_driver_has_its_member),
		cmocka_unit_test(a_reserved_name_is_no_row),
		cmocka_unit_test(refuses_with_the_place),
		cmocka_unit_test(refuses_what_is_no_object_or_has_too_many_rows),
		cmocka_unit_test(refuses_a_list_that_is_too_long),
		cmocka_unit_test(orders_versions),
		cmocka_unit_test(reads_times),
	};

	if (argc != 2)
		return 2;
	data_dir = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
