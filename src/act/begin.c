/* Makes first lines. */
#include "act/begin.h"

#include <errno.h>
#include <string.h>

#include "act/image/generalise.h"
#include "act/run.h"
#include "act/record/receipt.h"
#include "act/tidy.h"
#include "base/log.h"
#include "base/redact.h"
#include "base/text.h"
#include "host/host.h"

/* For who goes on after a crash without a request at hand. A password in an address is left out:
 * the journal stays. */
static json_t *settings_kept(const struct run *r)
{
	AUTO_JSON json_t *settings = settings_to_json(r->options->settings);
	const struct log *log = r->act->host->log;
	AUTO_BUF struct buf text = { 0 };

	if (!settings || json_write(settings, false, &text) < 0)
		return NULL;
	redact(text.data, log ? log->secrets : NULL, log ? log->nsecrets : 0);
	return json_parse(buf_text(&text), strlen(buf_text(&text)), NULL, 0);
}

static json_t *record(const struct run *r, const char *kind, const json_t *receipt)
{
	const struct apply_options *o = r->options;

	return json_pack(
		"{s:s, s:b, s:I, s:s, s:s, s:o, s:o, s:I, s:o*, s:b}", "kind", kind, "first",
		!receipt || receipt_is_of_image(receipt), "seq", (json_int_t)o->seq, "version",
		o->version, "settingsDigest", o->settings_digest, "settings", settings_kept(r),
		"programs", tidy_programs(r->act, receipt), "preparedSeconds",
		(json_int_t)r->prepared_s, "dkmsKeys",
		o->image ? generalise_note_keys(r->act->host) : NULL, "image", o->image != NULL);
}

static int begin(struct run *r, json_t *record, const struct plan *plan, struct error *err)
{
	if (!record)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to begin a run");
	return journal_begin(&r->journal, r->act->host, r->act->state, record, plan, err);
}

int run_begin_apply(struct run *r, struct error *err)
{
	AUTO_JSON json_t *receipt = receipt_read(r->act->host);
	AUTO_JSON json_t *first = record(r, "apply", receipt);

	return begin(r, first, &r->out->plan, err);
}

int run_begin_undo(struct run *r, const json_t *receipt, const json_t *of, struct error *err)
{
	AUTO_JSON json_t *first = record(r, "undo", receipt);
	AUTO_FREE struct plan *plan = calloc(1, sizeof(*plan));

	if (!first || !plan || json_object_set(first, "undoes", json_object_get(of, "run")) < 0 ||
	    json_object_set(first, "steps", json_object_get(of, "steps")) < 0)
		return error_set(err, FAULT_STATE_DIR, 0,
				 "an entry of the receipt cannot be read: what it was is lost");
	if (plan_from_json(json_object_get(of, "plan"), plan, err) < 0)
		return error_wrap(err, "the receipt cannot be read");
	return begin(r, first, plan, err);
}
