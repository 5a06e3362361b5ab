/* act/bundle/pack_fetch.c - fetches the list of packs, judges it, and fetches the pack that serves.
 */
#include "act/bundle/pack_fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "act/fetch/download.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/minisig.h"
#include "base/text.h"
#include "facts/pack_index.h"
#include "facts/trusted.h"
#include "host/host.h"
#include "probe/pack.h"
#include "probe/pack_file.h"

#define INDEX     PACKS_DIR "/" PACK_INDEX
#define SIGNATURE ".minisig"

enum { PATH_SIZE = 320, TRIES = 4, ROOM_LEFT = 64 << 20 };

struct fetching {
	const struct pack_fetching *o;
	struct download_context context;
	struct pack_index *index;
	struct pack_target machine;
	struct facts *facts; /* of a machine that has all the packs of the index */
	char why[240];       /* why there is nothing to choose from */
};

bool pack_may_serve(const struct settings *s, const struct plan *p)
{
	bool open = p->decision.exit_code == 0
			    ? !plan_keeps(p)
			    : p->decision.exit_code ==
				      fault_row(FAULT_UNSUPPORTED_IMAGE)->exit_code;

	return pack_is_remote(s) && open;
}

/* One file that lies at the address. */
static int get(struct fetching *f, const char *name, const char *sha256, uint64_t bytes,
	       struct error *err)
{
	char url[URL_SIZE], path[PATH_SIZE], got[DIGEST_TEXT_SIZE];
	struct download d = { .url = url,
			      .sha256 = sha256,
			      .whose = "the list of packs",
			      .is_signed = true,
			      .bytes = (int64_t)bytes,
			      .path = path };

	if (url_join(f->o->settings->prebuilt, name, url, sizeof url) < 0 ||
	    TEXT_FORMAT(path, "%s/%s", PACKS_DIR, name) < 0)
		return error_set(err, FAULT_SETTINGS, ENAMETOOLONG, "prebuilt is too long");
	return download_get(&f->context, &d, got, err);
}

static void remove_file(const struct fetching *f, const char *name, const char *end)
{
	char path[PATH_SIZE];

	if (TEXT_FORMAT(path, "%s/%s%s", PACKS_DIR, name, end) == 0)
		(void)unlinkat(f->o->host->root, path, 0);
}

static int get_signed(struct fetching *f, const char *name, const char *sha256, uint64_t bytes,
		      struct error *err)
{
	char signature[200];

	(void)TEXT_FORMAT(signature, "%s" SIGNATURE, name);
	return get(f, signature, "", 0, err) < 0 || get(f, name, sha256, bytes, err) < 0 ? -1 : 0;
}

/* The list. */

static int verify_index(struct fetching *f)
{
	AUTO_BUF struct buf signature = { .max = MINISIG_BYTES_MAX };
	AUTO_FD int fd = host_open(f->o->host, INDEX, O_NOFOLLOW);
	struct trusted_keys keys;

	(void)trusted_read(f->o->settings, &keys, NULL);
	if (fs_read(f->o->host->root, INDEX SIGNATURE, MINISIG_BYTES_MAX, &signature) < 0)
		buf_clear(&signature);
	return fd < 0 ? -1 : pack_file_verify(fd, &signature, &keys, f->why, sizeof f->why);
}

static int read_index(struct fetching *f)
{
	AUTO_BUF struct buf text = { .max = PACK_INDEX_BYTES_MAX };
	AUTO_JSON json_t *j = NULL;
	char why[160] = "it is too long";
	int rc = verify_index(f);

	if (rc < 0)
		return -1;
	if (fs_read(f->o->host->root, INDEX, PACK_INDEX_BYTES_MAX, &text) == 0)
		j = json_parse(buf_text(&text), text.len, why, sizeof why);
	if (j != NULL && pack_index_from_json(j, f->index, why, sizeof why) == 0)
		return 0;
	(void)TEXT_FORMAT(f->why, "it cannot be read: %s", why);
	return -1;
}

