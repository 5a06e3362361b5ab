/* tests/unit/catalogue/test_import.c - Azure's resources.json: what is made of it, what is said of
 * it, and where it is malformed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "catalogue/import.h"
#include "catalogue/parse.h"

#define OFED "http://content.mellanox.com/ofed/MLNX_OFED-"

/* The layout of InfiniBand/resources.json of Azure/azhpc-extensions, one entry of each kind. */
static const char list[] =
	"{\"Driver\": [{\"Name\": \"OFED\", \"Version\": ["
	" {\"Type\": \"CX6\", \"OS\": ["
	"  {\"Name\": \"Windows\", \"Comment\": \"c\", \"Distro\": [{\"Name\": \"2016\", "
	"\"Version\": ["
	"   {\"Num\": \"All\", \"FwLink\": \"http://download.microsoft.com/x.exe\"}]}]},"
	"  {\"Name\": \"Linux\", \"Distro\": ["
	"   {\"Name\": \"Ubuntu\", \"Version\": [{\"Num\": \"20.04\", \"FwLink\":"
	"    \"" OFED "5.5-1.0.3.2/MLNX_OFED_LINUX-5.5-1.0.3.2-ubuntu20.04-x86_64.tgz\"}]},"
	"   {\"Name\": \"RHEL/CentOS\", \"Version\": [{\"Num\": \"7.6\", \"FwLink\":"
	"    \"" OFED "5.5-1.0.3.2/MLNX_OFED_LINUX-5.5-1.0.3.2-rhel7.6-x86_64.tgz\","
	"    \"KernelDevelVer\": \"3.10.0-957.27.2.el7.x86_64\","
	"    \"KernelDevelRPM\": \"https://linuxsoft.cern.ch/kernel-devel.rpm\"},"
	"    {\"Num\": \"8.2\", \"FwLink\":"
	"    \"" OFED "5.5-1.0.3.2/MLNX_OFED_LINUX-5.5-1.0.3.2-rhel8.2-x86_64.tgz\"}]}]}]},"
	" {\"Type\": \"CX5\", \"OS\": [{\"Name\": \"Linux\", \"Distro\": ["
	"   {\"Name\": \"Ubuntu\", \"Version\": [{\"Num\": \"20.04\", \"FwLink\":"
	"    \"" OFED "5.5-1.0.3.2/MLNX_OFED_LINUX-5.5-1.0.3.2-ubuntu20.04-x86_64.tgz\"}]}]}]},"
	" {\"Type\": \"CX3-Pro\", \"OS\": [{\"Name\": \"Linux\", \"Distro\": ["
	"   {\"Name\": \"Ubuntu\", \"Version\": [{\"Num\": \"20.04\", \"FwLink\":"
	"    \"" OFED "4.9-4.1.7.0/MLNX_OFED_LINUX-4.9-4.1.7.0-ubuntu20.04-x86_64.tgz\"}]}]}]}"
	"]}]}";

#define UBUNTU "Driver.0.Version.0.OS.1.Distro.0"
#define RHEL   "Driver.0.Version.0.OS.1.Distro.1"

static json_t *resources(void)
{
	char why[200] = "";
	json_t *j = json_parse(list, strlen(list), why, sizeof why);

	if (j == NULL)
		fail_msg("%s", why);
	return j;
}

static struct buf found;

static void take(void *ctx, const char *path, const char *what)
{
	(void)ctx;
	assert_int_equal(buf_add_format(&found, "%s: %s\n", path, what), 0);
}

static int drop(void **unused)
{
	(void)unused;
	buf_free(&found);
	return 0;
}

static int import(const json_t *j, json_t **ret, char *why, size_t size)
{
	const struct import_report report = { take, NULL };

	buf_clear(&found);
	return catalogue_import(j, &report, ret, why, size);
}

