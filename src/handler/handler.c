/* handler/handler.c - the table of the handler's verbs, and the short ones of them. */
#include "handler/handler.h"

#include <stdlib.h>
#include <string.h>

#include "act/addresses.h"
#include "act/boot/deadman.h"
#include "act/names.h"
#include "base/log.h"
#include "base/text.h"
#include "facts/facts.h"
#include "handler/environment.h"
#include "handler/state.h"
#include "handler/streams.h"
#include "handler/update.h"
#include "host/host.h"
#include "probe/probe.h"

/* Never driver work: a failed install would be downloaded and tried again for ever. */
static int verb_install(struct handler_app *app)
{
	struct environment env = { 0 };
	struct error err = { 0 };

	if (environment_read(app, &env, &err) < 0)
		return handler_fail(app, &err);
	if (!update_is_under_way(app->host))
		(void)state_remove(app->host, UPDATE_FILE);
	return 0;
}

/* Runs within updates too, and the driver serves jobs: nothing is touched, no worker stopped. */
static int verb_disable(struct handler_app *app)
{
	return buf_add_text(&app->out, "ib-vmext: disabled; driver and worker are left alone\n") <
	       0;
}

/* A mark that cannot be written must not stop the update, which would leave the old version
 * disabled: where this directory is unwritable, `uninstall` cannot ask for an undo either. */
static int verb_update(struct handler_app *app)
{
	AUTO_STREAMS struct streams streams = { 0 };
	struct error err = { 0 };

	streams_open(&streams, app, "", "");
	if (update_write(app, &err) < 0) {
		(void)handler_fail(app, &err);
		return 0;
	}
	LOG(app->host->log, INFO, "update", "update of the extension from %s to %s",
	    app->updating_from != NULL ? app->updating_from : "?",
	    app->updating_to != NULL ? app->updating_to : app->version);
	return 0;
}

static int verb_deadman(struct handler_app *app)
{
	AUTO_STREAMS struct streams streams = { 0 };
	struct error err = { 0 };

	streams_open(&streams, app, "", "");
	return deadman_watch(app->host, &err) < 0 ? handler_fail(app, &err) : 0;
}

enum { KVP_TRIES = 60, KVP_EACH_MS = 1000 };

/* At boot the pools are empty until Hyper-V's daemon has heard from the host: as long as the agent
 * waits for them. */
static int look_patiently(const struct host *h, struct facts *f, struct error *err)
{
	for (int i = 0; i < KVP_TRIES; i++) {
		if (i > 0)
			h->clock->sleep_ms(h->clock, KVP_EACH_MS);
		if (addresses_look(h, f, err) < 0)
			return -1;
		if (f->kvp.nassigned > 0)
			break;
	}
	return 0;
}

/* Started by udev for each IPoIB interface that appears. */
static int verb_addresses(struct handler_app *app)
{
	AUTO_STREAMS struct streams streams = { 0 };
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));
	AUTO_JSON json_t *missing = NULL;
	struct error err = { 0 };

	if (f == NULL)
		return 1;
	if (look_patiently(app->host, f, &err) < 0)
		return handler_fail(app, &err);
	missing = addresses_missing(f);
	if (json_array_size(missing) == 0)
		return 0;
	streams_open(&streams, app, "", "");
	if (f->network.overlaps_rdma == TRI_YES) {
		LOG(app->host->log, WARNING, "ipoib.overlap",
		    "a network interface that is not InfiniBand has a route into 172.16.0.0/16: "
		    "IPoIB interfaces get no address");
		return 0;
	}
	return addresses_give(app->host, missing) > 0;
}

/* "0101:00:00.0" of "/devices/.../0101:00:00.0/infiniband/mlx5_0". */
static bool function_of(const char *devpath, char *ret, size_t size)
{
	const char *end = devpath ? strstr(devpath, "/infiniband/") : NULL;
	const char *begin = end;

	while (begin && begin > devpath && begin[-1] != '/')
		begin--;
	return begin && begin < end &&
	       text_format(ret, size, "%.*s", (int)(end - begin), begin) == 0;
}

/* Started by udev for each RDMA device that appears. */
static int verb_names(struct handler_app *app)
{
	AUTO_STREAMS struct streams streams = { 0 };
	AUTO_FREE struct facts *f = calloc(1, sizeof *f);
	AUTO_JSON json_t *missing = NULL;
	struct error err = { 0 };
	char pci[16];

	if (f == NULL || !function_of(getenv("DEVPATH"), pci, sizeof pci))
		return 1;
	if (probe_facts(app->host, NULL, f, &err) < 0)
		return handler_fail(app, &err);
	missing = names_missing(f, pci);
	if (json_array_size(missing) == 0)
		return 0;
	streams_open(&streams, app, "", "");
	return names_give(app->host, missing) > 0;
}

static const struct {
	const char *name, *help;
	bool internal;
	int (*run)(struct handler_app *app);
} verbs[] = {
	{ "install", "look whether the agent's files are there", false, verb_install },
	{ "enable", "judge the request, give it to the worker, return", false, verb_enable },
	{ "disable", "nothing: driver and worker are left alone", false, verb_disable },
	{ "uninstall", "keep or undo the driver, as onRemove says", false, verb_uninstall },
	{ "update", "mark that an update is under way", false, verb_update },
	{ "worker", "carry the request out", true, verb_worker },
	{ "resume", "at boot: finish what was cut off", true, verb_resume },
	{ "boot", "at boot: compare the kernel with the receipt", true, verb_boot },
	{ "addresses", "give IPoIB interfaces the addresses that Azure assigned", true,
	  verb_addresses },
	{ "names", "name an RDMA device that has appeared", true, verb_names },
	{ "deadman", "bring the network back if a reload does not", true, verb_deadman },
};

const char *handler_verb(size_t i, const char **help, bool *internal)
{
	if (i >= ARRAY_SIZE(verbs))
		return NULL;
	if (help != NULL)
		*help = verbs[i].help;
	if (internal != NULL)
		*internal = verbs[i].internal;
	return verbs[i].name;
}

void handler_app_init(struct handler_app *ret, const struct host *h, const struct catalogue *c)
{
	*ret = (struct handler_app) {
		.host = h,
		.catalogue = c,
		.version = IB_VMEXT_VERSION,
		.program = "/proc/self/exe",
		.extension_path = getenv("AZURE_GUEST_AGENT_EXTENSION_PATH"),
		.sequence = getenv("ConfigSequenceNumber"),
		.updating_from = getenv("AZURE_GUEST_AGENT_UPDATING_FROM_VERSION"),
		.updating_to = getenv("VERSION"),
	};
}

void handler_app_free(struct handler_app *app)
{
	buf_free(&app->out);
	buf_free(&app->complaint);
}

int handler_fail(struct handler_app *app, const struct error *err)
{
	const struct fault_row *row = fault_row(err->fault);

	(void)buf_add_format(&app->complaint, "ib-vmext: %s\n%s (ib-vmext explain %s)\n", err->what,
			     row->remedy, row->slug);
	return row->exit_code;
}

int handler_main(struct handler_app *app, const char *verb)
{
	struct error err = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (text_eq(verb, verbs[i].name))
			return verbs[i].run(app);
	(void)error_set(&err, FAULT_USAGE, 0, "there is no verb handler %s", verb);
	return handler_fail(app, &err);
}
