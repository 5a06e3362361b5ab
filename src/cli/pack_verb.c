/* pack: prebuilt modules, made, listed and checked. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "act/bundle/pack_fetch.h"
#include "act/bundle/pack_index_make.h"
#include "act/bundle/pack_make.h"
#include "act/bundle/signing_key.h"
#include "act/judge.h"
#include "base/fs.h"
#include "base/minisig.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "cli/app.h"
#include "facts/pack_index.h"
#include "facts/trusted.h"
#include "probe/pack.h"
#include "probe/pack_file.h"
#include "probe/probe.h"

enum { MIB = 1 << 20, FETCH_S = 1200 };

/* This machine, and packs of a directory that settings name, if any. */
static struct facts *look(struct app *app, const struct settings *settings, struct error *err)
{
	struct probe_options options = { .settings = settings };
	struct facts *f = calloc(1, sizeof(*f));

	if (f && probe_facts(&app->host, &options, f, err) == 0)
		return f;
	if (!f)
		error_set(err, FAULT_INTERNAL, ENOMEM, "no memory");
	free(f);
	return NULL;
}

static unsigned long long mib(uint64_t bytes)
{
	return (bytes + MIB - 1) / MIB;
}

int fetch_pack(struct app *app, struct facts *f, struct plan *p, struct error *err)
{
	struct pack_fetching order = { .host = &app->host,
				       .settings = &app->settings,
				       .catalogue = app->catalogue,
				       .deadline_s = FETCH_S };

	return pack_may_serve(&app->settings, p) ? pack_fetch(&order, f, p, err) : 0;
}

/* make */

static const char *word_after(int argc, char **argv, const char *option)
{
	for (int i = 0; i + 1 < argc; i++)
		if (text_eq(argv[i], option))
			return argv[i + 1];
	return NULL;
}

static int say_made(struct app *app, const char *dir, const char *name, bool is_signed,
		    const struct pack *p)
{
	AUTO_JSON json_t *document = NULL;

	if (app->json) {
		document = json_pack("{s:s, s:s, s:s, s:b, s:o}", "schema", "ib-vmext/pack-make/1",
				     "directory", dir, "file", name, "signed", is_signed,
				     "manifest", pack_to_json(p));
		return print_json(app, document);
	}
	fprintf(app->out, "%s/%s: %u modules of %s %s, %llu MiB, for kernel %s\n", dir, name,
		p->nfiles, driver_kind_name(p->driver), p->version, mib(pack_bytes(p)),
		p->target.release);
	if (!is_signed)
		fprintf(app->out, "It is not signed: no machine will use it before it is. Give "
				  "--key, or sign it: minisign -S -m FILE\n");
	return 0;
}

/* The list of a directory, for those that fetch packs from where it is served. */
static int write_index(struct app *app, const char *dir, const char *key_path, unsigned *ret_count)
{
	struct minisig_secret key;
	struct error err = { 0 };
	int rc;

	if (key_path && signing_key_read(key_path, &key, &err) < 0)
		return fail(app, &err);
	rc = pack_index_make(dir, key_path ? &key : NULL, ret_count, &err);
	if (key_path)
		minisig_secret_wipe(&key);
	return rc < 0 ? fail(app, &err) : 0;
}

static int make(struct app *app, int argc, char **argv)
{
	struct pack_order order = { .dir = argv[0],
				    .key = word_after(argc, argv, "--key"),
				    .by = IB_VMEXT_VERSION };
	AUTO_FREE struct pack *p = calloc(1, sizeof(*p));
	AUTO_FREE struct facts *f = NULL;
	struct error err = { 0 };
	char name[PACK_NAME_SIZE];
	unsigned count = 0;
	int rc;

	f = look(app, NULL, &err);
	if (!f)
		return fail(app, &err);
	if (!p || pack_make(&app->host, f, &order, p, name, &err) < 0)
		return fail(app, &err);
	rc = write_index(app, argv[0], order.key, &count);
	return rc ? rc : say_made(app, argv[0], name, order.key != NULL, p);
}

/* index: after packs were put together from several machines, or signed by hand. */
static int index_dir(struct app *app, int argc, char **argv)
{
	unsigned count = 0;
	const char *key = word_after(argc, argv, "--key");
	int rc = write_index(app, argv[0], key, &count);

	if (rc)
		return rc;
	if (app->json) {
		AUTO_JSON json_t *document = json_pack("{s:s, s:s, s:s, s:i, s:b}", "schema",
						       "ib-vmext/pack-made-index/1", "directory",
						       argv[0], "file", PACK_INDEX, "packs",
						       (int)count, "signed", key != NULL);

		return print_json(app, document);
	}
	fprintf(app->out, "%s/" PACK_INDEX ": %u packs\n", argv[0], count);
	return 0;
}

