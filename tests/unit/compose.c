/* compose WORLDS NAME DIR - makes the world of an overlay in DIR, for `ib-vmext --world DIR`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/json.h"
#include "overlay.h"

static char **words;

static void compose(void **unused)
{
	AUTO_JSON json_t *overlays = overlays_load(words[1]);

	(void)unused;
	overlay_make(words[1], overlays, words[2], words[3]);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(compose) };

	if (argc != 4)
		return 2;
	words = argv;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
