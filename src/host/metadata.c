/* host/metadata.c - asks the instance metadata service. */
#include "host/metadata.h"

#include "base/text.h"
#include "host/host.h"
#include "host/link_local.h"
#include "host/recorder.h"

#define TARGET "/metadata/instance?api-version=2021-02-01"

enum metadata_end metadata_ask(const struct host *h, const struct metadata_service *service,
			       struct buf *ret, int *status)
{
	return link_local_ask(h, service, TARGET, ret, status);
}

/* world.json's "imds": the whole answer, {"error":"timeout|429|404"}, or null. */
static enum metadata_end ask_world(const json_t *world, struct buf *ret, int *status)
{
	const json_t *imds = json_object_get(world, "imds");
	const char *error = json_text_at(imds, "error", NULL);
	long code = 0;

	if (status)
		*status = error || !json_is_object(imds) ? 0 : 200;
	if (!json_is_object(imds))
		return METADATA_NONE;
	if (!error)
		return json_write(imds, false, ret) < 0 ? METADATA_REFUSED : METADATA_ANSWERED;
	if (text_eq(error, "timeout"))
		return METADATA_TIMEOUT;
	if (status && text_to_long(error, 10, &code) == 0)
		*status = (int)code;
	return METADATA_REFUSED;
}

enum metadata_end metadata_get(const struct host *h, struct buf *ret, int *status)
{
	size_t before = ret->len;
	int got = 0;
	enum metadata_end end = h->live ? metadata_ask(h, &metadata_service_azure, ret, &got)
					: ask_world(h->world, ret, &got);

	recorder_metadata(h, end, got, buf_text(ret) + before, ret->len - before);
	if (status)
		*status = got;
	return end;
}
