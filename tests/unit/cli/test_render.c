/* tests/unit/cli/test_render.c - the first line of `verify`: the verdict once, and what it rests
 * on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/render.h"
#include "verify/verify.h"

static const struct {
	enum verdict verdict;
	const char *line;
} rows[] = {
	{ VERDICT_ABSENT, "absent: a-check: one, expected two\n" },
	{ VERDICT_DRIVER_BROKEN, "driver-broken: a-check: one, expected two\n" },
	{ VERDICT_FABRIC_NOT_READY, "fabric-not-ready: a-check: one, expected two\n" },
	{ VERDICT_DEGRADED, "degraded: a-check: one, expected two\n" },
	{ VERDICT_OK, "ok: 0 of 0 InfiniBand ports ACTIVE" },
};

static void says_the_verdict_once(void **unused)
{
	static struct facts f;

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct verification v = { .verdict = rows[i].verdict, .nchecks = 1 };
		AUTO_FREE char *text = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&text, &len);

		v.checks[0] = (struct finding) { .id = "a-check",
						 .ok = rows[i].verdict == VERDICT_OK,
						 .measured = "one",
						 .expected = "two" };
		render_verification(out, &v, &f);
		assert_int_equal(fclose(out), 0);
		if (!text_starts(text, rows[i].line))
			fail_msg("%s: %s", verdict_name(rows[i].verdict), text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(says_the_verdict_once) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
