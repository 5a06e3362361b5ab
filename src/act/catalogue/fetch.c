/* act/catalogue/fetch.c - downloads a signed catalogue, and installs it where it is good. */
#include "act/catalogue/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "act/fetch/download.h"
#include "act/wrong_clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

#define FETCHED ACT_STATE_DIR "/fetched-catalogue.json"

enum { FETCH_S = 60 };

/* ".minisig" stands before a query. */
static int signature_address(const char *uri, char *ret, size_t size)
{
	int path = (int)strcspn(uri, "?#");

	return text_format(ret, size, "%.*s.minisig%s", path, uri, uri + path);
}

static int get(const struct catalogue_judge *j, const char *url, const char *path,
	       struct error *err)
{
	struct download_context c = { .host = j->host,
				      .settings = j->settings,
				      .stage = "catalogue",
				      .deadline_s = FETCH_S };
	struct download d = { .url = url, .sha256 = "", .path = path };
	char sha256[DIGEST_TEXT_SIZE];

	return download_get(&c, &d, sha256, err);
}

static int get_both(const struct catalogue_judge *j, struct error *err)
{
	char signature[URL_SIZE];

	if (signature_address(j->settings->catalogue_uri, signature, sizeof signature) < 0)
		return error_set(err, FAULT_SETTINGS, ENAMETOOLONG, "catalogueUri is too long");
	if (get(j, signature, FETCHED ".minisig", err) < 0)
		return -1;
	return get(j, j->settings->catalogue_uri, FETCHED, err);
}

static int fetch(const struct catalogue_judge *j, struct error *err)
{
	AUTO_CATALOGUE struct catalogue_owned c = { 0 };
	AUTO_FD int state = -1;
	int rc = fs_make_dirs(j->host->root, ACT_STATE_DIR, 0700);

	if (rc == 0)
		state = openat(j->host->root, ACT_STATE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (rc < 0 || state < 0)
		return error_set(err, FAULT_STATE_DIR, errno, "/" ACT_STATE_DIR " cannot be used");
	rc = get_both(j, err);
	if (rc == 0)
		rc = catalogue_install_from(state, j, "/" FETCHED, &c, err);
	(void)unlinkat(j->host->root, FETCHED, 0);
	(void)unlinkat(j->host->root, FETCHED ".minisig", 0);
	if (rc == 0)
		LOG(j->host->log, INFO, "catalogue.fetched",
		    "the catalogue of catalogueUri was fetched: version %s", c.rows.version);
	return rc;
}

void catalogue_fetch(const struct catalogue_judge *j)
{
	struct error why = { 0 };

	if (!catalogue_is_remote(j->settings) || fetch(j, &why) == 0)
		return;
	wrong_clock_explain(j->host, &why);
	LOG(j->host->log, WARNING, "catalogue.kept",
	    "%s (%s); what was fetched before is used, if there is any. %s", why.what,
	    fault_row(why.fault)->slug, fault_row(why.fault)->remedy);
}
