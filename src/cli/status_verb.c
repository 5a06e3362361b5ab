/* status: where the last run stands. */
#include "act/record/receipt.h"
#include "act/record/spdx.h"
#include "base/text.h"
#include "cli/app.h"
#include "cli/page.h"
#include "cli/standing.h"
#include "cli/watch.h"

static int show_spdx(struct app *app)
{
	AUTO_JSON json_t *receipt = NULL;
	AUTO_JSON json_t *document = NULL;
	struct error err = { 0 };

	if (receipt_load(&app->host, &receipt, &err) < 0)
		return fail(app, &err);
	if (!receipt) {
		error_set(&err, FAULT_NO_RECEIPT, 0, "there is no receipt on this machine");
		return fail(app, &err);
	}
	document = spdx_of_receipt(receipt);
	return print_json(app, document);
}

int verb_status(struct app *app, int argc, char **argv)
{
	AUTO_FREE struct standing *s = NULL;
	struct page page = page_of(app->out);
	int rc = 0;

	if (option_given(argc, argv, "--spdx"))
		return show_spdx(app);
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
