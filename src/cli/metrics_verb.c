/* metrics: a verification for Prometheus. */
#include <fcntl.h>
#include <string.h>

#include "base/fs.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "cli/app.h"
#include "cli/metrics.h"
#include "cli/verified.h"

/* Old or new, never a part: the collector may read at any moment. */
static int put_file(struct app *app, const char *path, const struct buf *text)
{
	struct error err = { 0 };
	int rc = fs_replace(AT_FDCWD, path, buf_text(text), text->len, 0644);

	if (rc == 0)
		return 0;
	error_set(&err, FAULT_WRITE_FAILED, -rc, "%s cannot be written: %s", path, strerror(-rc));
	return fail(app, &err);
}

int verb_metrics(struct app *app, int argc, char **argv)
{
	AUTO_VERIFIED struct verified *v = NULL;
	AUTO_BUF struct buf text = { 0 };
	struct error err = { 0 };
	int rc = 0;

	if (argc > 0 && (argc != 2 || !text_eq(argv[0], "--file"))) {
		error_set(&err, FAULT_USAGE, 0, "the form is: metrics [--file FILE]");
		return fail(app, &err);
	}
	if (verified_look(app, &v, &err) < 0)
		return fail(app, &err);
	if (app->json) {
		AUTO_JSON json_t *document = verify_document(&v->verification, &v->facts);

		rc = print_json(app, document);
	} else if (metrics_write(&v->verification, &v->facts,
				 app->host.clock->realtime_ms(app->host.clock), &text) < 0) {
		error_set(&err, FAULT_INTERNAL, 0, "no memory");
		return fail(app, &err);
	} else if (argc == 2) {
		rc = put_file(app, argv[1], &text);
	} else {
		fputs(buf_text(&text), app->out);
	}
	return rc != 0 ? rc : verified_exit(v);
}
