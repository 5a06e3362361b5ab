/* offline: bundles of all that a plan downloads, made and checked. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "act/judge.h"
#include "act/bundle/offline.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "cli/app.h"
#include "facts/facts.h"
#include "facts/trusted.h"
#include "plan/plan.h"
#include "probe/probe.h"

enum { CALL_S = 3600, MIB = 1 << 20 };

/* make */

static const char *word_after(int argc, char **argv, const char *option)
{
	for (int i = 0; i + 1 < argc; i++)
		if (text_eq(argv[i], option))
			return argv[i + 1];
	return NULL;
}

static void say_files(struct app *app, const json_t *manifest)
{
	const json_t *files = json_object_get(manifest, "files"),
		     *missing = json_object_get(manifest, "missing");

	for (size_t i = 0; i < json_array_size(files); i++) {
		const json_t *file = json_array_get(files, i);

		fprintf(app->out, "  %8lld KiB  %s\n", (json_int_at(file, "size", 0) + 1023) / 1024,
			json_text_at(file, "path", ""));
	}
	for (size_t i = 0; i < json_array_size(missing); i++)
		fprintf(app->out, "  not in it: %s: %s\n",
			json_text_at(json_array_get(missing, i), "what", ""),
			json_text_at(json_array_get(missing, i), "why", ""));
}

static void say_bundle(struct app *app, const char *path, const json_t *manifest)
{
	fprintf(app->out, "%s: %s %s for %s %s, %s, kernel %s, made on %s\n", path,
		json_text_at(manifest, "plan.route", ""),
		json_text_at(manifest, "plan.version", ""), json_text_at(manifest, "target.os", ""),
		json_text_at(manifest, "target.version", ""),
		json_text_at(manifest, "target.arch", ""),
		json_text_at(manifest, "target.kernel", ""), json_text_at(manifest, "made", ""));
	say_files(app, manifest);
}

static int say_made(struct app *app, const char *path, json_t *manifest)
{
	AUTO_JSON json_t *document = NULL;

	if (!app->json) {
		say_bundle(app, path, manifest);
		return 0;
	}
	document = json_pack("{s:s, s:s, s:O}", "schema", "ib-vmext/offline-make/1", "file", path,
			     "manifest", manifest);
	return print_json(app, document);
}

/* Downloads are made by this machine, also for a world. */
static int make_for(struct app *app, const struct host *by, const struct facts *f,
		    const struct plan *p, const struct offline_order *order, json_t **ret,
		    struct error *err)
{
	struct step_context c = {
		.host = by,
		.settings = &app->settings,
		.state_dir = -1,
		.packages = { .host = by,
			      .manager = app->world ? NULL
						    : package_manager_find(f->package_manager),
			      .settings = &app->settings,
			      .lock_s = app->settings.timeouts.lock_s,
			      .deadline_s = CALL_S,
			      .stage = "offline" },
	};

	return offline_make(&c, f, p, order, ret, err);
}

static int make_by(struct app *app, const struct facts *f, const struct plan *p,
		   const struct offline_order *order, json_t **ret, struct error *err)
{
	struct host live;
	int rc;

	if (!app->world)
		return make_for(app, &app->host, f, p, order, ret, err);
	if (host_open_live(&live, &app->log, err) < 0)
		return -1;
	rc = make_for(app, &live, f, p, order, ret, err);
	host_close(&live);
	return rc;
}

static int make(struct app *app, int argc, char **argv)
{
	struct offline_order order = { .out = argv[0],
				       .key = word_after(argc, argv, "--key"),
				       .catalogue = app->catalogue->version };
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));
	AUTO_FREE struct plan *p = calloc(1, sizeof(*p));
	AUTO_JSON json_t *manifest = NULL;
	struct error err = { 0 };

	if (!order.key) {
		error_set(&err, FAULT_USAGE, 0,
			  "offline make needs --key FILE: no machine uses a bundle that is not "
			  "signed");
		return fail(app, &err);
	}
	/* A plan that asks for the bundle that is to be made would be of no use. */
	app->settings.offline_bundle[0] = '\0';
	if (!f || !p)
		error_set(&err, FAULT_INTERNAL, ENOMEM, "no memory");
	if (!f || !p || act_judge(&app->host, app->catalogue, &app->settings, f, p, &err) < 0)
		return fail(app, &err);
	if (p->decision.exit_code != 0) {
		error_set(&err, p->decision.fault, 0, "%s", p->decision.reason);
		return fail(app, &err);
	}
	if (make_by(app, f, p, &order, &manifest, &err) < 0)
		return fail(app, &err);
	return say_made(app, argv[0], manifest);
}

/* check */

static int say_checked(struct app *app, const struct bundle *b, const struct error *wrong,
		       const struct error *unfit)
{
	const struct error *first = wrong->fault != FAULT_NONE ? wrong : unfit;
	AUTO_JSON json_t *document = NULL;

	if (!app->json) {
		say_bundle(app, b->name, b->manifest);
		fprintf(app->out, "It is signed with key %s, which is trusted here.\n", b->signer);
		if (first->fault != FAULT_NONE)
			return fail(app, first);
		fprintf(app->out, "Every file is as it was signed, and it is for this machine.\n");
		return 0;
	}
	document = json_pack("{s:s, s:s, s:s, s:b, s:b, s:o, s:O}", "schema",
			     "ib-vmext/offline-check/1", "file", b->name, "key", b->signer, "whole",
			     wrong->fault == FAULT_NONE, "fits", unfit->fault == FAULT_NONE, "why",
			     json_text_or_null(first->what), "manifest", b->manifest);
	if (print_json(app, document) != 0)
		return fault_row(FAULT_INTERNAL)->exit_code;
	return first->fault == FAULT_NONE ? 0 : fault_row(first->fault)->exit_code;
}

static int check(struct app *app, int argc, char **argv)
{
	struct probe_options options = { .settings = &app->settings };
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));
	AUTO_BUNDLE struct bundle b = { .fd = -1 };
	struct error err = { 0 }, wrong = { 0 }, unfit = { 0 };
	struct trusted_keys keys;
	int fd = open(argv[0], O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	(void)argc;
	if (fd < 0) {
		error_set(&err, FAULT_OFFLINE_BUNDLE, errno, "%s cannot be read: %s", argv[0],
			  strerror(errno));
		return fail(app, &err);
	}
	b.fd = fd;
	if (!f)
		error_set(&err, FAULT_INTERNAL, ENOMEM, "no memory");
	if (!f || trusted_read(&app->settings, &keys, &err) < 0 ||
	    probe_facts(&app->host, &options, f, &err) < 0)
		return fail(app, &err);
	b.fd = -1;
	if (bundle_open(fd, argv[0], &keys, &b, &err) < 0)
		return fail(app, &err);
	(void)bundle_walk(&b, -1, &wrong);
	(void)offline_fits(&b, f, &unfit);
	return say_checked(app, &b, &wrong, &unfit);
}

int verb_offline(struct app *app, int argc, char **argv)
{
	static const struct action actions[] = {
		{ "make", 1, 3, make },
		{ "check", 1, 1, check },
		{ 0 },
	};

	return action_run(app, "offline", actions, argc, argv);
}
