/* handler/request.c - makes, keeps and reads the request that the worker carries out. */
#include "handler/request.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "facts/settings.h"
#include "handler/handler.h"
#include "handler/state.h"
#include "host/host.h"

static const char *const kind_names[] = { [REQUEST_APPLY] = "apply", [REQUEST_UNDO] = "undo" };

void request_free(struct request *r)
{
	settings_file_free(&r->file);
}

int request_from_agent(const struct handler_app *app, const struct environment *env, int64_t seq,
		       struct request *ret, struct error *err)
{
	AUTO_BUF struct buf text = { 0 };
	char path[PATH_MAX];
	int rc;

	ret->seq = seq;
	ret->requested_at = app->host->clock->realtime_ms(app->host->clock);
	(void)TEXT_COPY(ret->status_dir, env->status_folder);
	(void)TEXT_COPY(ret->events_dir, env->events_folder);
	(void)TEXT_COPY(ret->log_dir, env->log_folder);
	(void)TEXT_COPY(ret->version, app->version);
	(void)TEXT_FORMAT(path, "%s/%lld.settings", env->config_folder, (long long)seq);
	rc = host_read(app->host, path, SETTINGS_FILE_MAX, &text);
	if (rc < 0)
		return error_set(err, FAULT_SETTINGS_FILE, -rc, "%s cannot be read: %s", path,
				 strerror(-rc));
	digest_of(buf_text(&text), text.len, ret->digest);
	if (settings_file_parse(buf_text(&text), text.len, &ret->file, err) < 0)
		return error_wrap(err, "%s", path);
	return 0;
}

static const struct json_field fields[] = {
	{ "seq", JSON_KIND_INT64, true, offsetof(struct request, seq), 0 },
	{ "statusDir", JSON_KIND_TEXT, true, offsetof(struct request, status_dir), FOLDER_SIZE },
	{ "eventsDir", JSON_KIND_TEXT, true, offsetof(struct request, events_dir), FOLDER_SIZE },
	{ "logDir", JSON_KIND_TEXT, true, offsetof(struct request, log_dir), FOLDER_SIZE },
	{ "settingsDigest", JSON_KIND_TEXT, true, offsetof(struct request, digest),
	  DIGEST_TEXT_SIZE },
	{ "version", JSON_KIND_TEXT, true, offsetof(struct request, version), 32 },
	{ "requestedAt", JSON_KIND_INT64, true, offsetof(struct request, requested_at), 0 },
	{ "thumbprint", JSON_KIND_TEXT, false,
	  offsetof(struct request, file) + offsetof(struct settings_file, thumbprint),
	  THUMBPRINT_SIZE },
};

/* It becomes part of a path that root executes. */
static bool is_version(const char *text)
{
	return text[0] != '\0' && text[0] != '.' &&
	       strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz.+-~") == strlen(text);
}

int request_read(const struct host *h, struct request *ret)
{
	AUTO_JSON json_t *j = NULL;
	AUTO_REQUEST struct request made = { 0 };
	const char *secret;
	int rc = state_read(h, REQUEST_FILE, REQUEST_SCHEMA, &j);

	if (rc < 0)
		return rc;
	if (json_read(j, fields, ARRAY_SIZE(fields), &made, NULL) < 0 ||
	    !is_version(made.version) || !json_is_object(json_object_get(j, "settings")))
		return -EINVAL;
	made.kind = text_eq(json_text_at(j, "kind", ""), kind_names[REQUEST_UNDO]) ? REQUEST_UNDO
										   : REQUEST_APPLY;
	made.file.public_part = json_incref(json_object_get(j, "settings"));
	secret = json_text_at(j, "protected", NULL);
	if (secret != NULL) {
		made.file.protected_part = strdup(secret);
		if (made.file.protected_part == NULL)
			return -ENOMEM;
	}
	*ret = made;
	made.file = (struct settings_file) { 0 };
	return 0;
}

int request_write(const struct host *h, const struct request *r, struct error *err)
{
	AUTO_JSON json_t *j = json_pack(
		"{s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:O, s:o, s:o, s:I}", "schema",
		REQUEST_SCHEMA, "kind", kind_names[r->kind], "seq", (json_int_t)r->seq, "statusDir",
		r->status_dir, "eventsDir", r->events_dir, "logDir", r->log_dir, "settingsDigest",
		r->digest, "version", r->version, "settings", r->file.public_part, "protected",
		json_text_or_null(r->file.protected_part), "thumbprint",
		json_text_or_null(r->file.thumbprint), "requestedAt", (json_int_t)r->requested_at);

	if (j == NULL)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "the request cannot be written");
	return state_write(h, REQUEST_FILE, j, err);
}

int request_settings(const struct host *h, const struct request *r, struct settings *ret,
		     struct error *err)
{
	settings_defaults(ret);
	if (settings_read_public(r->file.public_part, ret, err) < 0)
		return -1;
	if (r->file.protected_part != NULL &&
	    protected_read(h, r->file.protected_part, r->file.thumbprint, ret, err) < 0)
		return -1;
	if (h->log != NULL && (log_add_secret(h->log, ret->proxy_user) < 0 ||
			       log_add_secret(h->log, ret->proxy_password) < 0 ||
			       log_add_secret(h->log, ret->sas_token) < 0))
		return error_set(err, FAULT_INTERNAL, ENOSPC, "too many secrets");
	return 0;
}

bool request_same_work(const struct request *a, const struct request *b)
{
	return a->kind == b->kind && a->seq == b->seq && text_eq(a->digest, b->digest);
}
