/* The extensions that are asked for: each change is a new incarnation of the VM's goal state. */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

#include "certificates.h"
#include "goalstate.h"
#include "inner.h"
#include "version.h"

static const char *const state_names[] = {
	[FABRIC_EXT_ENABLED] = "enabled",
	[FABRIC_EXT_DISABLED] = "disabled",
	[FABRIC_EXT_UNINSTALL] = "uninstall",
};

json_t *extension_find(const json_t *goal, const char *name)
{
	json_t *ext;
	size_t i;

	json_array_foreach(json_object_get(goal, "extensions"), i, ext)
	{
		if (text_eq_nocase(json_text_at(ext, "name", ""), name))
			return ext;
	}
	return NULL;
}

int extension_handler_name(const json_t *ext, char *ret, size_t size)
{
	return text_format(ret, size, "%s.%s", json_text_at(ext, "publisher", ""),
			   json_text_at(ext, "type", ""));
}

int guest_advance(struct fabric *f, struct guest *vm, int64_t *incarnation, struct error *err)
{
	json_t *goal = json_object_get(vm->doc, "goal");
	json_int_t next = json_int_at(goal, "incarnation", 0) + 1;
	char activity[37], correlation[37];

	fabric_uuid(activity);
	fabric_uuid(correlation);
	(void)json_object_set_new(goal, "incarnation", json_integer(next));
	(void)json_object_set_new(goal, "created", json_integer(goalstate_ticks(fabric_now_ms())));
	(void)json_object_set_new(goal, "activityId", json_string(activity));
	(void)json_object_set_new(goal, "correlationId", json_string(correlation));
	if (incarnation)
		*incarnation = next;
	LOG(f->log, INFO, "lab.goal-state", "VM %s has goal state %lld", vm->name, (long long)next);
	return guest_save(f, vm, err);
}

/* ---- reading what was asked ---------------------------------------------------------------- */

/* A new reference to an object, or NULL for NULL. Returns 0 or -1. What the parser says is left out
 * of the message, since it quotes the text, which may be secret. */
static int settings_parse(const char *text, const char *what, json_t **ret, struct error *err)
{
	json_t *j;

	*ret = NULL;
	if (!text)
		return 0;
	j = json_parse(text, strlen(text), NULL, 0);
	if (!json_is_object(j)) {
		json_decref(j);
		return error_set(err, FAULT_USAGE, EINVAL, "the %s settings are not a JSON object",
				 what);
	}
	*ret = j;
	return 0;
}

static const json_t *catalogue_find(const struct fabric *f, const struct fabric_extension *ext)
{
	const char *key;
	json_t *entry;

	json_object_foreach(f->catalogue, key, entry)
	{
		if (text_eq_nocase(json_text_at(entry, "publisher", ""), ext->publisher) &&
		    text_eq_nocase(json_text_at(entry, "type", ""), ext->type))
			return entry;
	}
	return NULL;
}

static const char *version_choose(const struct fabric *f, const struct fabric_extension *ext)
{
	const json_t *versions = json_object_get(catalogue_find(f, ext), "versions");
	json_t *list AUTO_JSON = json_array(), *path;
	const char *version, *chosen;

	json_object_foreach((json_t *)versions, version, path)(void)
		json_array_append_new(list, json_string(version));
	chosen = ext_version_resolve(list, ext->version, ext->auto_upgrade);
	if (!chosen)
		return NULL;
	return json_object_iter_key(json_object_iter_at((json_t *)versions, chosen));
}

