/* Keeps the end of the last run for who asks later. */
#include "act/journal/ended.h"

#include <errno.h>
#include <string.h>

#include "act/act.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/redact.h"
#include "base/text.h"
#include "host/host.h"

#define PATH   ACT_STATE_DIR "/" ENDED_FILE
#define SCHEMA "ib-vmext/ended/1"

enum { BYTES_MAX = 64 << 10 };

void ended_of(const struct outcome *o, struct ended *ret)
{
	*ret = (struct ended) { .kind = "apply",
				.seq = -1,
				.exit_code = o->exit_code,
				.fault = o->fault,
				.reboot_pending = o->reboot_pending };
	TEXT_COPY(ret->run, o->run);
	TEXT_COPY(ret->message, o->message);
}

void ended_of_error(const struct error *e, struct ended *ret)
{
	*ret = (struct ended) { .kind = "apply",
				.seq = -1,
				.exit_code = fault_row(e->fault)->exit_code,
				.fault = e->fault };
	TEXT_COPY(ret->message, e->what);
}

static json_t *ended_to_json(const struct ended *e)
{
	const char *slug = e->fault == FAULT_NONE ? "" : fault_row(e->fault)->slug;

	return json_pack("{s:s, s:s, s:s, s:I, s:i, s:o, s:b, s:o, s:o}", "schema", SCHEMA, "at",
			 e->at, "kind", e->kind, "seq", (json_int_t)e->seq, "exitCode",
			 e->exit_code, "fault", json_text_or_null(slug), "rebootPending",
			 e->reboot_pending, "run", json_text_or_null(e->run), "message",
			 json_text_or_null(e->message));
}

void ended_write(const struct host *h, struct ended *e)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_JSON json_t *j = NULL;
	int rc = -ENOMEM;

	time_text(h->clock->realtime_ms(h->clock), e->at);
	if (h->log)
		redact(e->message, h->log->secrets, h->log->nsecrets);
	j = ended_to_json(e);
	if (j)
		rc = json_write(j, false, &text);
	if (rc == 0)
		rc = fs_replace(h->root, PATH, text.data, text.len, 0600);
	if (rc < 0)
		LOG(h->log, WARNING, "ended.write", "/%s cannot be written, ignoring: %s", PATH,
		    strerror(-rc));
}

static const struct json_field fields[] = {
	{ "at", JSON_KIND_TEXT, true, offsetof(struct ended, at), sizeof(((struct ended *)0)->at) },
	{ "kind", JSON_KIND_TEXT, true, offsetof(struct ended, kind),
	  sizeof(((struct ended *)0)->kind) },
	{ "seq", JSON_KIND_INT64, true, offsetof(struct ended, seq), 0 },
	{ "exitCode", JSON_KIND_INT, true, offsetof(struct ended, exit_code), 0 },
	{ "rebootPending", JSON_KIND_BOOL, false, offsetof(struct ended, reboot_pending), 0 },
	{ "run", JSON_KIND_TEXT, false, offsetof(struct ended, run),
	  sizeof(((struct ended *)0)->run) },
	{ "message", JSON_KIND_TEXT, false, offsetof(struct ended, message),
	  sizeof(((struct ended *)0)->message) },
};

int ended_read(const struct host *h, struct ended *ret)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_JSON json_t *j = NULL;
	const char *slug;
	int rc = fs_read(h->root, PATH, BYTES_MAX, &text);

	*ret = (struct ended) { .seq = -1 };
	if (rc < 0)
		return rc;
	j = json_parse(buf_text(&text), text.len, NULL, 0);
	if (!text_eq(json_text_at(j, "schema", ""), SCHEMA) ||
	    json_read(j, fields, ARRAY_SIZE(fields), ret, NULL) < 0)
		return -EINVAL;
	slug = json_text_at(j, "fault", "");
	ret->fault = slug[0] ? fault_by_slug(slug) : FAULT_NONE;
	return 0;
}
