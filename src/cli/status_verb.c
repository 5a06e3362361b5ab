/* status: where the last run stands. */
#include "base/text.h"
#include "cli/app.h"
#include "cli/page.h"
#include "cli/standing.h"
#include "cli/watch.h"

int verb_status(struct app *app, int argc, char **argv)
{
	AUTO_FREE struct standing *s = NULL;
	struct page page = page_of(app->out);
	int rc = 0;

	if (option_given(argc, argv, "--watch"))
		return status_watch(app);
	s = calloc(1, sizeof(*s));
	if (!s)
		return fault_row(FAULT_INTERNAL)->exit_code;
	standing_read(app, s);
	if (app->json) {
		AUTO_JSON json_t *document = standing_to_json(s);

		rc = print_json(app, document);
	} else {
		render_standing(&page, s);
	}
	standing_free(s);
	return rc;
}