/* What is made of the list must be rows that the reader takes. */
static void parse(json_t *drivers, struct catalogue_owned *ret)
{
	static const char rest[] =
		"{\"schema\": \"ib-vmext/catalogue/1\", \"version\": \"1\","
		" \"expires\": \"2027-05-01T00:00:00Z\","
		" \"sizes\": [{\"name\": \"S\", \"series\": \"S\", \"generation\": null,"
		"  \"kind\": \"none\", \"ports\": 0, \"rateGbps\": 0, \"gpu\": false,"
		"  \"arch\": \"x86_64\", \"evidence\": \"seen\", \"source\": \"s\"}],"
		" \"adapters\": [{\"vendor\": \"15b3\", \"device\": \"101c\", \"kind\": \"VF\","
		"  \"generation\": \"CX6\", \"kernelDriver\": \"m\", \"name\": \"n\","
		"  \"evidence\": \"seen\", \"source\": \"s\"}]}";
	AUTO_JSON json_t *j = json_parse(rest, strlen(rest), NULL, 0);
	char why[300] = "";

	assert_non_null(j);
	json_object_set(j, "drivers", json_object_get(drivers, "drivers"));
	if (catalogue_parse(j, ret, why, sizeof why) < 0)
		fail_msg("%s", why);
}

static void makes_a_row_of_each_artefact(void **unused)
{
	AUTO_JSON json_t *j = resources();
	AUTO_JSON json_t *drivers = NULL;
	AUTO_CATALOGUE struct catalogue_owned c = { 0 };
	const struct driver_row *row;
	char why[300] = "";

	(void)unused;
	if (import(j, &drivers, why, sizeof why) < 0)
		fail_msg("%s", why);
	assert_string_equal(json_text_at(drivers, "schema", ""), "ib-vmext/drivers/1");
	parse(drivers, &c);
	assert_int_equal(c.rows.ndrivers, 4);
	row = &c.rows.drivers[0];
	assert_string_equal(row->id, "mlnx-ofed-5.5-1.0.3.2-ubuntu-20.04-x86_64");
	assert_string_equal(row->route, "mlnx-ofed");
	assert_string_equal(row->generations, "CX6,CX5"); /* one artefact for both */
	assert_string_equal(row->version, "5.5-1.0.3.2");
	assert_string_equal(row->url, "https://content.mellanox.com/ofed/MLNX_OFED-5.5-1.0.3.2/"
				      "MLNX_OFED_LINUX-5.5-1.0.3.2-ubuntu20.04-x86_64.tgz");
	assert_string_equal(row->sha256, "");
	assert_string_equal(row->package_manager, "apt");
	assert_non_null(strstr(row->source, "Driver[0].Version[0].OS[1].Distro[0].Version[0]"));
	row = &c.rows.drivers[1];
	assert_string_equal(row->os_ids, "rhel,centos");
	assert_string_equal(row->os_versions, "7.6");
	assert_string_equal(row->package_manager, "yum");
	assert_string_equal(c.rows.drivers[2].package_manager, "dnf");
	row = &c.rows.drivers[3];
	assert_string_equal(row->generations, "CX3-Pro");
	assert_string_equal(row->version, "4.9-4.1.7.0");
	assert_string_equal(row->modules, "mlx4_ib,ib_uverbs,ib_umad,rdma_ucm");
	assert_null(strstr(buf_text(&found), "Windows"));
	assert_non_null(strstr(buf_text(&found), "is made https"));
	assert_non_null(strstr(buf_text(&found), "has no digest"));
	assert_non_null(strstr(buf_text(&found), "KernelDevelRPM: https://linuxsoft.cern.ch"));
}

/* Set `key` at `path` to `value` (NULL: take it out). `text` must be among the findings, or, where
 * `refused`, in the reason. */
