/* What the name of a package says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "dist.h"

static const struct {
	const char *name, *file;
	bool ours;
	const char *publisher, *type, *version;
} rows[] = {
	{ "the product", "ib-vmext-1.1.7.zip", true, "Maker", "Product", "1.1.7" },
	{ "another's", "Lab.Test.Hello-1.0.zip", true, "Lab.Test", "Hello", "1.0" },
	{ "a publisher with a dash", "My-Lab.Hello-2.zip", true, "My-Lab", "Hello", "2" },
	{ "no version", "ib-vmext.zip", false, NULL, NULL, NULL },
	{ "a version that is none", "ib-vmext-1.1.x.zip", false, NULL, NULL, NULL },
	{ "a dash and nothing", "ib-vmext-.zip", false, NULL, NULL, NULL },
	{ "no publisher", "hello-1.0.zip", false, NULL, NULL, NULL },
	{ "an empty publisher", ".hello-1.0.zip", false, NULL, NULL, NULL },
	{ "another kind of file", "ib-vmext-1.1.7.tar", false, NULL, NULL, NULL },
};

static void parses_names(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct dist_name n;
		bool ours = dist_parse(rows[i].file, &n);

		if (ours != rows[i].ours)
			fail_msg("%s", rows[i].name);
		if (ours &&
		    (!text_eq(n.publisher, rows[i].publisher) || !text_eq(n.type, rows[i].type) ||
		     !text_eq(n.version, rows[i].version)))
			fail_msg("%s: %s %s %s", rows[i].name, n.publisher, n.type, n.version);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(parses_names) };

	return cmocka_run_group_tests_name("lab/dist", tests, NULL, NULL);
}