/* Another name may not stand for the same handler; a handler may not change under a name. */
static int identity_check(const json_t *goal, const struct fabric_extension *ext, struct error *err)
{
	json_t *other;
	size_t i;

	json_array_foreach(json_object_get(goal, "extensions"), i, other)
	{
		bool same_name = text_eq_nocase(json_text_at(other, "name", ""), ext->name);
		bool same_handler = text_eq_nocase(json_text_at(other, "publisher", ""),
						   ext->publisher) &&
				    text_eq_nocase(json_text_at(other, "type", ""), ext->type);

		if (same_name != same_handler)
			return error_set(err, FAULT_USAGE, EEXIST,
					 "extension %s has publisher %s and type %s already",
					 json_text_at(other, "name", ""),
					 json_text_at(other, "publisher", ""),
					 json_text_at(other, "type", ""));
	}
	return 0;
}

/* ---- comparing with what was asked before -------------------------------------------------- */

/* The clear text of stored protected settings, as JSON; NULL if there is none. */
static json_t *secret_open(const struct guest *vm, const json_t *ext)
{
	const char *base64 = json_string_value(json_object_get(ext, "protectedSettings"));
	struct buf text AUTO_BUF = { 0 };

	if (!base64 ||
	    certificate_decrypt(json_object_get(vm->doc, "certificate"), base64, &text, NULL) < 0)
		return NULL;
	return json_parse(buf_text(&text), text.len, NULL, 0);
}

static bool json_same(const json_t *a, const json_t *b)
{
	return (!a && !b) || json_equal(a, b);
}

struct wish {
	const struct fabric_extension *ext;
	const char *version; /* resolved; borrowed from the catalogue */
	json_t *settings;
	json_t *secret;
};

/* Whether the agent must see new settings: they or the tag differ. */
static bool wish_differs(const struct guest *vm, const json_t *before, const struct wish *w)
{
	json_t *secret AUTO_JSON = secret_open(vm, before);

	return !json_same(json_object_get(before, "settings"), w->settings) ||
	       !json_same(secret, w->secret) ||
	       !text_eq(json_string_value(json_object_get(before, "forceUpdate")),
			w->ext->force_update);
}

/* ---- storing ------------------------------------------------------------------------------- */

static int secret_store(const struct guest *vm, json_t *ext, const json_t *secret,
			struct error *err)
{
	struct buf clear AUTO_BUF = { 0 }, cipher AUTO_BUF = { 0 };
	int rc;

	if (!secret)
		return 0;
	rc = json_write(secret, false, &clear);
	if (rc < 0)
		return error_set(err, FAULT_INTERNAL, -rc, "the protected settings are too long");
	rc = certificate_encrypt(json_object_get(vm->doc, "certificate"), buf_text(&clear), &cipher,
				 err);
	if (clear.data)
		explicit_bzero(clear.data, clear.len);
	if (rc == 0)
		(void)json_object_set_new(ext, "protectedSettings", json_string(buf_text(&cipher)));
	return rc;
}

/* The document of an extension, a new reference; NULL with *err set. */
static json_t *wish_pack(const struct guest *vm, const json_t *before, const struct wish *w,
			 struct error *err)
{
	const struct fabric_extension *e = w->ext;
	long long seq_no = before ? json_int_at(before, "seqNo", 0) : 0;
	json_t *ext;

	if (before && wish_differs(vm, before, w))
		seq_no++;
	ext = json_pack("{s:s,s:s,s:s,s:s,s:s,s:b,s:I,s:s,s:I}", "name", e->name, "publisher",
			e->publisher, "type", e->type, "requested", e->version, "version",
			w->version, "autoUpgrade", e->auto_upgrade, "seqNo", (json_int_t)seq_no,
			"state", state_names[e->state], "incarnation",
			(json_int_t)json_int_at(vm->doc, "goal.incarnation", 0) + 1);
	if (!ext) {
		(void)error_set(err, FAULT_USAGE, EINVAL, "a text is missing or not UTF-8");
		return NULL;
	}
	if (w->settings)
		(void)json_object_set(ext, "settings", w->settings);
	if (json_array_size(e->after) > 0)
		(void)json_object_set_new(ext, "after", json_deep_copy(e->after));
	if (e->force_update)
		(void)json_object_set_new(ext, "forceUpdate", json_string(e->force_update));
	if (secret_store(vm, ext, w->secret, err) < 0) {
		json_decref(ext);
		return NULL;
	}
	return ext;
}