static const struct {
	const char *name, *path, *key, *value;
	bool refused;
	const char *text;
} rows[] = {
	{ "no list at all", "", "Driver", NULL, true, "Driver: not an array" },
	{ "drivers as an object", "", "Driver", "{}", true, "Driver: not an array" },
	{ "an entry that is none", "", "Driver", "[1]", true, "Driver[0]: not an object" },
	{ "a driver without a name", "Driver.0", "Name", NULL, true, "Driver[0].Name: not a text" },
	{ "nothing for us in it", "Driver.0", "Name", "\"WinOF\"", true,
	  "there is no driver for Linux" },
	{ "no types", "Driver.0", "Version", "3", true, "Driver[0].Version: not an array" },
	{ "a type that is a number", "Driver.0.Version.0", "Type", "6", true,
	  "Driver[0].Version[0].Type: not a text" },
	{ "no systems", "Driver.0.Version.0", "OS", NULL, true,
	  "Driver[0].Version[0].OS: not an array" },
	{ "no distributions", "Driver.0.Version.0.OS.1", "Distro", NULL, true,
	  "Driver[0].Version[0].OS[1].Distro: not an array" },
	{ "no version", UBUNTU ".Version.0", "Num", NULL, true,
	  "Driver[0].Version[0].OS[1].Distro[0].Version[0].Num: not a text" },
	{ "a version that is a number", UBUNTU ".Version.0", "Num", "20.04", true,
	  "Version[0].Num: not a text" },
	{ "no link", UBUNTU ".Version.0", "FwLink", NULL, true, "Version[0].FwLink: not a text" },
	{ "a link elsewhere", UBUNTU ".Version.0", "FwLink", "\"ftp://x/y.tgz\"", true,
	  "Version[0].FwLink: not a web address" },
	{ "a link with a blank", UBUNTU ".Version.0", "FwLink", "\"http://x/a b.tgz\"", true,
	  "FwLink: not a web address" },
	{ "headers that are a number", RHEL ".Version.0", "KernelDevelVer", "3", true,
	  "Distro[1].Version[0].KernelDevelVer: not a text" },

	{ "an adapter of tomorrow", "Driver.0.Version.1", "Type", "\"CX99\"", false,
	  "Driver[0].Version[1]: CX99 is an adapter that we do not know, left out" },
	{ "a distribution of tomorrow", RHEL, "Name", "\"Plan 9\"", false,
	  "Distro[1]: Plan 9 is a distribution that this cannot import" },
	{ "an artefact whose name tells nothing", UBUNTU ".Version.0", "FwLink",
	  "\"https://x/driver.tgz\"", false, "tells no version, left out" },
	{ "an architecture that we do not know", UBUNTU ".Version.0", "FwLink",
	  "\"https://x/MLNX_OFED_LINUX-5.5-1.0.3.2-ubuntu20.04-ppc64le.tgz\"", false,
	  "ppc64le is an architecture" },
	{ "an artefact for another version", UBUNTU ".Version.0", "Num", "\"18.04\"", false,
	  "the artefact is for ubuntu20.04, the entry for ubuntu18.04" },
	{ "a version that is two", UBUNTU ".Version.0", "Num", "\"18.04, 20.04\"", false,
	  "is not a version of a distribution" },
};

static void says_what_is_odd_and_refuses_what_is_malformed(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_JSON json_t *j = resources();
		AUTO_JSON json_t *drivers = NULL;
		json_t *at = json_at(j, rows[i].path);
		char why[300] = "";
		int rc;

		if (rows[i].value == NULL)
			json_object_del(at, rows[i].key);
		else
			json_object_set_new(at, rows[i].key,
					    json_loads(rows[i].value, JSON_DECODE_ANY, NULL));
		rc = import(j, &drivers, why, sizeof why);
		if (rc != (rows[i].refused ? -1 : 0))
			fail_msg("%s: %d %s", rows[i].name, rc, why);
		if (strstr(rc < 0 ? why : buf_text(&found), rows[i].text) == NULL)
			fail_msg("%s: %s%s", rows[i].name, why, buf_text(&found));
		if (rc == 0) {
			AUTO_CATALOGUE struct catalogue_owned c = { 0 };

			parse(drivers, &c);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_a_row_of_each_artefact),
		cmocka_unit_test(says_what_is_odd_and_refuses_what_is_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, drop);
}
