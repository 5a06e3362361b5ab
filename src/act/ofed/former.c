/* Keeps the tarball of the stack that goes, and installs it again. */
#include "act/ofed/former.h"

#include <errno.h>
#include <string.h>

#include "act/act.h"
#include "act/fetch/download_place.h"
#include "act/ofed/install.h"
#include "act/packages/held.h"
#include "act/record/receipt.h"
#include "act/step/step.h"
#include "base/fs.h"
#include "base/text.h"
#include "facts/facts.h"
#include "host/host.h"
#include "probe/probe.h"

enum { FILE_SIZE = 192, PATH_SIZE = 400, FIRST_OPTION = 2 };

/* Two tarballs for one machine differ in the version alone. */
static int name_former(const struct step *s, const char *version, char *ret, size_t size)
{
	const char *name = s->items[0], *at = strstr(name, s->items[1]);

	if (!at || !s->items[1][0] || !version[0])
		return -ENOENT;
	return text_format(ret, size, "%.*s%s%s", (int)(at - name), name, version,
			   at + strlen(s->items[1]));
}

int former_find(const struct step_context *c, const struct step *s, const struct facts *now,
		char *ret, size_t size, struct error *err)
{
	char path[PATH_SIZE];

	if (name_former(s, now->driver.version, ret, size) == 0 &&
	    download_find(c->host, ret, path, sizeof path) == 0)
		return 0;
	return error_set(err, FAULT_IRREVERSIBLE, 0,
			 "MLNX_OFED %s is installed, and its tarball is not to hand, so it could "
			 "not come back",
			 now->driver.version[0] ? now->driver.version : "of a version unknown");
}

/* The options with which it was installed, where we have done it; else those of now. */
static json_t *options_of(const struct step_context *c, const struct step *s, const char *file)
{
	AUTO_JSON json_t *receipt = receipt_read(c->host);
	const json_t *installed = json_object_get(receipt, "installed");
	json_t *list = json_array(), *step;
	size_t i;

	for (size_t n = json_array_size(installed); n-- > 0;) {
		json_array_foreach(json_at(json_array_get(installed, n), "plan.steps"), i, step)
		{
			const json_t *items = json_object_get(step, "items");

			if (!text_eq(json_text_at(step, "kind", ""),
				     step_kind_name(STEP_INSTALLER)) ||
			    !text_eq(json_string_value(json_array_get(items, 0)), file))
				continue;
			for (size_t k = FIRST_OPTION; k < json_array_size(items); k++)
				(void)json_array_append(list, json_array_get(items, k));
			return list;
		}
	}
	for (unsigned k = FIRST_OPTION; k < s->nitems; k++)
		(void)json_array_append_new(list, json_string(s->items[k]));
	return list;
}

int former_keep(const struct step_context *c, const struct step *s, const struct facts *now,
		json_t **ret, struct error *err)
{
	char file[FILE_SIZE], path[PATH_SIZE], dir[PATH_SIZE], saved[PATH_SIZE];
	int rc;

	if (now->driver.kind != DRIVER_MLNX_OFED) {
		*ret = json_null();
		return 0;
	}
	if (former_find(c, s, now, file, sizeof file, err) < 0)
		return -1;
	(void)TEXT_FORMAT(dir, ACT_STATE_DIR "/saved/%s/%s", c->run, s->id);
	(void)TEXT_FORMAT(saved, "%s/%s", dir, file);
	rc = fs_make_dirs(c->host->root, dir, 0700);
	if (rc < 0)
		return error_set(err, fault_of_write(rc, FAULT_STATE_DIR), -rc,
				 "/%s cannot be made: %s", dir, strerror(-rc));
	if (download_find(c->host, file, path, sizeof path) < 0 ||
	    held_link(&c->packages, path, saved, err) < 0)
		return -1;
	*ret = json_pack("{s:s, s:s, s:s, s:o}", "file", file, "saved", saved, "version",
			 now->driver.version, "options", options_of(c, s, file));
	return *ret ? 0 : error_set(err, FAULT_INTERNAL, ENOMEM, "no memory for a former driver");
}

static bool is_back(const struct step_context *c, const char *version)
{
	AUTO_FREE struct facts *now = calloc(1, sizeof *now);
	struct probe_options options = { .metadata = false };

	if (!now || probe_facts(c->host, &options, now, NULL) < 0)
		return false;
	for (unsigned i = 0; i < now->npackages; i++)
		if (now->packages[i].half_installed)
			return false;
	return now->driver.kind == DRIVER_MLNX_OFED && text_eq(now->driver.version, version);
}

int former_put_back(const struct step_context *c, const struct step *s, const json_t *former,
		    struct error *err)
{
	const char *file = json_text_at(former, "file", ""),
		   *version = json_text_at(former, "version", "");
	struct ofed o = { file, version, json_object_get(former, "options"), "undo" };
	char path[PATH_SIZE];
	int rc;

	if (is_back(c, version))
		return 0;
	ofed_uninstall(c, s->items[0]);
	if (download_find(c->host, file, path, sizeof path) < 0) {
		(void)TEXT_FORMAT(path, ACT_STATE_DIR "/downloads/%s", file);
		rc = fs_make_dirs(c->host->root, ACT_STATE_DIR "/downloads", 0700);
		if (rc < 0)
			return error_set(err, FAULT_STATE_DIR, -rc,
					 "/" ACT_STATE_DIR "/downloads cannot be made: %s",
					 strerror(-rc));
		if (held_link(&c->packages, json_text_at(former, "saved", ""), path, err) < 0)
			return -1;
	}
	if (ofed_install(c, &o, err) < 0)
		return error_wrap(err, "MLNX_OFED %s did not come back", version);
	return 0;
}
