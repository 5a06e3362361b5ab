/* Gathers what a run has put on the disk. */
#include "act/record/put.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/command.h"
#include "act/journal/journal.h"
#include "act/packages/manager.h"
#include "act/program.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/redact.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

enum { MANIFEST_BYTES_MAX = 8 << 20, SHA1SUM_S = 300, SHA1_TEXT = 40 };

#define FILE_WORD "file /"

struct gathering {
	const struct host *host;
	const struct package_context *packages; /* NULL: nobody is asked */
	const struct journal *journal;
	json_t *list;
};

static bool has_path(const json_t *list, const char *path)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (text_eq(json_text_at(json_array_get(list, i), "path", ""), path))
			return true;
	return false;
}

/* What is not there, or no file, is not on the disk. */
static void add_file(struct gathering *g, const char *path)
{
	AUTO_FD int fd = openat(g->host->root, path,
				O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char sha256[DIGEST_TEXT_SIZE];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || has_path(g->list, path) ||
	    digest_of_fd(fd, sha256) < 0)
		return;
	json_array_append_new(g->list, json_pack("{s:s, s:I, s:n, s:s}", "path", path, "bytes",
						 (json_int_t)st.st_size, "sha1", "sha256", sha256));
}

/* SPDX wants a SHA-1 of each file, which nothing else here has a use for: sha1sum of coreutils
 * knows. Its lines come in the order of the files, a "\\" before one whose name it had to quote. */
static void add_sha1(const struct host *h, json_t *list)
{
	static const char *const words[] = { "sha1sum", "--", NULL };
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };
	struct run_spec spec = { .deadline_s = SHA1SUM_S, .keep = 1 << 20 };
	const char *line;

	command_add_all(&cmd, words);
	for (size_t i = 0; i < json_array_size(list); i++)
		command_add(&cmd, json_text_at(json_array_get(list, i), "path", ""));
	if (json_array_size(list) == 0 || cmd.failed)
		return;
	spec.argv = (const char *const *)cmd.argv;
	if (run(h, &spec, &r, NULL) < 0 || !run_ok(&r))
		return;
	line = buf_text(&r.out);
	for (size_t i = 0; i < json_array_size(list); i++) {
		line += *line == '\\';
		if (strspn(line, "0123456789abcdef") == SHA1_TEXT)
			json_object_set_new(json_array_get(list, i), "sha1",
					    json_stringn(line, SHA1_TEXT));
		line = strchrnul(line, '\n');
		line += *line == '\n';
	}
}

/* The modules of a pack, by the manifest that was kept of it. */
static void add_manifest(struct gathering *g, const char *path)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_JSON json_t *manifest = NULL;
	const json_t *files;

	if (!path[0] || fs_read(g->journal->state_dir, path, MANIFEST_BYTES_MAX, &text) < 0)
		return;
	manifest = json_parse(buf_text(&text), text.len, NULL, 0);
	files = json_object_get(manifest, "files");
	for (size_t i = 0; i < json_array_size(files); i++)
		add_file(g, json_text_at(json_array_get(files, i), "path", ""));
}

/* A step says in its changes which files it writes: "file /etc/x (why)". */
static void add_step_files(struct gathering *g, unsigned i)
{
	const struct step *s = &g->journal->plan.steps[i];
	const json_t *before = g->journal->steps[i].before;
	const json_t *listed = json_object_get(before, "files");

	for (unsigned n = 0; n < s->nchanges; n++) {
		char path[160];

		if (!text_starts(s->changes[n], FILE_WORD))
			continue;
		TEXT_COPY(path, s->changes[n] + strlen(FILE_WORD));
		path[strcspn(path, " ")] = '\0';
		add_file(g, path);
	}
	for (size_t n = 0; n < json_array_size(listed); n++)
		if (json_is_string(json_array_get(listed, n)))
			add_file(g, json_string_value(json_array_get(listed, n)));
	add_manifest(g, json_text_at(before, "manifest", ""));
}

static json_t *source_of(const struct gathering *g, const json_t *source, const char *key)
{
	AUTO_FREE char *text = strdup(json_text_at(source, key, ""));

	/* A line of apt's sources may hold a password. */
	if (text && g->host->log)
		redact(text, g->host->log->secrets, g->host->log->nsecrets);
	return json_text_or_null(text);
}

static void add_packages(struct gathering *g, const struct transaction *t)
{
	const struct package_manager *m = g->packages ? g->packages->manager : NULL;
	AUTO_JSON json_t *sources = m && m->sources ? m->sources(g->packages, t) : NULL;

	for (size_t i = 0; i < t->count; i++) {
		const struct change *c = &t->changes[i];
		char name[sizeof(c->name)];
		const json_t *source;

		if (c->kind == CHANGE_REMOVE)
			continue;
		TEXT_COPY(name, c->name);
		name[strcspn(name, ":")] = '\0';
		source = json_object_get(sources, name);
		json_array_append_new(g->list, json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}",
							 "name", c->name, "version", c->new_version,
							 "arch", json_text_or_null(c->arch), "url",
							 source_of(g, source, "url"), "sha256",
							 source_of(g, source, "sha256"), "sha512",
							 source_of(g, source, "sha512"), "vendor",
							 source_of(g, source, "vendor")));
	}
}

static bool is_done(const struct journal *j, unsigned i)
{
	return j->steps[i].state == STEP_DONE && j->steps[i].before;
}

static json_t *packages_to_json(struct gathering g)
{
	AUTO_JSON json_t *list = json_array();

	g.list = list;
	for (unsigned i = 0; list && i < g.journal->plan.nsteps; i++) {
		AUTO_TRANSACTION struct transaction t = { 0 };
		json_t *kept = json_object_get(g.journal->steps[i].before, "transaction");

		if (is_done(g.journal, i) && kept && transaction_from_json(kept, &t, NULL) == 0)
			add_packages(&g, &t);
	}
	return TAKE(list);
}

static json_t *files_to_json(struct gathering g, const char *version)
{
	AUTO_JSON json_t *list = json_array();
	char path[PROGRAM_PATH_SIZE];

	g.list = list;
	for (unsigned i = 0; list && i < g.journal->plan.nsteps; i++)
		if (is_done(g.journal, i))
			add_step_files(&g, i);
	program_path(version, path);
	if (!list)
		return NULL;
	add_file(&g, path + 1);
	add_sha1(g.host, list);
	return TAKE(list);
}

static const char *format_of(const struct package_context *c)
{
	return !c || !c->manager ? "" : text_eq(c->manager->name, "apt") ? "deb" : "rpm";
}

json_t *put_to_json(const struct package_context *c, const struct journal *j, const char *version)
{
	struct gathering g = { .host = j->host, .packages = c, .journal = j };

	return json_pack("{s:o, s:o, s:o}", "format", json_text_or_null(format_of(c)), "packages",
			 packages_to_json(g), "files", files_to_json(g, version));
}