/* What both list and check say of a pack. */

static void say_parts(struct app *app, const struct pack_target *pack,
		      const struct pack_target *machine)
{
	for (size_t i = 0; i < pack_part_count; i++) {
		const struct pack_part *part = &pack_parts[i];
		const char *is = pack_part_text(part, machine);

		if (!pack_part_fits(part, pack, machine))
			fprintf(app->out, "        %s: it is for %s, this is %s\n", part->name,
				pack_part_text(part, pack), is[0] != '\0' ? is : "not known");
	}
}

static json_t *parts_to_json(const struct pack_target *pack, const struct pack_target *machine)
{
	json_t *list = json_array();

	for (size_t i = 0; i < pack_part_count; i++) {
		const struct pack_part *part = &pack_parts[i];

		json_array_append_new(
			list, json_pack("{s:s, s:o, s:o, s:b}", "part", part->name, "pack",
					json_text_or_null(pack_part_text(part, pack)), "machine",
					json_text_or_null(pack_part_text(part, machine)), "fits",
					pack_part_fits(part, pack, machine)));
	}
	return list;
}

/* With no manifest there is nothing to compare: `p` is NULL. */
static json_t *pack_facts_to_json(const struct pack_facts *f, const struct pack *p,
				  const struct pack_target *machine)
{
	return json_pack("{s:s, s:b, s:o, s:o, s:o, s:o, s:i, s:I, s:o}", "file", f->file, "fits",
			 f->fits, "why", json_text_or_null(f->why), "driver",
			 json_text_or_null(p ? driver_kind_name(f->driver) : NULL), "version",
			 json_text_or_null(f->version), "kernel", json_text_or_null(f->kernel),
			 "modules", (int)f->nmodules, "bytes", (json_int_t)f->bytes, "parts",
			 p ? parts_to_json(&p->target, machine) : json_array());
}

static void say_pack(struct app *app, const struct pack_facts *f, const struct pack *p,
		     const struct pack_target *machine)
{
	fprintf(app->out, "%-7s %s\n", f->fits ? "fits" : "no", f->file);
	if (!p) {
		fprintf(app->out, "        %s\n", f->why);
		return;
	}
	fprintf(app->out, "        %s %s for kernel %s, %u modules, %llu MiB\n",
		driver_kind_name(f->driver), f->version, f->kernel, f->nmodules, mib(f->bytes));
	if (pack_fits(&p->target, machine, NULL, 0) && !f->fits)
		fprintf(app->out, "        %s\n", f->why);
	say_parts(app, &p->target, machine);
}

/* list */

/* A path of this machine, or of a world, from "/"; a URL of the settings stays as it is. */
static int place_of(const struct app *app, const char *word, struct settings *s, struct error *err)
{
	AUTO_FREE char *path = NULL;

	if (strstr(word, "://") == NULL && !app->world)
		path = realpath(word, NULL);
	else
		path = strdup(word);
	if (path && TEXT_COPY(s->prebuilt, path) == 0 && pack_dir(s))
		return 0;
	return error_set(err, FAULT_PACK_UNREADABLE, errno, "%s is no directory that can be read",
			 word);
}

static int list_packs(struct app *app, const struct settings *s, const struct facts *f)
{
	AUTO_FREE struct pack *p = calloc(1, sizeof(*p));
	json_t *list = json_array();
	AUTO_JSON json_t *document = json_pack("{s:s, s:s, s:o}", "schema", "ib-vmext/pack-list/1",
					       "where", s->prebuilt, "packs", list);
	struct pack_target machine;
	char why[200];

	pack_target_read(&app->host, f, &machine);
	for (unsigned i = 0; i < f->npacks && p; i++) {
		AUTO_FD int fd = f->packs[i].path[0]
					 ? host_open(&app->host, f->packs[i].path + 1, O_NONBLOCK)
					 : -1;
		bool read = fd >= 0 && pack_file_read(fd, p, why, sizeof(why)) == 0;

		if (app->json)
			json_array_append_new(
				list, pack_facts_to_json(&f->packs[i], read ? p : NULL, &machine));
		else
			say_pack(app, &f->packs[i], read ? p : NULL, &machine);
	}
	if (app->json)
		return print_json(app, document);
	if (f->npacks == 0 && f->packs_why[0] != '\0')
		fprintf(app->out, "No pack could be fetched: %s\n", f->packs_why);
	else if (f->npacks == 0)
		fprintf(app->out, "There is no pack in %s\n", s->prebuilt);
	return 0;
}

