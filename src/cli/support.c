/* Gathers pieces, takes out whose machine it is and every secret, and writes them as a tar file. */
#include "cli/support.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "act/judge.h"
#include "base/fs.h"
#include "base/tar.h"
#include "base/text.h"
#include "cli/alias.h"
#include "cli/app.h"
#include "cli/support_treat.h"
#include "cli/treat.h"
#include "cli/verified.h"
#include "host/host.h"
#include "host/recorder.h"
#include "host/run.h"

enum { PIECES_MAX = 40, READ_MAX = 32 << 20, TAIL = 192 << 10, JOURNALS = 3, DMESG_S = 3 };
enum { TOTAL_MAX = SUPPORT_BYTES_MAX - (256 << 10) };

struct piece {
	char name[TAR_PATH_MAX + 1];
	struct buf text;
	enum support_kind kind;
};

struct bundle {
	struct app *app;
	struct aliases aliases;
	struct recorder recorder;
	struct piece pieces[PIECES_MAX];
	unsigned count;
	size_t bytes;
};

/* A place for one more text; NULL where there is none. */
static struct piece *piece_add(struct bundle *b, const char *name, enum support_kind kind)
{
	struct piece *p = b->count < PIECES_MAX ? &b->pieces[b->count] : NULL;

	if (!p || TEXT_COPY(p->name, name) < 0)
		return NULL;
	p->kind = kind;
	b->count++;
	return p;
}

/* The last `size` bytes, from the beginning of a line. */
static int tail_add(struct buf *to, const char *text, size_t len, size_t size)
{
	const char *line;

	if (len <= size)
		return buf_add(to, text, len);
	line = memchr(text + len - size, '\n', size);
	if (!line)
		return 0;
	return buf_add(to, line + 1, (size_t)(text + len - line - 1));
}

/* A file that is missing or may not be read is left out: not every machine has every file. */
static int file_add(struct bundle *b, const char *path, const char *name)
{
	AUTO_BUF struct buf text = { .max = READ_MAX };
	struct piece *p;

	if (host_read(&b->app->host, path, READ_MAX, &text) < 0 || text.len == 0)
		return 0;
	p = piece_add(b, name,
		      text_ends(name, ".json")    ? SUPPORT_JSON
		      : text_ends(name, ".jsonl") ? SUPPORT_JSON_LINES
						  : SUPPORT_TEXT);
	return p ? tail_add(&p->text, buf_text(&text), text.len, TAIL) : 0;
}

static int document_add(struct bundle *b, const char *name, json_t *document)
{
	AUTO_JSON json_t *owned = document;
	struct piece *p = owned ? piece_add(b, name, SUPPORT_ANSWER) : NULL;

	return p ? json_write(owned, true, &p->text) : -ENOMEM;
}

/* What is known and would be done. */
static int answers_add(struct bundle *b, struct verified *v, struct error *err)
{
	AUTO_FREE struct plan *plan = calloc(1, sizeof(*plan));
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));
	struct error why = { 0 };

	if (!plan || !f)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory");
	if (act_judge(&b->app->host, b->app->catalogue, &b->app->settings, f, plan, &why) < 0)
		plan_refuse(&why, plan);
	if (document_add(b, "facts.json", facts_to_json(&v->facts)) < 0 ||
	    document_add(b, "verify.json", verify_document(&v->verification, &v->facts)) < 0 ||
	    document_add(b, "plan.json", plan_to_json(plan)) < 0)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory");
	return 0;
}

static const struct {
	const char *path, *name;
} files[] = {
	{ "var/lib/ib-vmext/receipt.json", "receipt.json" },
	{ "var/lib/ib-vmext/baked.json", "baked.json" },
	{ "var/lib/ib-vmext/request.json", "request.json" },
	{ "var/lib/ib-vmext/result.json", "result.json" },
	{ "var/lib/ib-vmext/update.json", "update.json" },
	{ "var/log/azure/ib-vmext-status", "log/ib-vmext-status" },
	{ "proc/modules", "proc/modules" },
	{ "proc/cmdline", "proc/cmdline" },
	{ "etc/modules-load.d/ib-vmext.conf", "etc/modules-load.d/ib-vmext.conf" },
	{ "etc/infiniband/openib.conf", "etc/infiniband/openib.conf" },
};

struct newest {
	char names[JOURNALS][NAME_MAX + 1]; /* the last ones, since names begin with the time */
	unsigned count;
};

static int take_journal(void *ctx, const char *name)
{
	struct newest *n = ctx;

	if (!text_ends(name, ".jsonl"))
		return 0;
	if (n->count == JOURNALS)
		memmove(n->names[0], n->names[1], sizeof n->names - sizeof n->names[0]);
	else
		n->count++;
	return TEXT_COPY(n->names[n->count - 1], name);
}

