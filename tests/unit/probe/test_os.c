/* tests/unit/probe/test_os.c - os-release, quoted as os-release(5) allows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/text.h"
#include "facts/facts.h"
#include "probe/os.h"
#include "probe/redhat.h"

static const struct {
	const char *name, *text, *id, *version, *like, *pretty;
} rows[] = {
	{ "Debian 12",
	  "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n",
	  "debian", "12", "", "Debian GNU/Linux 12 (bookworm)" },
	{ "several words in ID_LIKE",
	  "ID=\"almalinux\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.4\"\n", "almalinux",
	  "9.4", "rhel centos fedora", "" },
	{ "single quotes", "ID='sles'\nVERSION_ID='15.6'", "sles", "15.6", "", "" },
	{ "escapes between double quotes", "ID=x\nPRETTY_NAME=\"a \\\"b\\\" \\$c \\\\ \\n\"\n", "x",
	  "", "", "a \"b\" $c \\ \\n" },
	{ "no escapes between single quotes", "ID=x\nPRETTY_NAME='a \\ b'\n", "x", "", "",
	  "a \\ b" },
	{ "the later assignment wins", "ID=a\nID=b\n", "b", "", "", "" },
	{ "comments, empty lines and noise", "# ID=no\n\nnonsense\nID=yes\n=x\n", "yes", "", "",
	  "" },
	{ "a comment after the value", "ID=yes # no\n", "yes", "", "", "" },
	{ "lines that end as on DOS", "ID=debian\r\nVERSION_ID=\"12\"\r\n", "debian", "12", "",
	  "" },
	{ "ID is linux where it is missing", "NAME=something\n", "linux", "", "", "" },
	{ "empty", "", "linux", "", "", "" },
	{ "a quote that does not end", "ID=\"debian\nVERSION_ID=12", "debian", "12", "", "" },
	{ "a name that only begins alike", "IDX=no\nVERSION_ID2=no\nID=x\n", "x", "", "", "" },
	{ "too long is cut", "ID=0123456789012345678901234567890123456789\n",
	  "0123456789012345678901234567890", "", "", "" },
};

static void parses_os_release(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct os_facts os = { 0 };

		os_parse(rows[i].text, strlen(rows[i].text), &os);
		if (!text_eq(os.id, rows[i].id) || !text_eq(os.version, rows[i].version) ||
		    !text_eq(os.like, rows[i].like) || !text_eq(os.pretty, rows[i].pretty))
			fail_msg("os_parse: %s: id %s, version %s, like %s, pretty %s",
				 rows[i].name, os.id, os.version, os.like, os.pretty);
	}
}

static const struct {
	const char *name, *text;
	int rc;
	const char *id, *version;
} redhat_rows[] = {
	{ "CentOS 7 has three parts", "CentOS Linux release 7.6.1810 (Core)\n", 0, "centos",
	  "7.6" },
	{ "CentOS 8", "CentOS Linux release 8.2.2004 (Core) \n", 0, "centos", "8.2" },
	{ "CentOS Stream has no point release", "CentOS Stream release 9\n", 0, "centos", "9" },
	{ "CentOS 6", "CentOS release 6.10 (Final)\n", 0, "centos", "6.10" },
	{ "RHEL 7", "Red Hat Enterprise Linux Server release 7.4 (Maipo)\n", 0, "rhel", "7.4" },
	{ "RHEL 8", "Red Hat Enterprise Linux release 8.10 (Ootpa)\n", 0, "rhel", "8.10" },
	{ "Oracle", "Oracle Linux Server release 7.9\n", 0, "ol", "7.9" },
	{ "Alma", "AlmaLinux release 9.4 (Seafoam Ocelot)\n", 0, "almalinux", "9.4" },
	{ "Rocky", "Rocky Linux release 9.6 (Blue Onyx)\n", 0, "rocky", "9.6" },
	{ "only the first line counts", "Amazon\nRocky Linux release 9.6\n", -EINVAL, "before",
	  "" },
	{ "a distribution that we do not know", "Fedora release 40 (Forty)\n", -EINVAL, "before",
	  "" },
	{ "no version", "CentOS Linux release (Core)\n", -EINVAL, "before", "" },
	{ "no word release", "CentOS Linux 7.6\n", -EINVAL, "before", "" },
	{ "nothing after it", "CentOS Linux release", -EINVAL, "before", "" },
	{ "empty", "", -EINVAL, "before", "" },
};

static void parses_release_lines(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(redhat_rows); i++) {
		struct os_facts os = { .id = "before" };
		int rc = redhat_parse(redhat_rows[i].text, strlen(redhat_rows[i].text), &os);

		if (rc != redhat_rows[i].rc || !text_eq(os.id, redhat_rows[i].id) ||
		    !text_eq(os.version, redhat_rows[i].version))
			fail_msg("redhat_parse: %s: %s %s", redhat_rows[i].name, os.id, os.version);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(parses_os_release),
					    cmocka_unit_test(parses_release_lines) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
