/* tests/unit/cli/test_render_plan.c - the page that a person reads: what stands on it, in which
 * order, and how wide it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../plan/rows.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "cli/page.h"
#include "cli/render.h"

static struct bench bench;

static char *render(unsigned width, bool colour)
{
	char *text = NULL;
	size_t len = 0;
	struct page p = { .out = open_memstream(&text, &len), .width = width, .colour = colour };

	bench_plan(&bench);
	render_plan_page(&p, &bench.plan, &bench.facts);
	assert_int_equal(fclose(p.out), 0);
	return text;
}

/* A vendor's driver over a stack that is loaded, with a digest that nobody knows. */
static void vendor(void)
{
	bench_reset(&bench);
	for (unsigned i = 0; i < bench.facts.nmodules; i++)
		bench.facts.modules[i].loaded = text_eq(bench.facts.modules[i].name, "mlx5_core");
	bench.rows[ROW_DOCA].sha256 = "";
	bench.rows[ROW_DOCA].seconds = 900;
	bench.rows[ROW_DOCA].download_bytes = 1181116006;
}

static void expect_in_order(const char *text, const char *const *parts)
{
	const char *at = text;

	for (; *parts != NULL; parts++) {
		at = strstr(at, *parts);
		if (at == NULL)
			fail_msg("no \"%s\" in its place: %s", *parts, text);
		/* The end of a line may be the beginning of the next part. */
		at += strlen(*parts) - text_ends(*parts, "\n");
	}
}

static void tells_a_plan(void **unused)
{
	static const char *const parts[] = {
		"Standard_HB120rs_v3, ",
		"kernel 6.8.0-1041-azure\n",
		"\nDecision  doca-ofed 3.2.1\n",
		"\nWhy       1 InfiniBand function: NVIDIA's own driver.\n",
		"\nCosts     about 15 min, download 1.2 GB, basis: catalogue\n",
		"\nReboot    required",
		"\nSteps (",
		"\n  1.  Download doca-host_3.2.1",
		"\n  2.  Install with apt what compiling the modules needs\n",
		"\n      - package dkms, where it is not there\n",
		"\n      undo: apt brings back",
		"\nWarnings\n",
		"\n  reload-at-boot\n",
		"\n      mlx5_core is loaded",
		"\n      remedy: Reboot when no job runs",
		"\n  no-digest\n",
		"\nRoutes considered\n",
		"\n  no   keep: no driver is installed\n",
		"\n  yes  doca-ofed 3.2.1: NVIDIA's own driver; memory of GPUs: yes\n",
		"\n  yes  inbox: ",
		NULL
	};
	AUTO_FREE char *text = NULL;

	(void)unused;
	vendor();
	text = render(80, false);
	expect_in_order(text, parts);
	assert_null(strchr(text, '\033'));
}

static void tells_a_refusal(void **unused)
{
	static const char *const parts[] = { "\nDecision  no: code 12, secure-boot\n",
					     "\nWhy       The driver doca-ofed cannot be used",
					     "\nRemedy    Give modulesKey", "\nRoutes considered\n",
					     NULL };
	AUTO_FREE char *text = NULL;

	(void)unused;
	bench_reset(&bench);
	bench.facts.kernel.secure_boot = TRI_YES;
	bench.settings.driver = CHOICE_DOCA_OFED;
	text = render(80, false);
	expect_in_order(text, parts);
	assert_null(strstr(text, "Reboot"));
	assert_null(strstr(text, "Steps"));
}

static size_t longest_line(const char *text)
{
	size_t most = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		most = len > most ? len : most;
		text += len + (text[len] == '\n');
	}
	return most;
}

static void keeps_to_the_width(void **unused)
{
	static const unsigned widths[] = { 80, 100, 160 };

	(void)unused;
	vendor();
	for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
		AUTO_FREE char *text = render(widths[i], false);

		if (longest_line(text) > widths[i])
			fail_msg("%zu columns of %u: %s", longest_line(text), widths[i], text);
	}
}

static void colours_what_is_told_first(void **unused)
{
	AUTO_FREE char *text = NULL;

	(void)unused;
	vendor();
	text = render(80, true);
	assert_non_null(strstr(text, "\033[32mDecision\033[0m  doca-ofed"));
	assert_non_null(strstr(text, "\033[1;33mno-digest\033[0m"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_a_plan),
		cmocka_unit_test(tells_a_refusal),
		cmocka_unit_test(keeps_to_the_width),
		cmocka_unit_test(colours_what_is_told_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
