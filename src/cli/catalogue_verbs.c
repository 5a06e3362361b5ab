/* catalogue: the rows that are in use, and another catalogue looked at, made or installed. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fs.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "catalogue/check.h"
#include "catalogue/import.h"
#include "catalogue/rows.h"
#include "cli/app.h"

enum { INPUT_BYTES_MAX = 16 << 20 };

static const char *evidence(bool seen)
{
	return seen ? "seen" : "inferred";
}

static const char *or_dash(const char *text)
{
	return text[0] != '\0' ? text : "-";
}

static json_t *head_to_json(const struct app *app, const char *schema)
{
	return json_pack("{s:s, s:s, s:s, s:o}", "schema", schema, "version",
			 app->catalogue->version, "from", app->choice.from, "expires",
			 json_text_or_null(app->choice.owned.expires));
}

/* list */

static int list_as_json(struct app *app)
{
	AUTO_JSON json_t *document = head_to_json(app, "ib-vmext/catalogue-list/1");
	json_t *drivers = json_array();

	for (size_t i = 0; i < app->catalogue->ndrivers; i++) {
		const struct driver_row *row = &app->catalogue->drivers[i];

		json_array_append_new(
			drivers, json_pack("{s:s, s:s, s:o, s:s, s:s, s:s}", "id", row->id, "route",
					   row->route, "version", json_text_or_null(row->version),
					   "osIds", row->os_ids, "osVersions", row->os_versions,
					   "evidence", evidence(row->seen)));
	}
	json_object_set_new(document, "drivers", drivers);
	return print_json(app, document);
}

static int list_rows(struct app *app, int argc, char **argv)
{
	const struct catalogue *c = app->catalogue;

	(void)argc;
	(void)argv;
	if (app->json)
		return list_as_json(app);
	fprintf(app->out, "Catalogue %s, %s: %zu drivers, %zu sizes, %zu adapters\n\n", c->version,
		app->choice.from, c->ndrivers, c->nsizes, c->nadapters);
	fprintf(app->out, "%-44s %-10s %-16s %-9s %s\n", "ID", "ROUTE", "VERSION", "EVIDENCE",
		"DISTRIBUTIONS");
	for (size_t i = 0; i < c->ndrivers; i++) {
		const struct driver_row *row = &c->drivers[i];

		fprintf(app->out, "%-44s %-10s %-16s %-9s %s %s\n", row->id, row->route,
			or_dash(row->version), evidence(row->seen), row->os_ids, row->os_versions);
	}
	return 0;
}

/* show */

/* The row that an id, a size or a pair of PCI ids names; NULL if there is none. */
static json_t *row_named(const struct catalogue *c, const char *id, const char **ret_table)
{
	const struct size_row *size = catalogue_size(c, id);
	char pci[16];

	for (size_t i = 0; i < c->ndrivers; i++)
		if (text_eq_nocase(c->drivers[i].id, id)) {
			*ret_table = driver_table.name;
			return row_to_json(&driver_table, &c->drivers[i]);
		}
	for (size_t i = 0; i < c->nadapters; i++) {
		(void)TEXT_FORMAT(pci, "%04x:%04x", c->adapters[i].vendor, c->adapters[i].device);
		if (text_eq_nocase(pci, id)) {
			*ret_table = adapter_table.name;
			return row_to_json(&adapter_table, &c->adapters[i]);
		}
	}
	*ret_table = size_table.name;
	return size != NULL ? row_to_json(&size_table, size) : NULL;
}

static const char *nearest_id(const struct catalogue *c, const char *id)
{
	const char *pair[] = { NULL, NULL, NULL };

	for (size_t i = 0; i < c->ndrivers + c->nsizes; i++) {
		pair[1] = i < c->ndrivers ? c->drivers[i].id : c->sizes[i - c->ndrivers].name;
		pair[0] = pair[0] != NULL ? pair[0] : pair[1];
		pair[0] = text_nearest(id, pair);
	}
	return pair[0];
}

