/* handler/update.c - marks an update of the extension, and recognises one. */
#include "handler/update.h"

#include <errno.h>

#include "base/text.h"
#include "handler/handler.h"
#include "handler/state.h"
#include "host/host.h"

#define UPDATE_SCHEMA "ib-vmext/update/1"

static int64_t now_s(const struct host *h)
{
	return h->clock->realtime_ms(h->clock) / 1000;
}

int update_write(const struct handler_app *app, struct error *err)
{
	const struct host *h = app->host;
	char boot[BOOT_ID_SIZE];
	AUTO_JSON json_t *j = NULL;

	boot_id_read(h, boot);
	j = json_pack("{s:s, s:s, s:s, s:I, s:s}", "schema", UPDATE_SCHEMA, "from",
		      app->updating_from != NULL ? app->updating_from : "", "to",
		      app->updating_to != NULL ? app->updating_to : app->version, "at",
		      (json_int_t)now_s(h), "boot", boot);
	if (j == NULL)
		return error_set(err, FAULT_INTERNAL, EINVAL, "the update mark cannot be made");
	return state_write(h, UPDATE_FILE, j, err);
}

bool update_holds(const json_t *j, int64_t now)
{
	const json_t *at = json_object_get(j, "at");
	int64_t away;

	if (!text_eq(json_text_at(j, "schema", NULL), UPDATE_SCHEMA) || !json_is_integer(at))
		return false;
	if (__builtin_sub_overflow(now, (int64_t)json_integer_value(at), &away))
		return false;
	return away < UPDATE_VALID_S && away > -UPDATE_VALID_S;
}

bool update_is_under_way(const struct host *h)
{
	AUTO_JSON json_t *j = NULL;

	return state_read(h, UPDATE_FILE, UPDATE_SCHEMA, &j) == 0 && update_holds(j, now_s(h));
}
