/* act/fetch/pin.c - digests told and digests pinned. */
#include "act/fetch/pin.h"

#include <errno.h>
#include <string.h>

#include "act/act.h"
#include "act/journal/journal.h"
#include "act/record/receipt.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "base/url.h"
#include "host/host.h"

#define DIGEST_MARK "sha256:"

enum { PIN_BYTES_MAX = 8 << 10, NAME_SIZE = 160, PATH_SIZE = 300 };

const char *pin_url(const struct step *s)
{
	return s->items[0];
}

int pin_name(const struct step *s, char *ret, size_t size)
{
	return url_file_name(pin_url(s), ret, size);
}

/* The digest that the plan has, "" if none. */
static const char *told(const struct step *s)
{
	return s->nitems > 1 && text_starts(s->items[1], DIGEST_MARK)
		       ? s->items[1] + strlen(DIGEST_MARK)
		       : "";
}

/* Beside the default place, whichever disk the file itself is on. */
static int pin_path(const struct step *s, char *ret, size_t size)
{
	char name[NAME_SIZE];
	int rc = pin_name(s, name, sizeof name);

	return rc < 0 ? rc : text_format(ret, size, ACT_STATE_DIR "/downloads/%s.pin", name);
}

/* A new reference, NULL if nothing is pinned for this address. */
static json_t *pin_read(const struct host *h, const struct step *s)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_JSON json_t *pin = NULL;
	char path[PATH_SIZE];

	if (pin_path(s, path, sizeof path) < 0 || fs_read(h->root, path, PIN_BYTES_MAX, &text) < 0)
		return NULL;
	pin = json_parse(buf_text(&text), text.len, NULL, 0);
	return text_eq(json_text_at(pin, "url", ""), pin_url(s)) ? TAKE(pin) : NULL;
}

/* The entry for this address, borrowed. */
static json_t *entry_of(const json_t *artefacts, const struct step *s)
{
	for (size_t i = 0; i < json_array_size(artefacts); i++) {
		json_t *entry = json_array_get(artefacts, i);

		if (text_eq(json_text_at(entry, "url", ""), pin_url(s)))
			return entry;
	}
	return NULL;
}

static void expect_pinned(struct pin *e, const json_t *pin)
{
	(void)TEXT_COPY(e->sha256, json_text_at(pin, "sha256", ""));
	(void)TEXT_FORMAT(e->whose, "what was pinned on %.20s", json_text_at(pin, "at", ""));
	e->pinned = true;
}

void pin_expected(const struct host *h, const struct step *s, struct pin *ret)
{
	AUTO_JSON json_t *receipt = NULL;
	const json_t *entry;

	*ret = (struct pin) { 0 };
	if (told(s)[0] != '\0') {
		(void)TEXT_COPY(ret->sha256, told(s));
		(void)TEXT_COPY(ret->whose, "the catalogue");
		return;
	}
	receipt = receipt_read(h);
	entry = entry_of(json_object_get(receipt, "artefacts"), s);
	if (entry != NULL)
		expect_pinned(ret, entry);
}

void pin_expected_now(const struct host *h, const struct step *s, struct pin *ret)
{
	AUTO_JSON json_t *pin = NULL;

	pin_expected(h, s, ret);
	if (ret->sha256[0] != '\0')
		return;
	pin = pin_read(h, s);
	if (pin != NULL)
		expect_pinned(ret, pin);
}

static json_t *entry_make(const struct host *h, const struct step *s, const char *sha256,
			  bool pinned, const char *run)
{
	char now[21];

	time_text(h->clock->realtime_ms(h->clock), now);
	return json_pack("{s:s, s:s, s:b, s:s, s:s}", "url", pin_url(s), "sha256", sha256, "pinned",
			 pinned, "at", now, "run", run);
}

int pin_take(const struct host *h, const struct step *s, const char *run, const char *sha256,
	     struct error *err)
{
	AUTO_JSON json_t *pin = entry_make(h, s, sha256, true, run);
	AUTO_BUF struct buf text = { 0 };
	char path[PATH_SIZE] = "";
	int rc = pin ? json_write(pin, false, &text) : -ENOMEM;

	if (rc == 0)
		rc = pin_path(s, path, sizeof path);
	if (rc == 0)
		rc = fs_make_dirs(h->root, ACT_STATE_DIR "/downloads", 0700);
	if (rc == 0)
		rc = fs_replace(h->root, path, buf_text(&text), text.len, 0600);
	if (rc < 0)
		return error_set(err, fault_of_write(rc, FAULT_STATE_DIR), -rc,
				 "/%s cannot be written: %s", path, strerror(-rc));
	LOG(h->log, WARNING, "download.pinned",
	    "nobody tells the digest of %.200s: it has the SHA-256 %s, which counts from now on",
	    pin_url(s), sha256);
	return 0;
}

int pin_drop(const struct host *h, const struct step *s, struct error *err)
{
	char path[PATH_SIZE];

	if (pin_path(s, path, sizeof path) < 0 || unlinkat(h->root, path, 0) == 0 ||
	    errno == ENOENT || errno == ENOTDIR)
		return 0;
	return error_set(err, FAULT_WRITE_FAILED, errno, "/%s cannot be removed: %s", path,
			 strerror(errno));
}

/* What is pinned keeps its first day, and belongs to the run that pinned it. */
static json_t *entry_of_run(const struct host *h, const struct journal *j, const struct step *s,
			    const json_t *older)
{
	AUTO_JSON json_t *pin = NULL;
	json_t *entry;

	if (told(s)[0] != '\0')
		return entry_make(h, s, told(s), false, j->run);
	entry = entry_of(older, s);
	if (entry != NULL)
		return json_incref(entry);
	pin = pin_read(h, s);
	return pin != NULL ? TAKE(pin) : NULL;
}

static bool is_replaced(const struct journal *j, const json_t *entry)
{
	for (unsigned i = 0; j != NULL && i < j->plan.nsteps; i++)
		if (j->plan.steps[i].kind == STEP_DOWNLOAD &&
		    text_eq(pin_url(&j->plan.steps[i]), json_text_at(entry, "url", "")))
			return true;
	return false;
}

json_t *pins_to_json(const struct host *h, const struct journal *j, const json_t *older)
{
	AUTO_JSON json_t *all = json_array();
	const json_t *before = json_object_get(older, "artefacts");

	for (size_t i = 0; i < json_array_size(before); i++)
		if (!is_replaced(j, json_array_get(before, i)) &&
		    json_array_append(all, json_array_get(before, i)) < 0)
			return NULL;
	for (unsigned i = 0; j != NULL && i < j->plan.nsteps; i++) {
		const struct step *s = &j->plan.steps[i];
		json_t *entry = s->kind == STEP_DOWNLOAD ? entry_of_run(h, j, s, before) : NULL;

		if (entry != NULL && json_array_append_new(all, entry) < 0)
			return NULL;
	}
	return TAKE(all);
}

json_t *pins_without(const json_t *receipt, const char *run)
{
	AUTO_JSON json_t *rest = json_array();
	const json_t *all = json_object_get(receipt, "artefacts");

	for (size_t i = 0; i < json_array_size(all); i++) {
		json_t *entry = json_array_get(all, i);

		if (!text_eq(json_text_at(entry, "run", ""), run) &&
		    json_array_append(rest, entry) < 0)
			return NULL;
	}
	return TAKE(rest);
}