/* -1 only where all ends with it: else f->why tells, and the index is empty. */
static int get_index(struct fetching *f, struct error *err)
{
	struct error why = { 0 };
	char reason[200];

	f->index->npacks = 0;
	if (get_signed(f, PACK_INDEX, "", 0, &why) < 0) {
		if (why.fault == FAULT_TAKEN_OVER)
			return *err = why, -1;
		(void)TEXT_COPY(f->why, why.what);
	} else if (read_index(f) < 0) {
		(void)TEXT_COPY(reason, f->why);
		(void)TEXT_FORMAT(f->why, "the list of packs there is not used: %s", reason);
		f->index->npacks = 0;
	}
	remove_file(f, PACK_INDEX, "");
	remove_file(f, PACK_INDEX, SIGNATURE);
	return 0;
}

/* Those that fit stand before the others, and those others are told of as far as there is room. */
static void take_index(struct fetching *f)
{
	struct facts *facts = f->facts;

	facts->npacks = 0;
	for (int wanted = 1; wanted >= 0; wanted--)
		for (unsigned i = 0; i < f->index->npacks; i++) {
			const struct pack_entry *e = &f->index->packs[i];
			struct pack_facts p;

			pack_entry_to_facts(e, PACKS_DIR, &p);
			p.fits = pack_fits(&e->target, &f->machine, p.why, sizeof p.why);
			if (p.fits == wanted && facts->npacks < FACTS_PACKS_MAX)
				facts->packs[facts->npacks++] = p;
		}
}

/* The pack. */

static struct pack_facts *chosen(const struct fetching *f)
{
	AUTO_FREE struct plan *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	plan_build(f->facts, f->o->settings, f->o->catalogue, p);
	if (p->decision.exit_code != 0 || !text_eq(p->decision.route, "prebuilt"))
		return NULL;
	for (unsigned s = 0; s < p->nsteps; s++)
		for (unsigned i = 0; p->steps[s].kind == STEP_PREBUILT && i < f->facts->npacks; i++)
			if (text_eq(f->facts->packs[i].path, p->steps[s].items[0]))
				return &f->facts->packs[i];
	return NULL;
}

static const struct pack_entry *entry_of(const struct fetching *f, const struct pack_facts *p)
{
	for (unsigned i = 0; i < f->index->npacks; i++)
		if (text_eq(f->index->packs[i].file, p->file))
			return &f->index->packs[i];
	return NULL;
}

static bool is_there(const struct fetching *f, const struct pack_entry *e)
{
	char path[PATH_SIZE], sha256[DIGEST_TEXT_SIZE];
	AUTO_FD int fd = -1;

	(void)TEXT_FORMAT(path, "%s/%s", PACKS_DIR, e->file);
	fd = host_open(f->o->host, path, O_NOFOLLOW | O_NONBLOCK);
	return fd >= 0 && digest_of_fd(fd, sha256) == 0 && text_eq(sha256, e->sha256);
}

static int get_pack(struct fetching *f, const struct pack_entry *e, struct error *err)
{
	uint64_t left, total;
	char signature[200];

	if (is_there(f, e)) {
		(void)TEXT_FORMAT(signature, "%s" SIGNATURE, e->file);
		return get(f, signature, "", 0, err);
	}
	if (host_space(f->o->host, PACKS_DIR, &left, &total) == 0 && left < e->size + ROOM_LEFT)
		return error_set(err, FAULT_DISK_FULL, ENOSPC,
				 "it has %llu MiB, and there are %llu below /" PACKS_DIR,
				 (unsigned long long)(e->size >> 20),
				 (unsigned long long)(left >> 20));
	log_stage(f->o->host->log, "prebuilt", STAGE_RUNNING, -1, "prebuilt.fetch",
		  "fetching %s, %llu MiB", e->file, (unsigned long long)(e->size >> 20));
	return get_signed(f, e->file, e->sha256, e->size, err);
}