static int journals_add(struct bundle *b)
{
	struct newest n = { .count = 0 };
	int rc = host_list(&b->app->host, "var/lib/ib-vmext/journal", take_journal, &n);

	for (unsigned i = 0; i < n.count && rc == 0; i++) {
		char path[PATH_MAX], name[PATH_MAX];

		(void)TEXT_FORMAT(path, "var/lib/ib-vmext/journal/%s", n.names[i]);
		(void)TEXT_FORMAT(name, "journal/%s", n.names[i]);
		rc = file_add(b, path, name);
	}
	return rc < 0 && rc != -ENOMEM ? 0 : rc; /* without root there is no looking into it */
}

/* The status files of the handler; never its settings. */
struct handler_walk {
	struct bundle *bundle;
	char dir[PATH_MAX];
	const char *handler;
};

static int take_status(void *ctx, const char *name)
{
	struct handler_walk *w = ctx;
	char path[PATH_MAX + NAME_MAX], as[PATH_MAX];

	if (!text_ends(name, ".status"))
		return 0;
	(void)TEXT_FORMAT(path, "%s/%s", w->dir, name);
	(void)TEXT_FORMAT(as, "handler/%s/%s.json", w->handler, name);
	return file_add(w->bundle, path, as);
}

static int take_handler(void *ctx, const char *name)
{
	struct handler_walk *w = ctx;

	if (strstr(name, "InfiniBandDriverLinux") == NULL)
		return 0;
	w->handler = name;
	(void)TEXT_FORMAT(w->dir, "var/lib/waagent/%s/status", name);
	(void)!host_list(&w->bundle->app->host, w->dir, take_status, w);
	return 0;
}

/* Lines about the modules, or about us, of a text that is mostly about other things. */
static bool is_ours(const char *line, size_t len)
{
	static const char *const words[] = { "mlx",      "infiniband", "rdma",
					     "ib_",      "ib0",        "ipoib",
					     "hv_pci",   "pci_hyp",    "nvidia_peermem",
					     "ib-vmext", "openib",     "signature" };
	char text[512];

	(void)TEXT_FORMAT(text, "%.*s", (int)(len < sizeof text - 1 ? len : sizeof text - 1), line);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasestr(text, words[i]) != NULL)
			return true;
	return false;
}

static int lines_add(struct bundle *b, const char *name, const char *text, size_t len)
{
	AUTO_BUF struct buf kept = { 0 };
	struct piece *p;
	int rc = 0;

	for (size_t at = 0; at < len && rc == 0;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end ? (size_t)(end - text) + 1 - at : len - at;

		if (is_ours(text + at, n))
			rc = buf_add(&kept, text + at, n);
		at += n;
	}
	if (rc < 0 || kept.len == 0)
		return rc;
	p = piece_add(b, name, SUPPORT_TEXT);
	return p ? tail_add(&p->text, buf_text(&kept), kept.len, TAIL) : 0;
}

static int dmesg_add(struct bundle *b)
{
	static const char *const argv[] = { "dmesg", NULL };
	const struct run_spec spec = { .argv = argv, .deadline_s = DMESG_S, .keep = READ_MAX };
	AUTO_RUN struct run_result result = { 0 };
	struct error err = { 0 };

	if (run(&b->app->host, &spec, &result, &err) < 0 || !run_ok(&result))
		return 0; /* not everybody may read it */
	return lines_add(b, "dmesg", buf_text(&result.out), result.out.len);
}

static int agent_log_add(struct bundle *b)
{
	AUTO_BUF struct buf text = { .max = READ_MAX };

	if (host_read(&b->app->host, "var/log/waagent.log", READ_MAX, &text) < 0)
		return 0;
	return lines_add(b, "log/waagent.log", buf_text(&text), text.len);
}

