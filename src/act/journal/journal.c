/* The journal of a run: append-only JSON lines, each synced before what it announces. */
#include "act/journal/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

enum { NAME_TRIES = 100, RESERVED_BYTES = 256 << 10 };

static int failed(const char *what, const char *doing, int rc, struct error *err)
{
	return error_set(err, fault_of_write(rc, FAULT_STATE_DIR), -rc,
			 "/var/lib/ib-vmext/%s cannot be %s: %s", what, doing, strerror(-rc));
}

static void path_of(const char *run, char ret[static 80])
{
	(void)text_format(ret, 80, "journal/%s.jsonl", run);
}

static int append_line(struct journal *j, const char *text, size_t len, struct error *err)
{
	char path[80];
	int rc = fs_write_all(j->fd, text, len);

	if (rc == 0 && fdatasync(j->fd) < 0)
		rc = -errno;
	path_of(j->run, path);
	return rc < 0 ? failed(path, "written", rc, err) : 0;
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
	rc = line ? json_write(line, false, &text) : -ENOMEM;
	if (rc == 0)
		rc = buf_add_text(&text, "\n");
	if (rc < 0)
		return error_set(err, FAULT_INTERNAL, -rc, "a journal line cannot be made: %s",
				 strerror(-rc));
	if (append_line(j, text.data, text.len, err) < 0)
		return -1;
	j->lines++;
	j->whole += text.len;
	return 0;
}

/* "20261122T110000Z-123-4567": sorts by time. */
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

/* Make the file, under a name that no run of this machine has had, however often its clock is set
 * back. */
static int file_make(struct journal *j)
{
	char name[32], path[80];

	run_name(j->host, name, sizeof(name));
	for (int i = 0; i < NAME_TRIES; i++) {
		if (i == 0)
			TEXT_COPY(j->run, name);
		else
			TEXT_FORMAT(j->run, "%s-%d", name, i);
		path_of(j->run, path);
		j->fd = openat(j->state_dir, path,
			       O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
		if (j->fd >= 0 || errno != EEXIST)
			break;
	}
	return j->fd < 0 ? -errno : 0;
}

/* Room for all lines that are to come, so that a disk that fills up meanwhile does not keep us from
 * going back. File systems that cannot do this do without. */
static int reserve(int fd)
{
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, RESERVED_BYTES) < 0 &&
	    (errno == ENOSPC || errno == EDQUOT))
		return -errno;
	return 0;
}

static int begin_fill(struct journal *j, json_t *begin, const struct plan *plan, struct error *err)
{
	j->plan = *plan;
	j->begin = json_incref(begin);
	if (!begin || json_object_set_new(begin, "plan", plan_to_json(plan)) < 0 ||
	    (journal_is_undo(j) && journal_take_steps(j) < 0))
		return error_set(err, FAULT_INTERNAL, 0,
				 "the plan cannot be written to the journal");
	return 0;
}

static int begin_write(struct journal *j, struct error *err)
{
	char path[80];
	int rc = reserve(j->fd);

	path_of(j->run, path);
	if (rc < 0)
		return failed(path, "given room", rc, err);
	if (append(j, "run", "run", "intent", j->begin, err) < 0)
		return -1;
	rc = fs_replace(j->state_dir, "journal/open", j->run, strlen(j->run), 0600);
	return rc < 0 ? failed("journal/open", "written", rc, err) : 0;
}

/* The mark goes first: it may stand although it could not be synced, and must name a file. */
static void begin_take_back(const struct journal *j)
{
	char path[80];

	path_of(j->run, path);
	(void)unlinkat(j->state_dir, "journal/open", 0);
	(void)unlinkat(j->state_dir, path, 0);
}

int journal_begin(struct journal *ret, const struct host *h, int state_dir, json_t *begin,
		  const struct plan *plan, struct error *err)
{
	int rc;

	*ret = (struct journal) { .host = h, .state_dir = state_dir, .fd = -1 };
	if (HOST_READ_LINE(h, "proc/sys/kernel/random/boot_id", ret->boot) < 0)
		TEXT_COPY(ret->boot, "unknown");
	if (begin_fill(ret, begin, plan, err) < 0)
		return -1;
	rc = fs_make_dirs(state_dir, "journal", 0700);
	if (rc == 0)
		rc = file_make(ret);
	if (rc < 0)
		return failed("journal", "added to", rc, err);
	if (begin_write(ret, err) == 0)
		return 0;
	begin_take_back(ret);
	return -1;
}

