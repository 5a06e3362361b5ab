/* undo: takes back an open run, then what the receipt lists, the newest first. */
#include "act/act.h"

#include "act/begin.h"
#include "act/judge.h"
#include "act/outcome.h"
#include "act/program.h"
#include "act/record/receipt.h"
#include "act/recover.h"
#include "act/run.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

static int undo_entry(struct act *a, const struct apply_options *o, const json_t *receipt,
		      struct outcome *out, struct error *err)
{
	const json_t *installed = json_object_get(receipt, "installed");
	struct run r;
	int rc;

	if (act_look(a->host, a->catalogue, &out->facts, err) < 0)
		return -1;
	run_init(&r, a, o, out);
	rc = run_begin_undo(&r, receipt, json_array_get(installed, json_array_size(installed) - 1),
			    err);
	if (rc == 0)
		rc = run_drive(&r, err);
	run_free(&r);
	return rc;
}

/* A receipt of a stack that was kept as it was. */
static int forget(struct act *a, const json_t *receipt, struct outcome *out, struct error *err)
{
	const json_t *programs = json_object_get(receipt, "programs");

	for (size_t i = 0; i < json_array_size(programs); i++) {
		const char *version = json_string_value(json_array_get(programs, i));

		if (version && program_remove(a->host, version) < 0)
			LOG(a->host->log, WARNING, "undo.program",
			    "/" PROGRAM_DIR "/%s cannot be removed, ignoring", version);
	}
	TEXT_COPY(out->message, "ib-vmext had installed nothing; its receipt is removed.");
	return receipt_remove(a->host, err);
}

static bool may_go_on(const struct outcome *out)
{
	return out->exit_code == 0 || out->fault == FAULT_KEPT_BACK;
}

/* All entries; *ret is the end of the last, or the first that left something behind. */
static int undo_receipt(struct act *a, const struct apply_options *o, struct outcome *ret,
			struct error *err)
{
	AUTO_FREE struct outcome *kept = calloc(1, sizeof(*kept));
	int rc = kept ? 0 : error_set(err, FAULT_INTERNAL, 0, "no memory to undo");

	while (rc == 0 && may_go_on(ret)) {
		AUTO_JSON json_t *receipt = NULL;

		if (ret->fault == FAULT_KEPT_BACK)
			*kept = *ret;
		rc = receipt_load(a->host, &receipt, err);
		if (rc < 0 || !receipt)
			break;
		*ret = (struct outcome) { 0 };
		rc = json_array_size(json_object_get(receipt, "installed")) > 0
			     ? undo_entry(a, o, receipt, ret, err)
			     : forget(a, receipt, ret, err);
	}
	if (rc == 0 && ret->exit_code == 0 && kept->fault == FAULT_KEPT_BACK)
		*ret = *kept;
	return rc;
}

/* An open run was turned back: for who asked for that it is a success. */
static void outcome_of_recovered(struct outcome *out)
{
	if (out->fault == FAULT_KEPT_BACK)
		return;
	out->exit_code = 0;
	out->fault = FAULT_NONE;
	TEXT_COPY(out->message, "The interrupted run was taken back: everything is as it was "
				"before it.");
}

int act_undo(struct act *a, bool force, struct outcome *ret, struct error *err)
{
	AUTO_JSON json_t *receipt = NULL;
	struct recovery recovery;
	struct settings settings;
	struct apply_options o = {
		.settings = &settings, .settings_digest = "", .version = IB_VMEXT_VERSION, .seq = -1
	};

	settings_defaults(&settings);
	settings.force = force;
	if (run_recover(a, &o, RECOVER_UNDO, ret, &recovery, err) < 0)
		return -1;
	if (recovery.is_answer)
		return 0;
	if (recovery.found)
		outcome_of_recovered(ret);
	if (receipt_load(a->host, &receipt, err) < 0)
		return -1;
	if (!recovery.found && !receipt)
		return error_set(err, FAULT_NOTHING_TO_UNDO, 0,
				 "there is nothing to undo: no receipt and no open run");
	return undo_receipt(a, &o, ret, err);
}
