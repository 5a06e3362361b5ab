/* act/fetch/reach.c - asks each place that a plan downloads from. */
#include "act/fetch/reach.h"

#include <inttypes.h>
#include <string.h>

#include "act/fetch/download.h"
#include "act/bundle/offline.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

enum { ASK_S = 10 };

/* What answers has been reached, whatever it says about the root of a repository. */
static bool has_answered(enum fault fault)
{
	return fault == FAULT_DOWNLOAD_NOT_FOUND || fault == FAULT_DOWNLOAD_REFUSED ||
	       fault == FAULT_DOWNLOAD_REDIRECT;
}

static int unreachable(const struct error *why, struct error *err)
{
	*err = *why;
	if (why->fault == FAULT_DOWNLOAD)
		err->fault = FAULT_UNREACHABLE;
	return error_wrap(err, "nothing was changed");
}

static void note(const struct step_context *c, struct step *s, const char *url, int64_t bytes)
{
	char shown[300], size[40] = "", *change;

	url_show(url, shown, sizeof shown);
	if (bytes >= 0)
		TEXT_FORMAT(size, ", %" PRId64 " bytes", bytes);
	log_stage(c->host->log, "network", STAGE_RUNNING, -1, "network.answers", "%s answers%s",
		  shown, size);
	if (s->nchanges == ARRAY_SIZE(s->changes))
		return;
	change = s->changes[s->nchanges++];
	(void)text_format(change, sizeof s->changes[0], "%.110s answers%s", shown, size);
}

static int ask(const struct step_context *c, struct step *s, const char *url, struct error *err)
{
	struct download_context dc = { .host = c->host,
				       .settings = c->settings,
				       .stage = "network",
				       .deadline_s = ASK_S,
				       .stop = c->packages.stop,
				       .stop_ctx = c->packages.stop_ctx };
	struct download_size size = { .bytes = -1 };
	struct error why = { 0 };

	if (download_ask(&dc, url, &size, &why) < 0 &&
	    !(s->kind == STEP_REPOSITORY && has_answered(why.fault)))
		return unreachable(&why, err);
	note(c, s, url, size.bytes);
	return 0;
}

static int ask_for_step(const struct step_context *c, struct step *s, struct error *err)
{
	char url[URL_SIZE];

	/* Its items are addresses only where it is online. */
	if (s->nitems == 0 || (s->kind != STEP_DOWNLOAD && s->kind != STEP_REPOSITORY) ||
	    strstr(s->items[0], "://") == NULL)
		return 0;
	if (s->kind == STEP_DOWNLOAD && step_download.check(c, s))
		return 0;
	if (offline_is_on(c->settings) && s->kind == STEP_DOWNLOAD)
		return offline_find(c->host, s->items[0], url, sizeof url, err);
	if (offline_is_on(c->settings))
		return 0;
	if (url_mirror(c->settings->mirror, s->items[0], url, sizeof url) < 0)
		return error_set(err, FAULT_SETTINGS, 0,
				 "the address that mirror makes of %.200s is none", s->items[0]);
	return ask(c, s, url, err);
}

int reach_all(const struct step_context *c, struct plan *p, struct error *err)
{
	struct error why = { 0 };
	bool asked = false;

	for (unsigned i = 0; i < p->nsteps; i++) {
		unsigned before = p->steps[i].nchanges;

		if (ask_for_step(c, &p->steps[i], &why) < 0) {
			log_stage(c->host->log, "network", STAGE_FAILED, -1, "network.failed", "%s",
				  why.what);
			if (err != NULL)
				*err = why;
			return -1;
		}
		asked |= p->steps[i].nchanges > before;
	}
	if (asked)
		log_stage(c->host->log, "network", STAGE_DONE, -1, "network.done",
			  "all that is to be downloaded can be reached");
	return 0;
}