int journal_reopen(struct journal *j, struct error *err)
{
	char path[80];

	path_of(j->run, path);
	j->fd = openat(j->state_dir, path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (j->fd < 0 || ftruncate(j->fd, (off_t)j->whole) < 0)
		return failed(path, "continued", -errno, err);
	(void)reserve(j->fd); /* a full disk must not keep us from trying */
	return 0;
}

int journal_intent(struct journal *j, unsigned step, json_t *before, struct error *err)
{
	const struct step *s = &j->plan.steps[step];

	if (append(j, s->id, step_kind_name(s->kind), "intent", before, err) < 0)
		return -1;
	json_decref(j->steps[step].before);
	j->steps[step] = (struct journal_step) { STEP_INTENDED, json_incref(before) };
	journal_note_change(j, step, j->boot);
	return 0;
}

int journal_outcome(struct journal *j, unsigned step, enum step_state state, const char *what,
		    struct error *err)
{
	const struct step *s = &j->plan.steps[step];
	AUTO_JSON json_t *data = json_pack("{s:s, s:o}", "result", step_state_name(state), "what",
					   json_text_or_null(what));

	if (append(j, s->id, step_kind_name(s->kind), "outcome", data, err) < 0)
		return -1;
	j->steps[step].state = state;
	if (state != STEP_SKIPPED)
		journal_note_change(j, step, j->boot);
	return 0;
}

int journal_phase(struct journal *j, enum phase to, const json_t *data, struct error *err)
{
	AUTO_JSON json_t *record = json_pack("{s:s, s:O?}", "to", phase_name(to), "data",
					     (json_t *)data);

	if (append(j, "run", "phase", "outcome", record, err) < 0)
		return -1;
	j->phase = to;
	if (to == PHASE_REBOOTING)
		journal_note_reboot(j, j->boot);
	return 0;
}

int journal_forget(int state_dir, struct error *err)
{
	int rc = unlinkat(state_dir, "journal/open", 0) < 0 && errno != ENOENT ? -errno : 0;

	if (rc == 0)
		rc = fs_sync_parent(state_dir, "journal/open");
	return rc < 0 && rc != -ENOENT ? failed("journal/open", "removed", rc, err) : 0;
}

int journal_close(struct journal *j, struct error *err)
{
	/* Give back what reserve() took; no harm if that fails. */
	if (j->fd >= 0 && ftruncate(j->fd, (off_t)j->whole) < 0)
		LOG(j->host->log, DEBUG, "journal", "the reserve cannot be given back, ignoring");
	return journal_forget(j->state_dir, err);
}

struct pruning {
	int state_dir;
	size_t seen, keep_from; /* the first `keep_from` of the names go */
	char open[40];
};

static int count_one(void *ctx, const char *name)
{
	struct pruning *p = ctx;

	p->seen += text_ends(name, ".jsonl");
	return 0;
}

static int prune_one(void *ctx, const char *name)
{
	struct pruning *p = ctx;
	char path[300];

	if (!text_ends(name, ".jsonl") || p->seen++ >= p->keep_from ||
	    (p->open[0] && text_starts(name, p->open)))
		return 0;
	TEXT_FORMAT(path, "journal/%s", name);
	return unlinkat(p->state_dir, path, 0) < 0 && errno != ENOENT ? -errno : 0;
}

int journal_prune(int state_dir)
{
	AUTO_BUF struct buf open = { 0 };
	struct pruning p = { .state_dir = state_dir };
	int rc = fs_list(state_dir, "journal", count_one, &p);

	if (rc < 0 || p.seen <= JOURNALS_KEPT)
		return rc == -ENOENT ? 0 : rc;
	if (fs_read(state_dir, "journal/open", sizeof(p.open) - 1, &open) == 0)
		TEXT_COPY(p.open, text_trim(open.data));
	p.keep_from = p.seen - JOURNALS_KEPT;
	p.seen = 0;
	return fs_list(state_dir, "journal", prune_one, &p);
}

bool journal_is_open(int state_dir)
{
	return fs_exists(state_dir, "journal/open");
}

bool journal_is_undo(const struct journal *j)
{
	return text_eq(json_text_at(j->begin, "kind", ""), "undo");
}
