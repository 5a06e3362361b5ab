/* handler/result.c - keeps how the last request ended. */
#include "handler/result.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

void result_free(struct result *r)
{
	json_decref(r->status);
	r->status = NULL;
}

static const struct json_field fields[] = {
	{ "seq", JSON_KIND_INT64, true, offsetof(struct result, seq), 0 },
	{ "requestedAt", JSON_KIND_INT64, true, offsetof(struct result, requested_at), 0 },
	{ "settingsDigest", JSON_KIND_TEXT, true, offsetof(struct result, digest),
	  DIGEST_TEXT_SIZE },
	{ "version", JSON_KIND_TEXT, true, offsetof(struct result, version), 32 },
	{ "boot", JSON_KIND_TEXT, true, offsetof(struct result, boot), BOOT_ID_SIZE },
	{ "success", JSON_KIND_BOOL, true, offsetof(struct result, success), 0 },
	{ "exitCode", JSON_KIND_INT, true, offsetof(struct result, exit_code), 0 },
	{ "message", JSON_KIND_TEXT, true, offsetof(struct result, message), 1000 },
};

int result_read(const struct host *h, struct result *ret)
{
	AUTO_JSON json_t *j = NULL;
	struct result made = { 0 };
	int rc = state_read(h, RESULT_FILE, RESULT_SCHEMA, &j);

	if (rc < 0)
		return rc;
	if (json_read(j, fields, ARRAY_SIZE(fields), &made, NULL) < 0)
		return -EINVAL;
	made.fault = fault_by_slug(json_text_at(j, "fault", ""));
	made.attempts = (unsigned)json_int_at(j, "attempts", 1);
	if (json_is_array(json_object_get(j, "status")))
		made.status = json_incref(json_object_get(j, "status"));
	*ret = made;
	return 0;
}

int result_write(const struct host *h, const struct result *r, struct error *err)
{
	const char *slug = r->fault != FAULT_NONE ? fault_row(r->fault)->slug : NULL;
	AUTO_JSON json_t *j = json_pack(
		"{s:s, s:I, s:I, s:s, s:s, s:s, s:b, s:i, s:o, s:i, s:s, s:O?}", "schema",
		RESULT_SCHEMA, "seq", (json_int_t)r->seq, "requestedAt",
		(json_int_t)r->requested_at, "settingsDigest", r->digest, "version", r->version,
		"boot", r->boot, "success", (int)r->success, "exitCode", r->exit_code, "fault",
		json_text_or_null(slug), "attempts", (int)r->attempts, "message", r->message,
		"status", r->status);

	if (j == NULL)
		return error_set(err, FAULT_INTERNAL, EINVAL, "the result cannot be written");
	return state_write(h, RESULT_FILE, j, err);
}

bool result_ends(const struct result *r, const struct request *req)
{
	return r->seq == req->seq && r->requested_at == req->requested_at &&
	       text_eq(r->digest, req->digest);
}

bool result_is_of(const struct result *r, const struct request *req)
{
	return r->seq == req->seq && text_eq(r->digest, req->digest) &&
	       text_eq(r->version, req->version);
}
