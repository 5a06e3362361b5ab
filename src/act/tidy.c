/* Removes what a run needed and nobody needs any more. */
#include "act/tidy.h"

#include <errno.h>
#include <string.h>

#include "act/act.h"
#include "act/journal/journal.h"
#include "act/bundle/offline.h"
#include "act/ofed/unpack.h"
#include "act/packages/proxy.h"
#include "act/program.h"
#include "act/record/receipt.h"
#include "act/boot/resume_unit.h"
#include "act/fetch/transfer.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

static void unit_tidy(const struct act *a)
{
	struct error why = { 0 };

	if (resume_unit_remove(a->host, &why) < 0)
		LOG(a->host->log, WARNING, "tidy.unit", "%s, ignoring", why.what);
}

/* Of a wget that was killed; it may hold the proxy's password. */
static void wgetrc_tidy(const struct act *a)
{
	if (unlinkat(a->host->root, TRANSFER_WGETRC, 0) < 0 && errno != ENOENT)
		LOG(a->host->log, WARNING, "tidy.wgetrc",
		    "/" TRANSFER_WGETRC " cannot be removed, ignoring: %s", strerror(errno));
}

struct saved {
	const struct act *act;
	const json_t *receipt;
};

static int saved_remove(void *ctx, const char *name)
{
	const struct saved *s = ctx;
	char path[300];
	int rc;

	if (receipt_lists(s->receipt, name))
		return 0;
	TEXT_FORMAT(path, "saved/%s", name);
	rc = fs_remove(s->act->state, path);
	if (rc < 0)
		LOG(s->act->host->log, WARNING, "tidy.saved",
		    "/" ACT_STATE_DIR "/%s cannot be removed, ignoring: %s", path, strerror(-rc));
	return 0;
}

/* What was saved for a run that nobody can undo any more. */
static void saved_tidy(const struct act *a, const json_t *receipt)
{
	struct saved s = { a, receipt };
	int rc = fs_list(a->state, "saved", saved_remove, &s);

	if (rc < 0 && rc != -ENOENT)
		LOG(a->host->log, WARNING, "tidy.saved",
		    "/" ACT_STATE_DIR "/saved cannot be read, ignoring: %s", strerror(-rc));
}

static void programs_remove(const struct act *a, const json_t *programs)
{
	for (size_t i = 0; i < json_array_size(programs); i++) {
		const char *version = json_string_value(json_array_get(programs, i));
		int rc = version ? program_remove(a->host, version) : 0;

		if (rc < 0)
			LOG(a->host->log, WARNING, "tidy.program",
			    "/" PROGRAM_DIR "/%s cannot be removed, ignoring: %s", version,
			    strerror(-rc));
	}
}

void tidy_run(const struct act *a, const struct journal *j)
{
	AUTO_JSON json_t *receipt = NULL;
	struct error why = { 0 };
	int rc;

	unit_tidy(a);
	wgetrc_tidy(a);
	package_proxy_tidy(a->host);
	offline_tidy(a->host);
	unpack_tidy(a->host);
	rc = journal_prune(a->state);
	if (rc < 0)
		LOG(a->host->log, WARNING, "tidy.journals",
		    "old journals cannot be removed, ignoring: %s", strerror(-rc));
	if (receipt_load(a->host, &receipt, &why) < 0) {
		LOG(a->host->log, WARNING, "tidy.receipt", "%s, ignoring", why.what);
		return;
	}
	saved_tidy(a, receipt);
	if (j->phase == PHASE_UNDONE && !receipt)
		programs_remove(a, json_object_get(j->begin, "programs"));
}

void tidy_idle(const struct act *a)
{
	unit_tidy(a);
	wgetrc_tidy(a);
	package_proxy_tidy(a->host);
	offline_tidy(a->host);
	unpack_tidy(a->host);
}

json_t *tidy_programs(const struct act *a, const json_t *receipt)
{
	AUTO_JSON json_t *programs = json_array();
	json_t *listed = json_object_get(receipt, "programs");

	if (json_is_array(listed) && json_array_extend(programs, listed) < 0)
		return NULL;
	if (!receipt && program_is_there(a->host, IB_VMEXT_VERSION))
		return TAKE(programs); /* somebody else's: the agent's worker runs from it */
	if (json_array_append_new(programs, json_string(IB_VMEXT_VERSION)) < 0)
		return NULL;
	return TAKE(programs);
}
