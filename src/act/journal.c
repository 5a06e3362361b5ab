/* The journal of a run: append-only JSON lines, each synced before what it announces. */
#include "act/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

enum { JOURNAL_BYTES_MAX = 16 << 20 };

static const char *const phase_names[PHASE_COUNT] = {
	[PHASE_PLANNED] = "planned", [PHASE_APPLYING] = "applying", [PHASE_VERIFYING] = "verifying",
	[PHASE_UNDOING] = "undoing", [PHASE_DONE] = "done",         [PHASE_UNDONE] = "undone",
	[PHASE_STUCK] = "stuck",
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

bool journal_is_open(const struct host *h, int state_dir)
{
	(void)h;
	return fs_exists(state_dir, "journal/open");
}

static int append_line(struct journal *j, const char *text, size_t len, struct error *err)
{
	int rc = fs_write_all(j->fd, text, len);

	if (rc == 0 && fdatasync(j->fd) < 0)
		rc = -errno;
	if (rc < 0)
		return error_set(err, rc == -ENOSPC ? FAULT_DISK_FULL : FAULT_STATE_DIR, -rc,
				 "the journal /%s/%s.jsonl cannot be written: %s",
				 "var/lib/ib-vmext/journal", j->run, strerror(-rc));
	return 0;
}

/* One line; `data` is borrowed. */
static int append(struct journal *j, const char *step, const char *kind, const char *phase,
		  const json_t *data, struct error *err)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_JSON json_t *line = NULL;
	char when[21];
	int rc;

	time_text(j->host->clock->realtime_ms(j->host->clock), when);
	line = json_pack("{s:i, s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:O?}", "v", JOURNAL_VERSION,
			 "run", j->run, "n", (json_int_t)(j->lines + 1), "t", when, "boot", j->boot,
			 "step", step, "kind", kind, "phase", phase, "data", (json_t *)data);
	if (!line)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "a journal line cannot be made");
	rc = json_write(line, false, &text);
	if (rc == 0)
		rc = buf_add_text(&text, "\n");
	if (rc < 0)
		return error_set(err, FAULT_INTERNAL, -rc, "a journal line cannot be made: %s",
				 strerror(-rc));
	if (append_line(j, text.data, text.len, err) < 0)
		return -1;
	j->lines++;
	return 0;
}

static int journal_prepare(struct journal *j, const struct host *h, int state_dir,
			   struct error *err)
{
	int rc;

	*j = (struct journal) { .host = h, .state_dir = state_dir, .fd = -1 };
	if (HOST_READ_LINE(h, "proc/sys/kernel/random/boot_id", j->boot) < 0)
		TEXT_COPY(j->boot, "unknown");
	rc = fs_make_dirs(state_dir, "journal", 0700);
	if (rc < 0)
		return error_set(err, rc == -ENOSPC ? FAULT_DISK_FULL : FAULT_STATE_DIR, -rc,
				 "/var/lib/ib-vmext/journal cannot be made: %s", strerror(-rc));
	return 0;
}

static int run_path(const char *run, char *ret, size_t size)
{
	return text_format(ret, size, "journal/%s.jsonl", run);
}

/* A name that sorts by time and that no run of this machine has had. */
static void run_name(const struct host *h, char *ret, size_t size)
{
	int64_t now = h->clock->realtime_ms(h->clock);
	char when[21], compact[21] = "";
	size_t n = 0;

	time_text(now, when);
	for (const char *p = when; *p; p++)
		if (*p != '-' && *p != ':')
			compact[n++] = *p;
	compact[n] = '\0';
	(void)text_format(ret, size, "%s-%03d-%d", compact, (int)(now % 1000), (int)getpid());
}

