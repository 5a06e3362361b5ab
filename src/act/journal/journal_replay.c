/* Reads a journal back: where the run stands, line by line. */
#include "act/journal/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

enum { JOURNAL_BYTES_MAX = 16 << 20 };

static const char *const phase_names[PHASE_COUNT] = {
	[PHASE_PLANNED] = "planned",     [PHASE_APPLYING] = "applying",
	[PHASE_VERIFYING] = "verifying", [PHASE_UNDOING] = "undoing",
	[PHASE_DONE] = "done",           [PHASE_UNDONE] = "undone",
	[PHASE_STUCK] = "stuck",         [PHASE_REBOOTING] = "rebooting",
};

static const char *const state_names[] = {
	[STEP_UNTOUCHED] = "untouched", [STEP_INTENDED] = "intended", [STEP_DONE] = "done",
	[STEP_SKIPPED] = "skipped",     [STEP_FAILED] = "failed",     [STEP_UNDONE] = "undone",
};

const char *phase_name(enum phase p)
{
	return phase_names[p];
}

const char *step_state_name(enum step_state s)
{
	return state_names[s];
}

static int name_to_index(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (text_eq(name, names[i]))
			return (int)i;
	return -1;
}

int step_state_by_name(const char *name)
{
	return name_to_index(name, state_names, ARRAY_SIZE(state_names));
}

void journal_free(struct journal *j)
{
	if (j->fd >= 0)
		(void)close(j->fd);
	json_decref(j->begin);
	json_decref(j->cause);
	for (unsigned i = 0; i < PLAN_STEPS_MAX; i++)
		json_decref(j->steps[i].before);
	*j = (struct journal) { .fd = -1 };
}

static int damaged(const struct journal *j, const char *why, struct error *err)
{
	return error_set(err, FAULT_JOURNAL_DAMAGED, EINVAL,
			 "the journal /var/lib/ib-vmext/journal/%s.jsonl, line %lld: %s", j->run,
			 (long long)j->lines + 1, why);
}

static int newer(const struct journal *j, const json_t *line, long long version, struct error *err)
{
	const char *by = json_text_at(line, "data.version", json_text_at(j->begin, "version", ""));

	return error_set(err, FAULT_JOURNAL_NEWER, 0,
			 "the open run %s was written in journal format %lld by ib-vmext %s; this "
			 "program is %s and knows format %d. Nothing was changed",
			 j->run, version, by[0] ? by : "of a newer version", IB_VMEXT_VERSION,
			 JOURNAL_VERSION);
}

int journal_take_steps(struct journal *j)
{
	const json_t *steps = json_object_get(j->begin, "steps");

	if (json_array_size(steps) != j->plan.nsteps)
		return -EINVAL;
	for (unsigned i = 0; i < j->plan.nsteps; i++) {
		json_t *step = json_array_get(steps, i), *before = json_object_get(step, "before");
		int state = step_state_by_name(json_text_at(step, "state", ""));

		if (state < 0)
			return -EINVAL;
		j->steps[i].state = (enum step_state)state;
		j->steps[i].before = json_is_object(before) ? json_incref(before) : NULL;
	}
	j->phase = PHASE_UNDOING;
	return 0;
}

static int replay_begin(struct journal *j, json_t *data, struct error *err)
{
	struct error why = { 0 };

	if (!json_is_object(data) ||
	    plan_from_json(json_object_get(data, "plan"), &j->plan, &why) < 0)
		return damaged(j, why.what[0] ? why.what : "no plan", err);
	j->begin = json_incref(data);
	if (journal_is_undo(j) && journal_take_steps(j) < 0)
		return damaged(j, "the steps of what is undone cannot be read", err);
	return 0;
}

void journal_note_reboot(struct journal *j, const char *boot)
{
	j->reboots++;
	TEXT_COPY(j->ordered_boot, boot);
}

void journal_note_change(struct journal *j, unsigned step, const char *boot)
{
	enum step_kind kind = j->plan.steps[step].kind;

	/* The first only looks, the others need no restart. */
	if (kind != STEP_NEXT_BOOT && kind != STEP_MANAGER && kind != STEP_ADDRESSES &&
	    kind != STEP_NAMES && kind != STEP_TAKEOVER)
		TEXT_COPY(j->changed_boot, boot);
}

static int replay_phase(struct journal *j, const json_t *line, struct error *err)
{
	json_t *cause = json_at(line, "data.data");
	int phase = name_to_index(json_text_at(line, "data.to", ""), phase_names, PHASE_COUNT);

	if (phase < 0)
		return damaged(j, "an unknown phase", err);
	j->phase = (enum phase)phase;
	j->phase_ms[phase] = j->last_ms;
	if (phase == PHASE_REBOOTING)
		journal_note_reboot(j, json_text_at(line, "boot", ""));
	if (phase == PHASE_UNDOING && json_is_object(cause)) {
		json_decref(j->cause);
		j->cause = json_incref(cause);
	}
	return 0;
}