static int gather(struct bundle *b, struct verified *v, struct error *err)
{
	struct handler_walk w = { .bundle = b };
	int rc = 0;

	if (answers_add(b, v, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(files) && rc == 0; i++)
		rc = file_add(b, files[i].path, files[i].name);
	if (rc == 0)
		rc = journals_add(b);
	if (rc == 0)
		rc = host_list(&b->app->host, "var/lib/waagent", take_handler, &w);
	if (rc == 0 || rc == -EACCES)
		rc = dmesg_add(b);
	if (rc == 0)
		rc = agent_log_add(b);
	return rc == 0 ? 0 : error_set(err, FAULT_INTERNAL, -rc, "no memory");
}

/* Names that must not be seen: the host's, and those of metadata. */
static int learn_names(struct bundle *b, const struct verified *v)
{
	static const char *const places[] = { "etc/hostname", "proc/sys/kernel/hostname" };
	AUTO_JSON json_t *facts = facts_to_json(&v->facts);
	AUTO_BUF struct buf keep = { 0 };
	char name[256];
	int rc = json_write(facts, false, &keep);

	for (size_t i = 0; i < ARRAY_SIZE(places) && rc == 0; i++) {
		if (HOST_READ_LINE(&b->app->host, places[i], name) < 0)
			continue;
		rc = treat_add_name(&b->aliases, name, buf_text(&keep));
		name[strcspn(name, ".")] = '\0';
		if (rc == 0)
			rc = treat_add_name(&b->aliases, name, buf_text(&keep));
	}
	return rc < 0 ? rc : treat_add_names(&b->aliases, b->recorder.imds, buf_text(&keep));
}

static int piece_treat(struct bundle *b, struct piece *p)
{
	AUTO_BUF struct buf shown = { 0 };
	int rc = support_treat(&b->aliases, p->kind, &p->text, &shown);

	if (rc < 0)
		return rc;
	buf_free(&p->text);
	p->text = shown;
	shown = (struct buf) { 0 };
	return 0;
}

static int treat_all(struct bundle *b, const struct verified *v, struct error *err)
{
	int rc = learn_names(b, v);

	for (unsigned i = 0; i < b->count && rc == 0; i++)
		rc = piece_treat(b, &b->pieces[i]);
	return rc == 0 ? 0 : error_set(err, FAULT_INTERNAL, -rc, "no memory");
}

/* What has no room any more is named, not cut again. */
static int manifest_add(struct bundle *b, struct error *err)
{
	AUTO_JSON json_t *list = json_array();
	size_t bytes = 0;

	for (unsigned i = 0; i < b->count; i++) {
		struct piece *p = &b->pieces[i];
		size_t whole = p->text.len;

		if (bytes + whole > TOTAL_MAX)
			buf_clear(&p->text);
		bytes += p->text.len + 2 * TAR_BLOCK;
		if (json_array_append_new(list, json_pack("{s:s, s:I, s:b}", "name", p->name,
							  "bytes", (json_int_t)whole, "leftOut",
							  p->text.len < whole)) < 0)
			return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory");
	}
	if (document_add(b, "manifest.json",
			 json_pack("{s:s, s:s, s:O}", "schema", "ib-vmext/support/1", "writtenBy",
				   "ib-vmext " IB_VMEXT_VERSION, "files", list)) < 0)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory");
	return 0;
}

static int write_tar(const struct bundle *b, const char *path, struct support_summary *ret,
		     struct error *err)
{
	AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc = fd < 0 ? -errno : 0;
	off_t end;

	for (unsigned i = 0; i < b->count && rc == 0; i++) {
		const struct piece *p = &b->pieces[i];

		rc = tar_put_text(fd, p->name, buf_text(&p->text), p->text.len);
	}
	if (rc == 0)
		rc = tar_put_end(fd);
	end = rc == 0 ? lseek(fd, 0, SEEK_CUR) : 0;
	if (rc == 0 && fsync(fd) < 0)
		rc = -errno;
	if (rc == 0) {
		*ret = (struct support_summary) { .files = b->count, .bytes = (size_t)end };
		return 0;
	}
	if (fd >= 0)
		(void)unlink(path);
	return error_set(err, FAULT_WRITE_FAILED, -rc, "%s cannot be written: %s", path,
			 strerror(-rc));
}

static void bundle_free(struct bundle *b)
{
	for (unsigned i = 0; i < b->count; i++)
		buf_free(&b->pieces[i].text);
	aliases_free(&b->aliases);
	recorder_free(&b->recorder);
	free(b);
}

int support_write(struct app *app, const char *path, struct support_summary *ret, struct error *err)
{
	AUTO_VERIFIED struct verified *v = NULL;
	struct bundle *b = calloc(1, sizeof(*b));
	int rc;

	if (!b)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory");
	b->app = app;
	rc = aliases_init(&b->aliases) < 0 || recorder_init(&b->recorder) < 0
		     ? error_set(err, FAULT_INTERNAL, ENOMEM, "no memory")
		     : 0;
	/* For the names that metadata tells; what else is asked is of no interest. */
	app->host.recorder = &b->recorder;
	if (rc == 0)
		rc = verified_look(app, &v, err);
	app->host.recorder = NULL;
	if (rc == 0)
		rc = gather(b, v, err);
	if (rc == 0)
		rc = treat_all(b, v, err);
	if (rc == 0)
		rc = manifest_add(b, err);
	if (rc == 0)
		rc = write_tar(b, path, ret, err);
	bundle_free(b);
	return rc;
}
