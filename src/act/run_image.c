/* The phases of a run in an image: no port can be looked at, nothing is restarted. */
#include "act/run_image.h"

#include <string.h>

#include "act/image/generalise.h"
#include "act/image/image.h"
#include "act/judge.h"
#include "act/outcome.h"
#include "act/record/receipt.h"
#include "act/run_room.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "host/host.h"
#include "verify/image.h"

#define MODULES_STEP "modules-boot"

json_t *run_image_keys(const struct act *a)
{
	AUTO_JOURNAL struct journal j = { .fd = -1 };
	bool found = false;
	json_t *keys = NULL;

	if (journal_load_open(&j, a->host, a->state, &found, NULL) == 0 && found)
		keys = json_object_get(j.begin, "dkmsKeys");
	return keys ? json_incref(keys) : generalise_note_keys(a->host);
}

static const struct step *step_of(const struct plan *p, const char *id)
{
	for (unsigned i = 0; i < p->nsteps; i++)
		if (text_eq(p->steps[i].id, id))
			return &p->steps[i];
	return NULL;
}

static void word_add(char *list, size_t size, const char *word)
{
	size_t used = strlen(list);

	if (word[0] && word[0] != '#' && !list_has(list, word))
		(void)text_format(list + used, size - used, "%s%s", used > 0 ? "," : "", word);
}

void run_image_modules(const struct plan *p, char *ret, size_t size)
{
	const struct step *s = step_of(p, MODULES_STEP);
	const char *at = s ? s->content : "";
	char line[128];

	(void)text_copy(ret, size, "");
	while (*at) {
		size_t len = strcspn(at, "\n");

		TEXT_FORMAT(line, "%.*s", (int)len, at);
		at += len + (at[len] == '\n');
		word_add(ret, size, line);
	}
	if (list_has(ret, "mlx5_ib"))
		word_add(ret, size, "mlx5_core");
	if (list_has(ret, "mlx4_ib"))
		word_add(ret, size, "mlx4_core");
	word_add(ret, size, "ib_core");
}

static void prove(const struct plan *p, struct outcome *out)
{
	char modules[RUN_IMAGE_MODULES_SIZE];
	struct image_promise promise = { .route = p->decision.route,
					 .version = p->decision.version,
					 .replaces = step_of(p, "next-boot") != NULL,
					 .modules = modules };

	run_image_modules(p, modules, sizeof(modules));
	verify_image(&promise, &out->facts, &out->verification);
}

static bool has_changed(const struct journal *j)
{
	for (unsigned i = 0; i < j->plan.nsteps; i++)
		if (j->steps[i].state != STEP_SKIPPED)
			return true;
	return false;
}

void run_image_fill_done(struct run *r)
{
	struct outcome *out = r->out;
	char names[200], summary[300];

	out->exit_code = 0;
	if (!r->verified) {
		TEXT_COPY(out->message, "The interrupted run had come to its end before.");
		return;
	}
	image_targets_text(&r->options->image->targets, names, sizeof(names));
	verify_image_summary(&out->verification, &out->facts, summary, sizeof(summary));
	TEXT_FORMAT(out->message,
		    "%s %s is in this image for %s: %s. At its first boot a VM holds itself "
		    "against /" ACT_STATE_DIR "/baked.json and changes nothing where it fits.",
		    driver_kind_name(out->facts.driver.kind), out->facts.driver.version, names,
		    summary);
}

static int store_receipt(struct run *r, struct error *err)
{
	struct receipt_entry e = {
		.facts = &r->out->facts,
		.journal = has_changed(&r->journal) ? &r->journal : NULL,
		.settings_digest = r->options->settings_digest,
		.version = r->options->version,
		.route = r->journal.plan.decision.route,
		.catalogue = r->act->catalogue->version,
		.message = r->out->message,
		.seq = -1,
		.of_image = true,
		.packages = &r->steps.packages,
	};

	return receipt_write(r->act->host, &e, err);
}

enum event_kind run_image_verifying(struct run *r, struct error *err)
{
	struct outcome *out = r->out;
	struct log *log = r->act->host->log;
	char summary[300];

	log_stage(log, "verify", STAGE_RUNNING, -1, "verify.begin",
		  "looking at what is in the image for kernel %s", r->options->image->kernel);
	if (act_look_again(r->act->host, r->act->catalogue, &out->facts, &r->cause) < 0)
		return EV_VERIFY_FAILED;
	prove(&r->journal.plan, out);
	if (out->verification.verdict != VERDICT_OK) {
		verify_image_summary(&out->verification, &out->facts, summary, sizeof(summary));
		error_set(&r->cause, FAULT_IMAGE_UNPROVEN, 0, "the driver was installed, but %s",
			  summary);
		log_stage(log, "verify", STAGE_FAILED, -1, "verify.failed", "%s", r->cause.what);
		return EV_VERIFY_FAILED;
	}
	r->verified = true;
	run_image_fill_done(r);
	if (store_receipt(r, err) < 0)
		return EV_JOURNAL_FAILED;
	log_stage(log, "verify", STAGE_DONE, 100, "verify.done", "%s", out->message);
	return EV_VERIFIED;
}