static void render_value(FILE *out, const json_t *value)
{
	if (json_is_array(value)) {
		for (size_t i = 0; i < json_array_size(value); i++)
			fprintf(out, "%s%s", i > 0 ? ", " : "",
				json_string_value(json_array_get(value, i)));
	} else if (json_is_integer(value)) {
		fprintf(out, "%lld", (long long)json_integer_value(value));
	} else if (json_is_string(value)) {
		fprintf(out, "%s", json_string_value(value));
	} else {
		fprintf(out, "%s",
			json_is_true(value)    ? "yes"
			: json_is_false(value) ? "no"
					       : "none");
	}
	fputc('\n', out);
}

static int show_row(struct app *app, int argc, char **argv)
{
	const char *id = argv[0];
	const char *table, *key;
	AUTO_JSON json_t *row = row_named(app->catalogue, id, &table);
	AUTO_JSON json_t *document = NULL;
	struct error err = { 0 };
	json_t *value;

	(void)argc;
	if (row == NULL) {
		const char *nearest = nearest_id(app->catalogue, id);

		error_set(&err, FAULT_USAGE, 0,
			  "the catalogue has no driver, size or adapter (15b3:101c) of the name "
			  "%.100s%s%s",
			  id, nearest ? "; did you mean " : "", nearest ? nearest : "");
		return fail(app, &err);
	}
	if (app->json) {
		document = head_to_json(app, "ib-vmext/catalogue-row/1");
		json_object_set_new(document, "table", json_string(table));
		json_object_set(document, "row", row);
		return print_json(app, document);
	}
	fprintf(app->out, "%-16s %s, catalogue %s, %s\n", "table", table, app->catalogue->version,
		app->choice.from);
	json_object_foreach(row, key, value)
	{
		fprintf(app->out, "%-16s ", key);
		render_value(app->out, value);
	}
	return 0;
}

/* Documents that are looked at, signed or not. */

static json_t *read_document(const char *path, struct error *err)
{
	AUTO_BUF struct buf text = { 0 };
	char why[200];
	json_t *document;
	int rc = fs_read(AT_FDCWD, path, INPUT_BYTES_MAX, &text);

	if (rc < 0) {
		error_set(err, FAULT_CATALOGUE_UNREADABLE, -rc, "%s cannot be read: %s", path,
			  strerror(-rc));
		return NULL;
	}
	document = json_parse(buf_text(&text), text.len, why, sizeof(why));
	if (!document)
		error_set(err, FAULT_CATALOGUE_MALFORMED, EINVAL, "%s: %s", path, why);
	return document;
}

/* check */

struct findings {
	struct app *app;
	json_t *list;   /* NULL: they are printed as they come */
	unsigned wrong; /* those that somebody should mend */
};

static void take_finding(void *ctx, const struct catalogue_finding *f)
{
	struct findings *to = ctx;

	/* Artefacts of old releases have no digest that anybody has told: said, but not wrong. */
	to->wrong += f->kind != FINDING_NO_DIGEST;
	if (to->list)
		json_array_append_new(to->list, json_pack("{s:s, s:s, s:s}", "kind",
							  catalogue_finding_name(f->kind), "row",
							  f->row_id, "what", f->what));
	else
		fprintf(to->app->out, "%-12s %s: %s\n", catalogue_finding_name(f->kind), f->row_id,
			f->what);
}

static int check_rows(struct app *app, const struct catalogue *c, const char *from)
{
	AUTO_JSON json_t *document = NULL;
	struct findings to = { app, app->json ? json_array() : NULL, 0 };
	unsigned count = catalogue_check(c, take_finding, &to);

	if (app->json) {
		document = json_pack("{s:s, s:s, s:s, s:o}", "schema", "ib-vmext/catalogue-check/1",
				     "version", c->version, "from", from, "findings", to.list);
		if (print_json(app, document) != 0)
			return fault_row(FAULT_INTERNAL)->exit_code;
	} else {
		fprintf(app->out, "Catalogue %s, %s: %u finding%s\n", c->version, from, count,
			count == 1 ? "" : "s");
	}
	return to.wrong == 0 ? 0 : 14;
}

