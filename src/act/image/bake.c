/* The run that makes an image, and what is left in it. */
#include "act/act.h"

#include <string.h>

#include "act/image/baked.h"
#include "act/image/fit.h"
#include "act/image/generalise.h"
#include "act/image/image.h"
#include "act/outcome.h"
#include "act/run_image.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "host/host.h"

static void baked_add(char *words, size_t width, unsigned *n, const char *word)
{
	for (unsigned i = 0; i < *n; i++)
		if (text_eq(words + i * width, word))
			return;
	(void)text_copy(words + (*n)++ * width, width, word);
}

static void baked_fill(const struct act *a, const struct apply_options *o,
		       const struct outcome *out, struct baked *ret)
{
	const struct image_targets *t = &o->image->targets;
	char modules[RUN_IMAGE_MODULES_SIZE], id[12];

	*ret = (struct baked) { 0 };
	time_text(a->host->clock->realtime_ms(a->host->clock), ret->at);
	TEXT_COPY(ret->version, o->version);
	TEXT_COPY(ret->catalogue, a->catalogue->version);
	TEXT_COPY(ret->kernel, o->image->kernel);
	TEXT_COPY(ret->route, out->plan.decision.route);
	TEXT_COPY(ret->driver_kind, driver_kind_name(out->facts.driver.kind));
	TEXT_COPY(ret->driver_version, out->facts.driver.version);
	fit_settings_digest(o->settings, ret->settings);
	for (unsigned i = 0; i < t->n; i++) {
		TEXT_FORMAT(id, "15b3:%04x", t->at[i].device);
		TEXT_COPY(ret->targets[ret->ntargets++], t->at[i].name);
		baked_add(ret->generations[0], sizeof(ret->generations[0]), &ret->ngenerations,
			  t->at[i].generation);
		baked_add(ret->pci[0], sizeof(ret->pci[0]), &ret->npci, id);
	}
	run_image_modules(&out->plan, modules, sizeof(modules));
	fit_note_modules(a->host, &out->facts, modules, ret);
}

static int finish(const struct act *a, const struct apply_options *o, const json_t *keys,
		  const struct outcome *out, struct error *err)
{
	AUTO_FREE struct baked *b = calloc(1, sizeof(*b));

	if (!b)
		return error_set(err, FAULT_INTERNAL, 0, "no memory to note what was baked");
	baked_fill(a, o, out, b);
	if (generalise(a, keys, err) < 0 || baked_write(a->host, b, err) < 0)
		return -1;
	LOG(a->host->log, INFO, "bake.done", "%s", out->message);
	return 0;
}

int act_bake(struct act *a, const struct apply_options *o, struct outcome *ret, struct error *err)
{
	AUTO_JSON json_t *keys = run_image_keys(a);
	struct error why = { 0 };

	if (act_apply(a, o, ret, err) < 0)
		return -1;
	if (ret->exit_code != 0)
		return 0;
	if (finish(a, o, keys, ret, &why) < 0)
		outcome_of_end(ret, &why, "The driver is in the image, and baking again goes on");
	return 0;
}