static int wish_store(struct guest *vm, const struct wish *w, struct error *err)
{
	json_t *goal = json_object_get(vm->doc, "goal");
	json_t *before = extension_find(goal, w->ext->name);
	json_t *ext AUTO_JSON = wish_pack(vm, before, w, err);

	if (!ext)
		return -1;
	if (before) {
		(void)json_object_clear(before);
		(void)json_object_update(before, ext);
	} else {
		(void)json_array_append(json_object_get(goal, "extensions"), ext);
	}
	return 0;
}

static int extension_set(struct fabric *f, const char *name, struct wish *w, int64_t *incarnation,
			 struct error *err)
{
	struct guest *vm = guest_by_name(f, name);

	if (!vm)
		return error_set(err, FAULT_USAGE, ENOENT, "there is no VM %s", name);
	if (identity_check(json_object_get(vm->doc, "goal"), w->ext, err) < 0)
		return -1;
	w->version = version_choose(f, w->ext);
	if (!w->version)
		return error_set(err, FAULT_USAGE, ENOENT,
				 "no version of %s.%s is published that fits %s", w->ext->publisher,
				 w->ext->type, w->ext->version);
	if (wish_store(vm, w, err) < 0)
		return -1;
	return guest_advance(f, vm, incarnation, err);
}

int fabric_set_extension(struct fabric *f, const char *name, const struct fabric_extension *ext,
			 int64_t *incarnation, struct error *err)
{
	json_t *settings AUTO_JSON = NULL, *secret AUTO_JSON = NULL;
	struct wish wish = { .ext = ext };
	int rc;

	if (!ext->name || !ext->publisher || !ext->type || !ext->version)
		return error_set(err, FAULT_USAGE, EINVAL,
				 "an extension needs a name, publisher, type and version");
	if (ext->state == FABRIC_EXT_UNINSTALL)
		return fabric_remove_extension(f, name, ext->name, incarnation, err);
	if (settings_parse(ext->settings, "public", &settings, err) < 0 ||
	    settings_parse(ext->protected_settings, "protected", &secret, err) < 0)
		return -1;
	wish.settings = settings;
	wish.secret = secret;
	fabric_lock(f);
	rc = extension_set(f, name, &wish, incarnation, err);
	fabric_unlock(f);
	return rc;
}

int fabric_remove_extension(struct fabric *f, const char *name, const char *extension,
			    int64_t *incarnation, struct error *err)
{
	json_t *ext;
	struct guest *vm;
	int rc;

	fabric_lock(f);
	vm = guest_by_name(f, name);
	ext = vm ? extension_find(json_object_get(vm->doc, "goal"), extension) : NULL;
	if (!ext) {
		rc = error_set(err, FAULT_USAGE, ENOENT, "VM %s has no extension %s", name,
			       extension);
	} else {
		json_t *next = json_integer(json_int_at(vm->doc, "goal.incarnation", 0) + 1);

		(void)json_object_set_new(ext, "state",
					  json_string(state_names[FABRIC_EXT_UNINSTALL]));
		(void)json_object_set(ext, "incarnation", next);
		(void)json_object_set_new(ext, "removing", next);
		rc = guest_advance(f, vm, incarnation, err);
	}
	fabric_unlock(f);
	return rc;
}

int fabric_bump(struct fabric *f, const char *name, int64_t *incarnation, struct error *err)
{
	struct guest *vm;
	int rc;

	fabric_lock(f);
	vm = guest_by_name(f, name);
	rc = vm ? guest_advance(f, vm, incarnation, err)
		: error_set(err, FAULT_USAGE, ENOENT, "there is no VM %s", name);
	fabric_unlock(f);
	return rc;
}
