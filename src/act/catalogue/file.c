/* act/catalogue/file.c - reads a signed catalogue with all checks, and says which one is used. */
#include "act/catalogue/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "act/catalogue/fetch.h"
#include "act/catalogue/signed.h"
#include "act/record/receipt.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/edition.h"
#include "host/host.h"

static int check_expiry(const struct catalogue_judge *j, const char *path,
			const struct catalogue_owned *c, struct error *err)
{
	if (j->host->clock->realtime_ms(j->host->clock) / 1000 < c->expires_s)
		return 0;
	return error_set(err, FAULT_CATALOGUE_EXPIRED, 0,
			 "the catalogue %s has expired: it held "
			 "until %s",
			 path, c->expires);
}

static int check_floor(const char *path, const struct catalogue_owned *c, const char *floor,
		       const char *whose, struct error *err)
{
	if (edition_compare(c->rows.version, floor) >= 0)
		return 0;
	return error_set(err, FAULT_CATALOGUE_ROLLED_BACK, 0,
			 "the catalogue %s has version %s, and %s has %s already", path,
			 c->rows.version, whose, floor);
}

/* What was used on this machine stays the least, wherever the next one comes from. An installed
 * catalogue is that even when it has expired. */
static int check_floors(const struct catalogue_judge *j, const char *path, bool is_installed,
			const struct catalogue_owned *c, struct error *err)
{
	AUTO_JSON json_t *receipt = receipt_read(j->host);
	AUTO_SIGNED struct signed_catalogue installed = { 0 };

	if (check_floor(path, c, j->built_in->version, "the built-in one", err) < 0 ||
	    check_floor(path, c, json_text_at(receipt, "catalogue", ""),
			"the last run used one that", err) < 0)
		return -1;
	if (is_installed || signed_read_installed(j->host, j->settings, &installed, NULL) < 0)
		return 0;
	return check_floor(path, c, installed.catalogue.rows.version, "the installed one", err);
}

static int check_age(const struct catalogue_judge *j, const char *path, bool is_installed,
		     const struct catalogue_owned *c, struct error *err)
{
	if (check_expiry(j, path, c, err) < 0)
		return -1;
	return check_floors(j, path, is_installed, c, err);
}

static int take(const struct catalogue_judge *j, struct signed_catalogue *s, const char *path,
		struct catalogue_owned *ret, struct error *err)
{
	if (check_age(j, path, text_eq(path, "/" CATALOGUE_FILE), &s->catalogue, err) < 0)
		return -1;
	*ret = s->catalogue;
	s->catalogue = (struct catalogue_owned) { 0 };
	return 0;
}

int catalogue_file_read(const struct catalogue_judge *j, const char *path,
			struct catalogue_owned *ret, struct error *err)
{
	AUTO_SIGNED struct signed_catalogue s = { 0 };

	if (signed_read(NULL, path, j->settings, &s, err) < 0)
		return -1;
	return take(j, &s, path, ret, err);
}

/* The path below the host's root that catalogueUri names. */
static int read_address(const char *uri, const char **ret, struct error *err)
{
	*ret = text_starts(uri, "file://") ? uri + strlen("file://") : uri;
	if (**ret == '/')
		return 0;
	return error_set(err, FAULT_CATALOGUE_UNREADABLE, EINVAL,
			 "catalogueUri is %.200s, which is no absolute path", uri);
}

/* What was fetched is installed, the next to be tried. */
static int find_fetched(const struct catalogue_judge *j, struct error *err)
{
	if (!host_exists(j->host, CATALOGUE_DIR))
		error_set(err, FAULT_CATALOGUE_REMOTE, 0,
			  "the catalogue of catalogueUri was not fetched yet: %.200s",
			  j->settings->catalogue_uri);
	return -1;
}

static int try_setting(const struct catalogue_judge *j, struct catalogue_choice *ret,
		       struct error *err)
{
	AUTO_SIGNED struct signed_catalogue s = { 0 };
	const char *path;

	if (j->settings == NULL || j->settings->catalogue_uri[0] == '\0')
		return -1;
	if (catalogue_is_remote(j->settings))
		return find_fetched(j, err);
	if (read_address(j->settings->catalogue_uri, &path, err) < 0 ||
	    signed_read(j->host, path, j->settings, &s, err) < 0 ||
	    take(j, &s, path, &ret->owned, err) < 0)
		return -1;
	(void)TEXT_COPY(ret->from, path);
	return 0;
}

static int try_installed(const struct catalogue_judge *j, struct catalogue_choice *ret,
			 struct error *err)
{
	AUTO_FD int dir = host_open(j->host, CATALOGUE_DIR, O_DIRECTORY);
	AUTO_SIGNED struct signed_catalogue s = { 0 };

	if (dir == -EACCES)
		LOG(j->host->log, INFO, "catalogue.unseen",
		    "only root can see whether another catalogue is installed");
	if (dir == -EACCES || dir == -ENOENT || dir == -ENOTDIR)
		return -1;
	if (signed_read_installed(j->host, j->settings, &s, err) < 0 ||
	    take(j, &s, "/" CATALOGUE_FILE, &ret->owned, err) < 0)
		return -1;
	(void)TEXT_COPY(ret->from, "/" CATALOGUE_FILE);
	return 0;
}

static int (*const sources[])(const struct catalogue_judge *j, struct catalogue_choice *ret,
			      struct error *err) = { try_setting, try_installed };

static void warn(const struct catalogue_judge *j, const struct catalogue_choice *c,
		 const struct error *why)
{
	const struct fault_row *row = fault_row(why->fault);

	LOG(j->host->log, WARNING, "catalogue.refused", "%s (%s); version %s, %s, is used. %s",
	    why->what, row->slug, c->use->version, c->from, row->remedy);
}

void catalogue_choose(const struct catalogue_judge *j, struct catalogue_choice *ret)
{
	struct error refused[ARRAY_SIZE(sources)] = { 0 };
	struct catalogue_choice c = { .from = "built in" };
	bool found = false;

	for (size_t i = 0; i < ARRAY_SIZE(sources) && !found; i++)
		found = sources[i](j, &c, &refused[i]) == 0;
	*ret = c;
	ret->use = found ? &ret->owned.rows : j->built_in;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		if (refused[i].fault != FAULT_NONE)
			warn(j, ret, &refused[i]);
}

void catalogue_choice_free(struct catalogue_choice *c)
{
	catalogue_owned_free(&c->owned);
	c->use = NULL;
}

static int install(int state, const struct host *h, const struct catalogue_judge *j,
		   const char *path, struct catalogue_owned *ret, struct error *err)
{
	AUTO_SIGNED struct signed_catalogue s = { 0 };

	if (signed_read(h, path, j->settings, &s, err) < 0 ||
	    check_age(j, path, false, &s.catalogue, err) < 0 || signed_install(state, &s, err) < 0)
		return -1;
	*ret = s.catalogue;
	s.catalogue = (struct catalogue_owned) { 0 };
	return 0;
}

int catalogue_install(struct act *a, const struct catalogue_judge *j, const char *path,
		      struct catalogue_owned *ret, struct error *err)
{
	return install(a->state, NULL, j, path, ret, err);
}

int catalogue_install_from(int state, const struct catalogue_judge *j, const char *path,
			   struct catalogue_owned *ret, struct error *err)
{
	return install(state, j->host, j, path, ret, err);
}
