/* support: a support bundle, redacted. */
#include "base/log.h"
#include "base/text.h"
#include "cli/app.h"
#include "cli/support.h"

int verb_support(struct app *app, int argc, char **argv)
{
	struct support_summary s = { 0 };
	struct error err = { 0 };
	char path[80], when[21];

	if (argc == 0) {
		time_text(app->host.clock->realtime_ms(app->host.clock), when);
		(void)TEXT_FORMAT(path, "ib-vmext-support-%.4s%.2s%.2sT%.2s%.2s%.2sZ.tar", when,
				  when + 5, when + 8, when + 11, when + 14, when + 17);
	}
	if (support_write(app, argc > 0 ? argv[0] : path, &s, &err) < 0)
		return fail(app, &err);
	if (app->json) {
		AUTO_JSON json_t *document = json_pack("{s:s, s:s, s:i, s:I}", "schema",
						       "ib-vmext/support/1", "file",
						       argc > 0 ? argv[0] : path, "files",
						       (int)s.files, "bytes", (json_int_t)s.bytes);

		return print_json(app, document);
	}
	fprintf(app->out,
		"%s: %u files, %zu KiB; names, addresses and secrets are taken out. Look at it "
		"before "
		"you send it: tar xf; `ib-vmext report` makes a page of it.\n",
		argc > 0 ? argv[0] : path, s.files, (s.bytes + 1023) >> 10);
	return 0;
}
