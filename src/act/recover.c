/* What is done about an open journal. */
#include "act/recover.h"

#include <string.h>

#include "act/image/image.h"
#include "act/judge.h"
#include "act/run.h"
#include "act/tidy.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

struct recovering {
	struct act *act;
	const struct apply_options *options;
	enum recover_how how;
	struct outcome *out;
	struct recovery *ret;
};

static bool is_forward(enum phase phase)
{
	return phase == PHASE_PLANNED || phase == PHASE_APPLYING || phase == PHASE_VERIFYING ||
	       phase == PHASE_REBOOTING;
}

/* Is what the open run was asked for still what is wanted? */
static bool is_same_request(const struct recovering *c, const struct journal *j)
{
	return text_eq(json_text_at(j->begin, "settingsDigest", ""), c->options->settings_digest);
}

static bool turns_back(const struct recovering *c, const struct journal *j)
{
	if (!is_forward(j->phase))
		return false;
	/* Its kernel and its VMs are known to who bakes alone. */
	if (!c->options->image && json_bool_at(j->begin, "image", false))
		return true;
	return c->how == RECOVER_UNDO || (c->how == RECOVER_REQUEST && !is_same_request(c, j));
}

/* The end of a run that this request goes on with is its answer. What was asked by somebody else,
 * or was only left open at its end, is not. */
static bool is_answer(const struct recovering *c, const struct run *r, enum phase loaded)
{
	if (r->journal.phase == PHASE_STUCK || c->how == RECOVER_GO_ON)
		return true;
	if (c->how == RECOVER_UNDO || loaded == PHASE_DONE || journal_is_undo(&r->journal))
		return false;
	return is_same_request(c, &r->journal) && r->cause.fault != FAULT_TAKEN_OVER;
}

/* The sizes of ports are promised by the VM size, which metadata tells; to go back needs neither.
 */
static int look(const struct recovering *c, bool forward, struct error *err)
{
	const struct act *a = c->act;

	if (forward && c->options->image)
		return image_judge(a->host, a->catalogue, c->options->settings, c->options->image,
				   &c->out->facts, &c->out->plan, err);
	return forward ? act_judge(a->host, a->catalogue, c->options->settings, &c->out->facts,
				   &c->out->plan, err)
		       : act_look(a->host, a->catalogue, &c->out->facts, err);
}

static int go_on(const struct recovering *c, struct run *r, struct error *err)
{
	static const struct error wanted_back = { .fault = FAULT_TAKEN_OVER,
						  .what = "an undo was asked for" };
	static const struct error taken_over = { .fault = FAULT_TAKEN_OVER,
						 .what = "another request took the place of the "
							 "interrupted one" };
	enum phase loaded = r->journal.phase;

	LOG(c->act->host->log, INFO, "run.recover", "run %s was interrupted while %s: finishing it",
	    r->journal.run, phase_name(loaded));
	run_load_cause(r);
	if (journal_reopen(&r->journal, err) < 0)
		return -1;
	if (turns_back(c, &r->journal) &&
	    run_turn_back(r, c->how == RECOVER_UNDO ? &wanted_back : &taken_over, err) < 0)
		return -1;
	if (run_drive(r, err) < 0)
		return -1;
	c->ret->is_answer = is_answer(c, r, loaded);
	return 0;
}

/* Load the open run. Where it cannot be read, and a person says so, what can be read of it will do.
 */
static int load(const struct recovering *c, struct journal *ret, struct error *err)
{
	const struct act *a = c->act;
	struct error why = { 0 };

	if (journal_load_open(ret, a->host, a->state, &c->ret->found, &why) == 0)
		return 0;
	journal_free(ret);
	if (why.fault != FAULT_JOURNAL_DAMAGED || c->how != RECOVER_UNDO ||
	    !c->options->settings->force) {
		*err = why;
		return -1;
	}
	LOG(a->host->log, WARNING, "run.salvage", "%s: going back as far as it can be read",
	    why.what);
	if (journal_salvage_open(ret, a->host, a->state, &c->ret->found, err) < 0)
		return -1;
	return c->ret->found ? 0 : journal_forget(a->state, err);
}

static int recover(const struct recovering *c, struct error *err)
{
	struct journal j = { .fd = -1 };
	struct run r;
	int rc = load(c, &j, err);

	if (rc < 0 || !c->ret->found) {
		journal_free(&j);
		if (rc == 0)
			tidy_idle(c->act);
		return rc;
	}
	rc = look(c, is_forward(j.phase) && !turns_back(c, &j), err);
	run_init(&r, c->act, c->options, c->out);
	r.journal = j;
	if (rc == 0)
		rc = go_on(c, &r, err);
	run_free(&r);
	return rc;
}

int run_recover(struct act *a, const struct apply_options *o, enum recover_how how,
		struct outcome *out, struct recovery *ret, struct error *err)
{
	struct recovering c = { a, o, how, out, ret };

	*ret = (struct recovery) { 0 };
	*out = (struct outcome) { 0 };
	return recover(&c, err);
}

/* The settings that the run was begun with, as far as its journal tells. */
static void settings_of_open(const struct act *a, struct settings *ret)
{
	AUTO_JOURNAL struct journal j = { .fd = -1 };
	bool found = false;

	settings_defaults(ret);
	if (journal_load_open(&j, a->host, a->state, &found, NULL) == 0 && found &&
	    settings_read_public(json_object_get(j.begin, "settings"), ret, NULL) < 0)
		settings_defaults(ret);
}

int act_recover(struct act *a, bool *found, struct outcome *ret, struct error *err)
{
	struct recovery recovery;
	struct settings settings;
	struct apply_options o = {
		.settings = &settings, .settings_digest = "", .version = IB_VMEXT_VERSION, .seq = -1
	};
	int rc;

	settings_of_open(a, &settings);
	rc = run_recover(a, &o, RECOVER_GO_ON, ret, &recovery, err);
	*found = recovery.found;
	return rc;
}