static int check_catalogue(struct app *app, int argc, char **argv)
{
	const char *path = argc > 0 ? argv[0] : NULL;
	AUTO_CATALOGUE struct catalogue_owned c = { 0 };
	AUTO_JSON json_t *document = NULL;
	struct error err = { 0 };
	char why[320];

	if (path == NULL)
		return check_rows(app, app->catalogue, app->choice.from);
	document = read_document(path, &err);
	if (!document)
		return fail(app, &err);
	if (catalogue_parse(document, &c, why, sizeof(why)) < 0) {
		error_set(&err, FAULT_CATALOGUE_MALFORMED, EINVAL, "%s: %s", path, why);
		return fail(app, &err);
	}
	return check_rows(app, &c.rows, path);
}

/* import */

static void say_finding(void *ctx, const char *path, const char *what)
{
	(void)ctx;
	fprintf(stderr, "ib-vmext: %s: %s\n", path, what);
}

static int import_list(struct app *app, int argc, char **argv)
{
	const char *path = argv[0];
	const struct import_report report = { say_finding, NULL };
	AUTO_JSON json_t *drivers = NULL;
	AUTO_JSON json_t *document = NULL;
	struct error err = { 0 };
	char why[400];

	(void)argc;
	document = read_document(path, &err);
	if (!document)
		return fail(app, &err);
	if (catalogue_import(document, &report, &drivers, why, sizeof(why)) < 0) {
		error_set(&err, FAULT_CATALOGUE_MALFORMED, EINVAL, "%s: %s", path, why);
		return fail(app, &err);
	}
	return print_json(app, drivers);
}

/* update */

static int may_update(const struct app *app, struct error *err)
{
	if (app->world)
		return error_set(err, FAULT_WORLD_READ_ONLY, EROFS,
				 "a world is read-only: nothing can be installed in it");
	if (geteuid() != 0)
		return error_set(err, FAULT_PERMISSION, EPERM, "catalogue update needs root");
	return 0;
}

static int update_catalogue(struct app *app, int argc, char **argv)
{
	const char *path = argv[0];
	struct catalogue_judge by = { &app->host, &app->settings, &catalogue_built_in };
	AUTO_CATALOGUE struct catalogue_owned c = { 0 };
	AUTO_JSON json_t *document = NULL;
	struct error err = { 0 };
	struct act act;
	int rc;

	(void)argc;
	if (may_update(app, &err) < 0 || act_open(&act, &app->host, app->catalogue, true, &err) < 0)
		return fail(app, &err);
	rc = catalogue_install(&act, &by, path, &c, &err);
	act_close(&act);
	if (rc < 0)
		return fail(app, &err);
	if (app->json) {
		document = json_pack("{s:s, s:s, s:s, s:s}", "schema",
				     "ib-vmext/catalogue-update/1", "version", c.rows.version,
				     "expires", c.expires, "path", "/" CATALOGUE_FILE);
		return print_json(app, document);
	}
	fprintf(app->out, "Catalogue %s is installed as /" CATALOGUE_FILE "; it holds until %s.\n",
		c.rows.version, c.expires);
	return 0;
}

int verb_catalogue(struct app *app, int argc, char **argv)
{
	static const struct action actions[] = {
		{ "list", 0, 0, list_rows },          { "show", 1, 1, show_row },
		{ "check", 0, 1, check_catalogue },   { "import", 1, 1, import_list },
		{ "update", 1, 1, update_catalogue }, { 0 },
	};

	return action_run(app, "catalogue", actions, argc, argv);
}