static int list(struct app *app, int argc, char **argv)
{
	struct settings s = app->settings;
	const char *word = argc > 0 ? argv[0] : app->settings.prebuilt;
	AUTO_FREE struct facts *f = NULL;
	struct error err = { 0 };

	if (word[0] == '\0') {
		error_set(&err, FAULT_USAGE, 0,
			  "pack list needs a directory, or settings with prebuilt");
		return fail(app, &err);
	}
	if (place_of(app, word, &s, &err) < 0)
		return fail(app, &err);
	f = look(app, &s, &err);
	return f ? list_packs(app, &s, f) : fail(app, &err);
}

/* fetch: as apply does before it plans, for who wants to see it first. */

static int fetch(struct app *app, int argc, char **argv)
{
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));
	AUTO_FREE struct plan *p = calloc(1, sizeof(*p));
	struct error err = { 0 };

	(void)argc;
	(void)argv;
	if (!f || !p)
		return fail(app, (error_set(&err, FAULT_INTERNAL, ENOMEM, "no memory"), &err));
	if (!pack_is_remote(&app->settings))
		error_set(&err, FAULT_USAGE, 0,
			  "pack fetch needs settings whose prebuilt is a web address");
	else if (app->world)
		error_set(&err, FAULT_WORLD_READ_ONLY, EROFS,
			  "a world is read-only: nothing is fetched for it");
	else if (geteuid() != 0)
		error_set(&err, FAULT_PERMISSION, EPERM, "pack fetch needs root");
	else if (act_judge(&app->host, app->catalogue, &app->settings, f, p, &err) == 0 &&
		 fetch_pack(app, f, p, &err) == 0)
		return list_packs(app, &app->settings, f);
	return fail(app, &err);
}

/* check */

static int open_pack(const char *path, struct buf *signature, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char name[PATH_MAX];

	if (fd < 0)
		return error_set(err, FAULT_PACK_UNREADABLE, errno, "%s cannot be read: %s", path,
				 strerror(errno));
	(void)TEXT_FORMAT(name, "%s.minisig", path);
	/* None, or one that is too long, is no signature. */
	if (fs_read(AT_FDCWD, name, MINISIG_BYTES_MAX, signature) < 0)
		buf_clear(signature);
	return fd;
}

static int say_checked(struct app *app, const struct pack_facts *found, const struct pack *p,
		       const struct pack_target *machine)
{
	AUTO_JSON json_t *document = NULL;
	struct error err = { 0 };

	if (app->json) {
		document = pack_facts_to_json(found, p, machine);
		json_object_set_new(document, "schema", json_string("ib-vmext/pack-check/1"));
		if (print_json(app, document) != 0)
			return fault_row(FAULT_INTERNAL)->exit_code;
	} else {
		say_pack(app, found, p, machine);
	}
	if (found->fits || app->json)
		return found->fits ? 0 : fault_row(FAULT_PACK_UNUSABLE)->exit_code;
	error_set(&err, FAULT_PACK_UNUSABLE, 0, "%.159s: %s", found->file, found->why);
	return fail(app, &err);
}

static int check(struct app *app, int argc, char **argv)
{
	AUTO_BUF struct buf signature = { .max = MINISIG_BYTES_MAX };
	AUTO_FREE struct pack *p = calloc(1, sizeof(*p));
	AUTO_FREE struct facts *f = NULL;
	struct pack_facts found = { 0 };
	struct pack_target machine;
	struct trusted_keys keys;
	struct error err = { 0 };
	AUTO_FD int fd = -1;
	char why[200];

	(void)argc;
	f = look(app, NULL, &err);
	if (!f || !p || trusted_read(&app->settings, &keys, &err) < 0)
		return fail(app, &err);
	fd = open_pack(argv[0], &signature, &err);
	if (fd < 0)
		return fail(app, &err);
	pack_target_read(&app->host, f, &machine);
	(void)TEXT_COPY(found.file, argv[0]);
	pack_judge(fd, &signature, &machine, &keys, &found);
	return say_checked(app, &found, pack_file_read(fd, p, why, sizeof(why)) == 0 ? p : NULL,
			   &machine);
}

int verb_pack(struct app *app, int argc, char **argv)
{
	static const struct action actions[] = {
		{ "make", 1, 3, make },   { "index", 1, 3, index_dir }, { "list", 0, 1, list },
		{ "fetch", 0, 0, fetch }, { "check", 1, 1, check },     { 0 },
	};

	return action_run(app, "pack", actions, argc, argv);
}