int journal_begin(struct journal *ret, const struct host *h, int state_dir, json_t *begin,
		  const struct plan *plan, struct error *err)
{
	char path[80];
	int rc;

	if (journal_prepare(ret, h, state_dir, err) < 0)
		return -1;
	run_name(h, ret->run, sizeof(ret->run));
	run_path(ret->run, path, sizeof(path));
	ret->fd = openat(state_dir, path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
	if (ret->fd < 0)
		return error_set(err, errno == ENOSPC ? FAULT_DISK_FULL : FAULT_STATE_DIR, errno,
				 "/var/lib/ib-vmext/%s cannot be made: %s", path, strerror(errno));
	ret->plan = *plan;
	ret->begin = json_incref(begin);
	if (json_object_set_new(begin, "plan", plan_to_json(plan)) < 0)
		return error_set(err, FAULT_INTERNAL, ENOMEM,
				 "the plan cannot be written to the journal");
	if (append(ret, "run", "run", "intent", begin, err) < 0)
		return -1;
	rc = fs_replace(state_dir, "journal/open", ret->run, strlen(ret->run), 0600);
	if (rc < 0)
		return error_set(err, rc == -ENOSPC ? FAULT_DISK_FULL : FAULT_STATE_DIR, -rc,
				 "/var/lib/ib-vmext/journal/open cannot be written: %s",
				 strerror(-rc));
	return 0;
}

int journal_intent(struct journal *j, unsigned step, json_t *before, struct error *err)
{
	const struct step *s = &j->plan.steps[step];

	if (append(j, s->id, step_kind_name(s->kind), "intent", before, err) < 0)
		return -1;
	json_decref(j->steps[step].before);
	j->steps[step] = (struct journal_step) { STEP_INTENDED, json_incref(before) };
	return 0;
}

int journal_outcome(struct journal *j, unsigned step, enum step_state state, const char *what,
		    struct error *err)
{
	const struct step *s = &j->plan.steps[step];
	AUTO_JSON json_t *data = json_pack("{s:s, s:o}", "result", state_names[state], "what",
					   json_text_or_null(what));

	if (append(j, s->id, step_kind_name(s->kind), "outcome", data, err) < 0)
		return -1;
	j->steps[step].state = state;
	return 0;
}

static void set_phase(struct journal *j, enum phase to, json_t *cause)
{
	j->phase = to;
	if (!json_is_object(cause))
		return;
	json_incref(cause);
	json_decref(j->cause);
	j->cause = cause;
}

int journal_phase(struct journal *j, enum phase to, const json_t *data, struct error *err)
{
	AUTO_JSON json_t *record = json_pack("{s:s, s:O?}", "to", phase_names[to], "data",
					     (json_t *)data);

	if (append(j, "run", "phase", "outcome", record, err) < 0)
		return -1;
	set_phase(j, to, (json_t *)data);
	return 0;
}

int journal_close(struct journal *j, struct error *err)
{
	int rc = unlinkat(j->state_dir, "journal/open", 0) < 0 && errno != ENOENT ? -errno : 0;

	if (rc == 0)
		rc = fs_sync_parent(j->state_dir, "journal/open");
	if (rc < 0)
		return error_set(err, FAULT_STATE_DIR, -rc,
				 "/var/lib/ib-vmext/journal/open cannot be removed: %s",
				 strerror(-rc));
	return 0;
}

static int damaged(const struct journal *j, int64_t line, const char *why, struct error *err)
{
	return error_set(err, FAULT_JOURNAL_DAMAGED, EINVAL,
			 "the journal /var/lib/ib-vmext/journal/%s.jsonl, line %lld: %s", j->run,
			 (long long)line, why);
}

static int replay_begin(struct journal *j, const json_t *data, struct error *err)
{
	struct error why = { 0 };

	if (!json_is_object(data) ||
	    plan_from_json(json_object_get(data, "plan"), &j->plan, &why) < 0)
		return damaged(j, 1, why.what[0] ? why.what : "no plan", err);
	j->begin = json_incref((json_t *)data);
	return 0;
}

static int replay_step(struct journal *j, int64_t n, const json_t *line, struct error *err)
{
	const char *id = json_text_at(line, "step", "");
	json_t *data = json_object_get(line, "data");
	struct journal_step *step = NULL;
	int state;

	for (unsigned i = 0; i < j->plan.nsteps; i++)
		if (text_eq(j->plan.steps[i].id, id))
			step = &j->steps[i];
	if (!step)
		return damaged(j, n, "a step that the plan does not have", err);
	if (text_eq(json_text_at(line, "phase", ""), "intent")) {
		json_decref(step->before);
		*step = (struct journal_step) { STEP_INTENDED,
						json_is_null(data) ? NULL : json_incref(data) };
		return 0;
	}
	state = name_to_index(json_text_at(data, "result", ""), state_names,
			      ARRAY_SIZE(state_names));
	if (state < 0)
		return damaged(j, n, "an outcome without a result", err);
	step->state = (enum step_state)state;
	return 0;
}

static int replay_line(struct journal *j, int64_t n, const json_t *line, struct error *err)
{
	long long version = json_int_at(line, "v", 0);
	const char *kind = json_text_at(line, "kind", "");
	int phase;

	if (version > JOURNAL_VERSION)
		return error_set(err, FAULT_JOURNAL_NEWER, 0,
				 "the open run %s was written in journal format %lld by ib-vmext "
				 "%s; this program knows "
				 "format %d. Nothing was changed",
				 j->run, version,
				 json_text_at(line, "data.version", "of a newer version"),
				 JOURNAL_VERSION);
	if (version < 1)
		return damaged(j, n, "no format version", err);
	if (n == 1)
		return replay_begin(j, json_object_get(line, "data"), err);
	if (text_eq(kind, "phase")) {
		phase = name_to_index(json_text_at(line, "data.to", ""), phase_names, PHASE_COUNT);
		if (phase < 0)
			return damaged(j, n, "an unknown phase", err);
		set_phase(j, (enum phase)phase, json_at(line, "data.data"));
		return 0;
	}
	return replay_step(j, n, line, err);
}

/* Replay all lines; the last one may be torn. *ret_good is the length of what is whole. */
static int replay(struct journal *j, const struct buf *text, size_t *ret_good, struct error *err)
{
	size_t at = 0;

	while (at < text->len) {
		const char *start = text->data + at;
		const char *end = memchr(start, '\n', text->len - at);
		AUTO_JSON json_t *line = NULL;
		char why[160] = "";

		if (!end)
			break;
		line = json_parse(start, (size_t)(end - start), why, sizeof(why));
		if (!line && (size_t)(end - text->data) + 1 == text->len)
			break;
		if (!line)
			return damaged(j, j->lines + 1, why, err);
		if (replay_line(j, j->lines + 1, line, err) < 0)
			return -1;
		j->lines++;
		at = (size_t)(end - text->data) + 1;
	}
	*ret_good = at;
	return 0;
}

static int reopen(struct journal *j, size_t good, struct error *err)
{
	char path[80];

	run_path(j->run, path, sizeof(path));
	j->fd = openat(j->state_dir, path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (j->fd < 0 || ftruncate(j->fd, (off_t)good) < 0)
		return error_set(err, FAULT_STATE_DIR, errno,
				 "/var/lib/ib-vmext/%s cannot be continued: %s", path,
				 strerror(errno));
	return 0;
}

int journal_load_open(struct journal *ret, const struct host *h, int state_dir, bool *found,
		      struct error *err)
{
	AUTO_BUF struct buf name = { 0 }, text = { 0 };
	char path[80];
	size_t good = 0;
	int rc;

	*found = false;
	if (journal_prepare(ret, h, state_dir, err) < 0)
		return -1;
	rc = fs_read(state_dir, "journal/open", sizeof(ret->run) - 1, &name);
	if (rc == -ENOENT)
		return 0;
	if (rc < 0 || name.len == 0)
		return error_set(err, FAULT_JOURNAL_DAMAGED, -rc,
				 "/var/lib/ib-vmext/journal/open cannot be read");
	TEXT_COPY(ret->run, text_trim(name.data));
	if (strchr(ret->run, '/'))
		return damaged(ret, 0, "journal/open names no run", err);
	run_path(ret->run, path, sizeof(path));
	rc = fs_read(state_dir, path, JOURNAL_BYTES_MAX, &text);
	if (rc < 0)
		return damaged(ret, 0, strerror(-rc), err);
	if (replay(ret, &text, &good, err) < 0)
		return -1;
	if (!ret->begin)
		return damaged(ret, 1, "no first line", err);
	*found = true;
	return reopen(ret, good, err);
}
