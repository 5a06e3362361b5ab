/* tests/unit/act/test_rpm_metadata.c - the metadata of a repository, from what rpm says. That dnf
 * and zypper read it, tests/scenario/offline.sh shows. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "act/rpm/metadata.h"
#include "base/text.h"

#define HEAD "n\trdma-core\na\tx86_64\ne\t0\nv\t54.0\nr\t1.el9\nb\t7\ns\t99\nm\tr.src.rpm\n"

static const struct rpm_file_is file = { "rdma-core.rpm", "abc", 1234 };

static const struct {
	const char *name, *said, *want; /* want NULL: no package */
} rows[] = {
	{ "its name", HEAD, "<name>rdma-core</name>\n<arch>x86_64</arch>\n" },
	{ "its version", HEAD, "<version epoch=\"0\" ver=\"54.0\" rel=\"1.el9\"/>" },
	{ "its file", HEAD, "<checksum type=\"sha256\" pkgid=\"YES\">abc</checksum>" },
	{ "its size", HEAD, "<size package=\"1234\" installed=\"99\"" },
	{ "where it is", HEAD, "<location href=\"rdma-core.rpm\"/>" },
	{ "no relations", HEAD, "<rpm:requires>\n</rpm:requires>" },
	{ "a relation without a version", HEAD "R\t0\t\t/bin/sh\n",
	  "<rpm:requires>\n<rpm:entry name=\"/bin/sh\"/>\n</rpm:requires>" },
	{ "an equal one", HEAD "P\t8\t54.0-1.el9\trdma-core\n",
	  "<rpm:provides>\n<rpm:entry name=\"rdma-core\" flags=\"EQ\" epoch=\"0\" ver=\"54.0\" "
	  "rel=\"1.el9\"/>" },
	{ "one with an epoch and no release", HEAD "O\t2\t1:7\tofed\n",
	  "<rpm:obsoletes>\n<rpm:entry name=\"ofed\" flags=\"LT\" epoch=\"1\" ver=\"7\"/>" },
	{ "one with other bits", HEAD "R\t16780\t3\tx(y)(64bit)\n",
	  "name=\"x(y)(64bit)\" flags=\"GE\"" },
	{ "what rpm itself provides", HEAD "R\t16777226\t3.0.4-1\trpmlib(X)\n",
	  "<rpm:requires>\n</rpm:requires>" },
	{ "a rich one", HEAD "R\t0\t\t(a >= 1 if b)\n", "name=\"(a &gt;= 1 if b)\"/>" },
	{ "a conflict", HEAD "C\t0\t\ta&b\n", "<rpm:conflicts>\n<rpm:entry name=\"a&amp;b\"/>" },
	{ "a file", HEAD "F\t/usr/bin/a\"<b\n", "<file>/usr/bin/a&quot;&lt;b</file>" },
	{ "no source", HEAD "F\t/usr/src/kernels/x\n", "</rpm:obsoletes>\n</format>" },
	{ "nothing", "", NULL },
	{ "no version", "n\tx\na\tnoarch\nr\t1\n", NULL },
	{ "half a line", "n\tx\na\tnoarch\nv\t1\nr\t1\nR\t8", "<name>x</name>" },
};

static void tells_of_packages(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_BUF struct buf got = { 0 };
		int rc = rpm_metadata_add(rows[i].said, &file, &got);

		if (rc != (rows[i].want == NULL ? -EINVAL : 0) ||
		    (rc == 0 && strstr(buf_text(&got), rows[i].want) == NULL))
			fail_msg("%s: %d: %s", rows[i].name, rc, buf_text(&got));
	}
}

static void lists_them(void **unused)
{
	AUTO_BUF struct buf packages = { 0 }, primary = { 0 }, index = { 0 };

	(void)unused;
	assert_int_equal(buf_add_text(&packages, "<package/>\n"), 0);
	assert_int_equal(rpm_metadata_primary(&packages, 1, &primary), 0);
	assert_non_null(strstr(buf_text(&primary), "packages=\"1\">\n<package/>\n</metadata>\n"));
	assert_int_equal(rpm_metadata_index(&primary, &index), 0);
	assert_non_null(strstr(buf_text(&index), "<location href=\"repodata/primary.xml\"/>"));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(tells_of_packages),
					    cmocka_unit_test(lists_them) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
