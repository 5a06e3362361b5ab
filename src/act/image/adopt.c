/* The first boot of a VM that was made of an image for which everything fits. */
#include "act/act.h"

#include <string.h>

#include "act/image/baked.h"
#include "act/image/fit.h"
#include "act/judge.h"
#include "act/outcome.h"
#include "act/record/receipt.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "host/host.h"
#include "probe/probe.h"

#define IPOIB_UNIT "etc/systemd/system/ib-vmext-ipoib@.service"

/* What was set beside the driver must hold, too. */
static unsigned scope_of(const struct act *a, const struct apply_options *o)
{
	bool addresses = o->settings->ipoib == IPOIB_SELF && fs_exists(a->host->root, IPOIB_UNIT);

	return VERIFY_LOADED | (addresses ? VERIFY_IPOIB : 0);
}

static bool works(struct act *a, const struct apply_options *o, struct outcome *out)
{
	char summary[300];

	verify_facts(&out->facts, a->catalogue, scope_of(a, o), &out->verification);
	if (out->verification.verdict == VERDICT_OK)
		return true;
	verify_summary(&out->verification, &out->facts, summary, sizeof(summary));
	LOG(a->host->log, INFO, "baked.unproven",
	    "what was baked into the image fits this VM, but %s", summary);
	return false;
}

static int take_over(const struct act *a, const struct apply_options *o, struct outcome *out,
		     const struct baked *b, struct error *err)
{
	struct receipt_entry entry = { .facts = &out->facts,
				       .settings_digest = o->settings_digest,
				       .version = o->version,
				       .route = "keep",
				       .catalogue = a->catalogue->version,
				       .message = out->message,
				       .seq = o->seq };

	outcome_of_baked(out, b->at);
	if (receipt_write(a->host, &entry, err) < 0)
		return -1;
	log_stage(a->host->log, "verify", STAGE_DONE, 100, "baked.fits", "%s", out->message);
	return 0;
}

int act_adopt(struct act *a, const struct apply_options *o, struct outcome *ret, bool *adopted,
	      char *why, size_t why_size, struct error *err)
{
	struct probe_options options = { .metadata = true };
	AUTO_FREE struct baked *b = calloc(1, sizeof(*b));
	struct error unreadable = { 0 };
	bool found = false;

	*adopted = false;
	(void)text_copy(why, why_size, "");
	/* The proof that the settings ask for is that of a run. */
	if (!b || act_is_open(a) || o->settings->verify == VERIFY_LOOPBACK)
		return 0;
	if (baked_read(a->host, b, &found, &unreadable) < 0)
		return text_copy(why, why_size, unreadable.what), 0;
	if (!found || !fit_quickly(a->host, b, o->settings, why, why_size))
		return 0;
	*ret = (struct outcome) { 0 };
	if (probe_facts(a->host, &options, &ret->facts, err) < 0)
		return -1;
	catalogue_classify(a->catalogue, &ret->facts);
	if (!fit_fully(&ret->facts, b, why, why_size) || !works(a, o, ret))
		return 0;
	*adopted = take_over(a, o, ret, b, err) == 0;
	return *adopted ? 0 : -1;
}
