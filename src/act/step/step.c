/* The table of step kinds, and what it means where a kind leaves something out. */
#include "act/step/step.h"

#include <errno.h>

const struct step_ops *step_ops(enum step_kind kind)
{
	static const struct step_ops *const table[STEP_KIND_COUNT] = {
		[STEP_PACKAGES] = &step_packages,   [STEP_FILE] = &step_file,
		[STEP_MODULES] = &step_modules,     [STEP_DOWNLOAD] = &step_download,
		[STEP_SERVICES] = &step_services,   [STEP_PREBUILT] = &step_prebuilt,
		[STEP_SIGN] = &step_sign,           [STEP_NEXT_BOOT] = &step_next_boot,
		[STEP_RELOAD] = &step_reload,       [STEP_REPOSITORY] = &step_repository,
		[STEP_BUILD] = &step_build,         [STEP_INSTALLER] = &step_installer,
		[STEP_MANAGER] = &step_manager,     [STEP_ADDRESSES] = &step_addresses,
		[STEP_NAMES] = &step_names,         [STEP_SETTING] = &step_setting,
		[STEP_INITRAMFS] = &step_initramfs, [STEP_FOREIGN] = &step_foreign,
		[STEP_TAKEOVER] = &step_takeover,
	};

	return table[kind];
}

bool step_check(const struct step_context *c, const struct step *s)
{
	const struct step_ops *ops = step_ops(s->kind);

	return ops->check && ops->check(c, s);
}

int step_prepare(const struct step_context *c, const struct step *s, json_t **ret,
		 struct error *err)
{
	const struct step_ops *ops = step_ops(s->kind);

	if (ops->prepare)
		return ops->prepare(c, s, ret, err);
	*ret = json_object();
	return *ret ? 0 : error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to begin a step");
}

static int confirm(const struct step_context *c, const struct step *s, struct error *err)
{
	const struct step_ops *ops = step_ops(s->kind);

	return ops->confirm ? ops->confirm(c, s, err) : 0;
}

int step_apply(const struct step_context *c, const struct step *s, const json_t *before,
	       struct error *err)
{
	const struct step_ops *ops = step_ops(s->kind);

	if (ops->apply && ops->apply(c, s, before, err) < 0)
		return -1;
	return confirm(c, s, err);
}

bool step_was_done(const struct step_context *c, const struct step *s)
{
	const struct step_ops *ops = step_ops(s->kind);
	struct error why = { 0 };

	return ops->confirm && ops->confirm(c, s, &why) == 0;
}

int step_undo(const struct step_context *c, const struct step *s, const json_t *before,
	      struct error *err)
{
	const struct step_ops *ops = step_ops(s->kind);

	return ops->undo ? ops->undo(c, s, before, err) : 0;
}
