/* Which path fits which route of the Resource Manager, and what a header of authorization says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "lab/arm/route.h"

#define VM   "/subscriptions/{}/vms/{}"
#define LONG "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
	const char *name, *route, *path;
	bool fits;
	const char *first, *second;
} rows[] = {
	{ "the same", "/a/b", "/a/b", true, "", "" },
	{ "another case", "/a/virtualMachines", "/A/VIRTUALmachines", true, "", "" },
	{ "parts are taken as they stand", VM, "/subscriptions/S-1/vms/myVM", true, "S-1", "myVM" },
	{ "a part too few", VM, "/subscriptions/S/vms", false, NULL, NULL },
	{ "a part too many", VM, "/subscriptions/S/vms/v/x", false, NULL, NULL },
	{ "an empty part", VM, "/subscriptions//vms/v", false, NULL, NULL },
	{ "a slash at the end", VM, "/subscriptions/S/vms/", false, NULL, NULL },
	{ "the beginning of a word", "/abc", "/ab", false, NULL, NULL },
	{ "a longer word", "/ab", "/abc", false, NULL, NULL },
	{ "the root", "/a", "/", false, NULL, NULL },
	{ "nothing", "/a", "", false, NULL, NULL },
	{ "no path", "/{}", "*a", false, NULL, NULL },
	{ "a part that is too long", "/{}", "/" LONG LONG, false, NULL, NULL },
	{ "more parts than are kept", "/{}/{}/{}/{}/{}/{}/{}", "/1/2/3/4/5/6/7", false, NULL,
	  NULL },
};

static void paths_fit_routes(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char parts[PARTS_MAX][PART_SIZE] = { "" };
		bool fits = route_fits(rows[i].route, rows[i].path, parts);

		if (fits != rows[i].fits || (fits && (!text_eq(parts[0], rows[i].first) ||
						      !text_eq(parts[1], rows[i].second))))
			fail_msg("%s: %d %s %s", rows[i].name, fits, parts[0], parts[1]);
	}
}

static const struct {
	const char *name, *header, *token;
} header_rows[] = {
	{ "a token", "Bearer a.b.c", "a.b.c" },
	{ "the scheme in another case", "bearer a", "a" },
	{ "an empty token", "Bearer ", "" },
	{ "no header", NULL, NULL },
	{ "nothing", "", NULL },
	{ "the scheme alone", "Bearer", NULL },
	{ "another scheme", "Basic YTpi", NULL },
	{ "another word", "BearerToken a", NULL },
};

static void tokens_are_found(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(header_rows); i++)
		if (!text_eq(bearer_token(header_rows[i].header), header_rows[i].token))
			fail_msg("%s", header_rows[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_fit_routes),
		cmocka_unit_test(tokens_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