static int replay_step(struct journal *j, const json_t *line, struct error *err)
{
	const char *id = json_text_at(line, "step", "");
	json_t *data = json_object_get(line, "data");
	struct journal_step *step = NULL;
	int state;

	for (unsigned i = 0; i < j->plan.nsteps; i++)
		if (text_eq(j->plan.steps[i].id, id))
			step = &j->steps[i];
	if (!step)
		return damaged(j, "a step that the plan does not have", err);
	if (!text_eq(json_text_at(data, "result", ""), step_state_name(STEP_SKIPPED)))
		journal_note_change(j, (unsigned)(step - j->steps), json_text_at(line, "boot", ""));
	if (text_eq(json_text_at(line, "phase", ""), "intent")) {
		json_decref(step->before);
		*step = (struct journal_step) { STEP_INTENDED,
						json_is_null(data) ? NULL : json_incref(data),
						.begun_ms = j->last_ms };
		return 0;
	}
	state = step_state_by_name(json_text_at(data, "result", ""));
	if (state < 0)
		return damaged(j, "an outcome without a result", err);
	step->state = (enum step_state)state;
	step->ended_ms = j->last_ms;
	return 0;
}

static void note_time(struct journal *j, const json_t *line)
{
	const char *boot = json_text_at(line, "boot", "");

	if (time_parse(json_text_at(line, "t", ""), &j->last_ms) < 0)
		j->last_ms = 0;
	if (!j->begin)
		TEXT_COPY(j->first_boot, boot);
	if (!j->begin)
		j->begun_ms = j->last_ms;
	j->spans_boots |= !text_eq(j->first_boot, boot);
}

static int replay_line(struct journal *j, const char *text, size_t len, struct error *err)
{
	char why[160] = "not a JSON object";
	AUTO_JSON json_t *line = json_parse(text, len, why, sizeof(why));
	long long version = json_int_at(line, "v", 0);

	if (!json_is_object(line))
		return damaged(j, why, err);
	if (version > JOURNAL_VERSION)
		return newer(j, line, version, err);
	if (version < 1)
		return damaged(j, "no format version", err);
	note_time(j, line);
	if (!j->begin)
		return replay_begin(j, json_object_get(line, "data"), err);
	if (text_eq(json_text_at(line, "kind", ""), "phase"))
		return replay_phase(j, line, err);
	return replay_step(j, line, err);
}

/* Was this line cut off in its writing? Only the last can be, since each is synced before the next.
 */
static bool is_torn(const char *line, size_t len, bool last)
{
	AUTO_JSON json_t *parsed = last ? json_parse(line, len, NULL, 0) : NULL;

	return last && !parsed;
}

int journal_replay(struct journal *j, const char *text, size_t len, struct error *err)
{
	size_t at = 0;

	while (at < len) {
		const char *line = text + at, *end = memchr(line, '\n', len - at);
		size_t length = end ? (size_t)(end - line) : 0;

		if (!end || is_torn(line, length, at + length + 1 == len))
			break;
		if (replay_line(j, line, length, err) < 0 &&
		    !(j->salvaging && err->fault == FAULT_JOURNAL_DAMAGED))
			return -1;
		j->lines++;
		at += length + 1;
	}
	j->whole = at;
	return j->begin ? 0 : damaged(j, "no first line", err);
}

/* The name of the open run; *found is false when there is none. */
static int open_name(struct journal *j, bool *found, struct error *err)
{
	AUTO_BUF struct buf name = { 0 };
	int rc = fs_read(j->state_dir, "journal/open", sizeof(j->run) - 1, &name);

	*found = rc != -ENOENT;
	if (rc == -ENOENT)
		return 0;
	if (rc < 0 && rc != -EFBIG)
		return error_set(err, FAULT_STATE_DIR, -rc,
				 "/var/lib/ib-vmext/journal/open cannot be read: %s",
				 strerror(-rc));
	TEXT_COPY(j->run, rc < 0 ? "" : text_trim(name.data));
	if (j->run[0] == '\0' || strchr(j->run, '/'))
		return error_set(err, FAULT_JOURNAL_DAMAGED, EINVAL,
				 "/var/lib/ib-vmext/journal/open names no run");
	return 0;
}

static int load(struct journal *j, struct error *err)
{
	AUTO_BUF struct buf text = { 0 };
	char path[80];
	int rc;

	TEXT_FORMAT(path, "journal/%s.jsonl", j->run);
	rc = fs_read(j->state_dir, path, JOURNAL_BYTES_MAX, &text);
	if (rc < 0)
		return error_set(err,
				 rc == -ENOENT || rc == -EFBIG ? FAULT_JOURNAL_DAMAGED
							       : FAULT_STATE_DIR,
				 -rc, "the journal /var/lib/ib-vmext/%s cannot be read: %s", path,
				 strerror(-rc));
	return journal_replay(j, buf_text(&text), text.len, err);
}

static int load_open(struct journal *ret, const struct host *h, int state_dir, bool *found,
		     struct error *err)
{
	bool salvaging = ret->salvaging;
	struct error why = { 0 };
	int rc;

	*ret = (struct journal) {
		.host = h, .state_dir = state_dir, .fd = -1, .salvaging = salvaging
	};
	if (HOST_READ_LINE(h, "proc/sys/kernel/random/boot_id", ret->boot) < 0)
		TEXT_COPY(ret->boot, "unknown");
	*found = false;
	rc = open_name(ret, found, &why);
	if (rc == 0 && *found)
		rc = load(ret, &why);
	if (rc == 0)
		return 0;
	*found = false;
	if (salvaging && why.fault == FAULT_JOURNAL_DAMAGED)
		return 0;
	if (err)
		*err = why;
	return -1;
}

int journal_load_open(struct journal *ret, const struct host *h, int state_dir, bool *found,
		      struct error *err)
{
	ret->salvaging = false;
	return load_open(ret, h, state_dir, found, err);
}

int journal_salvage_open(struct journal *ret, const struct host *h, int state_dir, bool *found,
			 struct error *err)
{
	ret->salvaging = true;
	return load_open(ret, h, state_dir, found, err);
}