/* What the planner would take, until one has come or none is left. */
static int get_best(struct fetching *f, struct error *err)
{
	struct pack_facts *p = chosen(f);

	for (unsigned i = 0; p != NULL && i < TRIES; p = chosen(f), i++) {
		const struct pack_entry *e = entry_of(f, p);
		struct error why = { 0 };

		if (e == NULL || get_pack(f, e, &why) == 0)
			return 0;
		if (why.fault == FAULT_TAKEN_OVER)
			return *err = why, -1;
		p->fits = false;
		(void)TEXT_FORMAT(p->why, "it could not be fetched: %.200s", why.what);
	}
	return 0;
}

/* What came before for other kernels goes. */
static int tidy_one(void *ctx, const char *name)
{
	const struct fetching *f = ctx;

	for (unsigned i = 0; i < f->facts->npacks; i++)
		if (f->facts->packs[i].kernel[0] != '\0' &&
		    text_eq(f->facts->packs[i].kernel, f->machine.release) &&
		    text_starts(name, f->facts->packs[i].file))
			return 0;
	if (text_starts(name, PACK_PREFIX))
		remove_file(f, name, "");
	return 0;
}

static json_t *notes(const struct fetching *f, const char *from)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < f->facts->npacks; i++) {
		const struct pack_facts *p = &f->facts->packs[i];

		if (!p->fits)
			(void)json_array_append_new(
				list, json_pack("{s:s, s:s, s:s, s:s}", "file", p->file, "version",
						p->version, "kernel", p->kernel, "why", p->why));
	}
	return json_pack("{s:s, s:s, s:s, s:o}", "schema", PACK_NOTES_SCHEMA, "from", from, "why",
			 f->why, "packs", list);
}

static int write_notes(const struct fetching *f, struct error *err)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_JSON json_t *j = NULL;
	char from[300];
	int rc;

	url_show(f->o->settings->prebuilt, from, sizeof from);
	j = notes(f, from);
	rc = j == NULL ? -ENOMEM : json_write(j, false, &text);
	if (rc == 0)
		rc = fs_replace(f->o->host->root, PACK_NOTES, buf_text(&text), text.len, 0600);
	if (f->why[0] != '\0')
		LOG(f->o->host->log, WARNING, "prebuilt.none", "no pack comes from %s: %s", from,
		    f->why);
	return rc < 0 ? error_set(err, FAULT_STATE_DIR, -rc,
				  "/" PACK_NOTES " cannot be written: %s", strerror(-rc))
		      : 0;
}

static int fetch(struct fetching *f, struct error *err)
{
	int rc = fs_make_dirs(f->o->host->root, PACKS_DIR, 0700);

	if (rc < 0)
		return error_set(err, FAULT_STATE_DIR, -rc, "/" PACKS_DIR " cannot be made: %s",
				 strerror(-rc));
	if (get_index(f, err) < 0)
		return -1;
	if (f->why[0] == '\0') {
		take_index(f);
		(void)!fs_list(f->o->host->root, PACKS_DIR, tidy_one, f);
		if (get_best(f, err) < 0)
			return -1;
	}
	return write_notes(f, err);
}

int pack_fetch(const struct pack_fetching *o, struct facts *facts, struct plan *plan,
	       struct error *err)
{
	AUTO_FREE struct pack_index *index = calloc(1, sizeof *index);
	AUTO_FREE struct facts *copy = calloc(1, sizeof *copy);
	struct fetching f = { .o = o,
			      .context = { .host = o->host,
					   .settings = o->settings,
					   .stage = "prebuilt",
					   .deadline_s = o->deadline_s,
					   .stop = o->stop,
					   .stop_ctx = o->ctx },
			      .index = index,
			      .facts = copy };

	if (index == NULL || copy == NULL)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to fetch packs");
	*copy = *facts;
	copy->npacks = 0;
	pack_target_read(o->host, facts, &f.machine);
	if (fetch(&f, err) < 0)
		return -1;
	pack_read(o->host, o->settings, facts);
	plan_build(facts, o->settings, o->catalogue, plan);
	return 0;
}
