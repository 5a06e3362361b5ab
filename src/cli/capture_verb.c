/* capture: this machine as a world, redacted. */
#include "base/text.h"
#include "cli/app.h"
#include "cli/capture.h"

static size_t addresses(const struct capture_summary *s)
{
	return s->hidden[ALIAS_HARDWARE] + s->hidden[ALIAS_IPV4] + s->hidden[ALIAS_RDMA_IPV4] +
	       s->hidden[ALIAS_IPV6];
}

static size_t names(const struct capture_summary *s)
{
	return s->hidden[ALIAS_NAME] + s->hidden[ALIAS_VALUE] + s->hidden[ALIAS_HOST];
}

int verb_capture(struct app *app, int argc, char **argv)
{
	struct capture_summary s;
	struct error err = { 0 };

	(void)argc;
	if (capture_machine(&app->host, argv[0], &s, &err) < 0)
		return fail(app, &err);
	if (app->json) {
		AUTO_JSON json_t *document = json_pack(
			"{s:s, s:s, s:i, s:I, s:{s:I, s:I, s:I}}", "schema", "ib-vmext/capture/1",
			"directory", argv[0], "files", (int)s.files, "bytes", (json_int_t)s.bytes,
			"hidden", "names", (json_int_t)names(&s), "addresses",
			(json_int_t)addresses(&s), "uuids", (json_int_t)s.hidden[ALIAS_UUID]);

		return print_json(app, document);
	}
	fprintf(app->out,
		"%s: this machine in %u files, %zu KiB. Replaced: %zu names, %zu addresses, %zu "
		"UUIDs.\nLook at it before you send it: ib-vmext --world %s facts\n",
		argv[0], s.files, (s.bytes + 1023) >> 10, names(&s), addresses(&s),
		s.hidden[ALIAS_UUID], argv[0]);
	return 0;
}
