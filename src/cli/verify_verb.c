/* verify: looks; and sends traffic where it is told to. */
#include "act/traffic/test.h"
#include "act/traffic/traffic.h"
#include "base/text.h"
#include "cli/app.h"
#include "cli/render.h"
#include "cli/verified.h"

static void say_waiting(void *ctx, const char *what)
{
	(void)ctx;
	fprintf(stderr, "waiting for `ib-vmext verify --peer` of another node at %s\n", what);
}

static int take_seconds(struct app *app, const char *value, struct traffic_options *ret)
{
	long seconds;

	if (text_to_long(value, 10, &seconds) < 0 || seconds < 1 || seconds > TRAFFIC_SECONDS_MAX)
		return usage_error(app, "--seconds is a number from 1 to 60, not", value);
	ret->seconds = (unsigned)seconds;
	return 0;
}

static int take_kind(struct app *app, const char *option, enum traffic_kind kind,
		     struct traffic_options *ret)
{
	if (ret->kind != TRAFFIC_KIND_UNKNOWN)
		return usage_error(app, "one of --loopback, --peer and --listen will do", option);
	ret->kind = kind;
	return 0;
}

/* Take the option at argv[*at], and its value. Returns 0, or the exit code of a refusal. */
static int take_option(struct app *app, int argc, char **argv, int *at, struct traffic_options *ret)
{
	const char *option = argv[*at], *value = *at + 1 < argc ? argv[*at + 1] : NULL;

	if (text_eq(option, "--loopback"))
		return take_kind(app, option, TRAFFIC_LOOPBACK, ret);
	if (text_eq(option, "--listen"))
		return take_kind(app, option, TRAFFIC_LISTEN, ret);
	if (option[0] != '-')
		return usage_error(app, "verify takes options alone", option);
	if (!value || value[0] == '-' || value[0] == '\0')
		return usage_error(app, "needs a value", option);
	++*at;
	if (text_eq(option, "--seconds"))
		return take_seconds(app, value, ret);
	if (text_eq(option, "--device")) {
		ret->device = value;
		return 0;
	}
	ret->peer = value;
	return take_kind(app, option, TRAFFIC_PEER, ret);
}

static int take_options(struct app *app, int argc, char **argv, struct traffic_options *ret)
{
	int rc = 0;

	*ret = (struct traffic_options) { .seconds = TRAFFIC_SECONDS_DEFAULT,
					  .waiting = say_waiting };
	for (int at = 0; at < argc && rc == 0; at++)
		rc = take_option(app, argc, argv, &at, ret);
	if (rc != 0)
		return rc;
	if (ret->kind == TRAFFIC_KIND_UNKNOWN && argc > 0)
		return usage_error(app, "only with --loopback, --peer or --listen", argv[0]);
	if (ret->kind != TRAFFIC_KIND_UNKNOWN && app->world)
		return usage_error(app, "a world carries no traffic", argv[0]);
	return 0;
}

int verb_verify(struct app *app, int argc, char **argv)
{
	AUTO_VERIFIED struct verified *v = NULL;
	struct traffic_options traffic;
	struct error err = { 0 };
	int rc = take_options(app, argc, argv, &traffic);

	if (rc != 0)
		return rc;
	if (verified_look(app, &v, &err) < 0 ||
	    (traffic.kind != TRAFFIC_KIND_UNKNOWN && verified_test(app, &traffic, v, &err) < 0))
		return fail(app, &err);
	if (app->json) {
		AUTO_JSON json_t *document = verify_document(&v->verification, &v->facts);

		if (print_json(app, document) != 0)
			return 14;
	} else {
		render_verification(app->out, &v->verification, &v->facts);
	}
	return verified_exit(v);
}
