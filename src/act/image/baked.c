/* Reads and writes baked.json. */
#include "act/image/baked.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "act/act.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "facts/record_rows.h"
#include "host/host.h"

#define PATH   ACT_STATE_DIR "/baked.json"
#define SCHEMA "ib-vmext/baked/1"

enum { BYTES_MAX = 64 << 10 };

/* A list of texts: what one is. */
#define ELEMENT(member)                                                                            \
	{                                                                                          \
		{                                                                                  \
			NULL, RECORD_TEXT, .size = sizeof(((struct baked *)0)->member[0])          \
		}                                                                                  \
	}

static const struct record_field driver_fields[] = {
	TEXT(baked, "route", route),
	TEXT(baked, "kind", driver_kind),
	TEXT(baked, "version", driver_version),
};

static const struct record_field module_fields[] = {
	TEXT(baked_module, "name", name),
	TEXT(baked_module, "path", path),
	PLAIN(baked_module, "bytes", BYTES, bytes),
	PLAIN(baked_module, "written", BYTES, written_s),
};

static const struct record_field module[] = { PART(NULL, module_fields) };
static const struct record_field target[] = ELEMENT(targets);
static const struct record_field generation[] = ELEMENT(generations);
static const struct record_field pci[] = ELEMENT(pci);

static const struct record_field baked_fields[] = {
	TEXT(baked, "at", at),
	TEXT(baked, "version", version),
	TEXT(baked, "catalogue", catalogue),
	TEXT(baked, "kernel", kernel),
	LIST(baked, "for", targets, ntargets, target),
	LIST(baked, "generations", generations, ngenerations, generation),
	LIST(baked, "pci", pci, npci, pci),
	PART("driver", driver_fields),
	TEXT(baked, "settingsDigest", settings),
	LIST(baked, "modules", modules, nmodules, module),
};

/* They become parts of paths. */
static bool is_relative(const char *path)
{
	return path[0] != '/' && !strstr(path, "..");
}

static bool has_empty(const char *words, size_t width, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!words[i * width])
			return true;
	return false;
}

static int judge(const struct baked *b, char *why, size_t size)
{
	if (!b->kernel[0] || strchr(b->kernel, '/') || b->kernel[0] == '.')
		return text_format(why, size, "kernel: names no kernel"), -EINVAL;
	if (b->ngenerations == 0 || b->npci == 0 || b->nmodules == 0)
		return text_format(why, size, "generations, pci and modules: one is empty"),
		       -EINVAL;
	if (has_empty(b->targets[0], sizeof(b->targets[0]), b->ntargets) ||
	    has_empty(b->generations[0], sizeof(b->generations[0]), b->ngenerations) ||
	    has_empty(b->pci[0], sizeof(b->pci[0]), b->npci))
		return text_format(why, size, "for, generations and pci: a word is empty"), -EINVAL;
	for (unsigned i = 0; i < b->nmodules; i++)
		if (!b->modules[i].name[0] || !is_relative(b->modules[i].path))
			return text_format(why, size, "modules.%u: is no module of this kernel", i),
			       -EINVAL;
	return 0;
}

int baked_parse(const char *text, size_t len, struct baked *ret, char *why, size_t size)
{
	AUTO_JSON json_t *j = json_parse(text, len, why, size);
	AUTO_FREE struct baked *b = calloc(1, sizeof(*b));

	if (!j || !b)
		return -EINVAL;
	if (!text_eq(json_text_at(j, "schema", ""), SCHEMA)) {
		(void)text_format(why, size, "schema: is not %s", SCHEMA);
		return -EINVAL;
	}
	if (record_from_json(baked_fields, ARRAY_SIZE(baked_fields), j, b, why, size) < 0 ||
	    judge(b, why, size) < 0)
		return -EINVAL;
	*ret = *b;
	return 0;
}

json_t *baked_to_json(const struct baked *b)
{
	AUTO_JSON json_t *body = record_to_json(baked_fields, ARRAY_SIZE(baked_fields), b);
	json_t *document = json_pack("{s:s}", "schema", SCHEMA);

	if (!body || json_object_update(document, body) != 0) {
		json_decref(document);
		return NULL;
	}
	return document;
}

int baked_read(const struct host *h, struct baked *ret, bool *found, struct error *err)
{
	AUTO_BUF struct buf text = { 0 };
	char why[160] = "no memory";
	int rc = fs_read(h->root, PATH, BYTES_MAX, &text);

	*found = rc != -ENOENT;
	if (rc == -ENOENT)
		return 0;
	if (rc < 0)
		TEXT_COPY(why, strerror(-rc));
	if (rc == 0 && baked_parse(buf_text(&text), text.len, ret, why, sizeof(why)) == 0)
		return 0;
	return error_set(err, FAULT_STATE_DIR, -rc, "/" PATH " cannot be read: %s", why);
}

int baked_write(const struct host *h, const struct baked *b, struct error *err)
{
	AUTO_JSON json_t *j = baked_to_json(b);
	AUTO_BUF struct buf text = { 0 };
	int rc = j ? json_write(j, true, &text) : -ENOMEM;

	if (rc == 0)
		rc = fs_replace(h->root, PATH, text.data, text.len, 0600);
	if (rc == 0)
		return 0;
	return error_set(err, fault_of_write(rc, FAULT_STATE_DIR), -rc,
			 "/" PATH " cannot be written: %s", strerror(-rc));
}

void baked_remove(const struct host *h)
{
	if (unlinkat(h->root, PATH, 0) < 0 && errno != ENOENT)
		LOG(h->log, WARNING, "baked.remove", "/" PATH " cannot be removed, ignoring: %s",
		    strerror(errno));
}

bool baked_is_there(const struct host *h)
{
	return fs_exists(h->root, PATH);
}
