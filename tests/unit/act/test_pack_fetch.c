/* tests/unit/act/test_pack_fetch.c - packs of a web address, by the real curl and the real wget:
 * fetched, judged, planned with; and why not.
 *
 * The machine is the world hbv3-ubuntu2204-pack-fits, whose pack is served. No test can have TLS:
 * the runner here puts the server's address in the place of https://packs.test, after it has looked
 * at what the programs were given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "act/bundle/pack_fetch.h"
#include "act/bundle/pack_index_make.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "facts/pack_index.h"
#include "host/run.h"
#include "place.h"
#include "probe/pack.h"
#include "probe/probe.h"
#include "server.h"
#include "signer.h"

#define WORLD     "hbv3-ubuntu2204-pack-fits"
#define PACK      "ib-vmext-pack_doca-ofed-3.2.1_6.5.0-1025-azure_x86_64.tar"
#define WORLD_KEY "RWRn45PDiQEKcP2YzpjLcwVcc+1aHLWHbldXAlln4Dt3dLteh/oH3Vms"
#define BASE      "https://packs.test/tree"
#define TOKEN     "sv=2021&sig=very%2Fsecret"

static const char *worlds;
static struct server server;
static struct signer signer, stranger;
static struct place place, served;
static struct settings settings;
static struct log log_of_test;
static struct facts facts;
static struct plan plan;
static struct error err;
static char said[32768];
static bool without_curl;

static void must_not_show(const char *text)
{
	assert_null(strstr(text, "secret"));
}

/* "https://packs.test" -> "http://127.0.0.1:PORT" */
static void lead_to_server(const struct run_spec *spec, struct buf *ret)
{
	static const char from[] = "https://packs.test";
	const char *input = spec->input, *at = strstr(input, from);
	char to[64];

	assert_non_null(at);
	assert_int_equal(buf_add(ret, input, (size_t)(at - input)), 0);
	assert_int_equal(buf_add_text(ret, server_url(&server, "", to, sizeof to)), 0);
	at += strlen(from);
	assert_int_equal(buf_add(ret, at, spec->input_len - (size_t)(at - input)), 0);
}

static int run_led(const struct host *h, const struct run_spec *spec, struct run_result *ret,
		   struct error *e)
{
	AUTO_BUF struct buf input = { 0 };
	struct run_spec led = *spec;

	for (size_t i = 0; spec->argv[i] != NULL; i++)
		must_not_show(spec->argv[i]);
	assert_null(spec->env);
	if (without_curl && text_eq(spec->argv[0], "curl")) {
		*ret = (struct run_result) { .end = RUN_NOT_FOUND };
		return 0;
	}
	lead_to_server(spec, &input);
	led.input = buf_text(&input);
	led.input_len = input.len;
	return runner_real.run(h, &led, ret, e);
}

static const struct runner led = { run_led };

static void sleep_not(const struct clock *c, int64_t ms)
{
	(void)c;
	(void)ms;
}

static void hear(void *ctx, const struct event *ev)
{
	size_t len = strlen(said);

	(void)ctx;
	(void)text_format(said + len, sizeof said - len, "%s: %s\n", ev->slug, ev->what);
}

/* What is served. */

static void serve(const char *name, const struct buf *text)
{
	assert_int_equal(fs_replace(served.host.root, name, text->data, text->len, 0644), 0);
}

static void serve_text(const char *name, const char *text)
{
	assert_int_equal(fs_replace(served.host.root, name, text, strlen(text), 0644), 0);
}

static void sign_index(const struct signer *by)
{
	AUTO_BUF struct buf text = { 0 }, signature = { 0 };

	assert_int_equal(fs_read(served.host.root, PACK_INDEX, 1 << 20, &text), 0);
	signer_sign(by, true, text.data, text.len, "packs", &signature);
	serve(PACK_INDEX ".minisig", &signature);
}

static void serve_world(void)
{
	static const char *const names[] = { PACK, PACK ".minisig" };
	unsigned count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		AUTO_BUF struct buf text = { 0 };
		char path[400];

		(void)TEXT_FORMAT(path, "%s/" WORLD "/root/srv/packs/%s", worlds, names[i]);
		assert_int_equal(fs_read(AT_FDCWD, path, 4 << 20, &text), 0);
		serve(names[i], &text);
	}
	assert_int_equal(pack_index_make(served.dir, NULL, &count, &err), 0);
	assert_int_equal(count, 1);
	sign_index(&signer);
}

/* The machine. */

static void read_facts(void)
{
	struct probe_options options = { .metadata = true };
	struct host world;
	char path[400];

	(void)TEXT_FORMAT(path, "%s/" WORLD, worlds);
	assert_int_equal(host_open_world(&world, path, &log_of_test, &err), 0);
	assert_int_equal(probe_facts(&world, &options, &facts, &err), 0);
	host_close(&world);
	catalogue_classify(&catalogue_built_in, &facts);
}

static int set_up(void **unused)
{
	static struct clock clock;

	(void)unused;
	clock = (struct clock) { clock_system.realtime_ms, clock_system.monotonic_ms, sleep_not };
	place_make(&place);
	place_make(&served);
	place.host.runner = &led;
	place.host.log = &log_of_test;
	place.host.clock = &clock;
	err = (struct error) { 0 };
	said[0] = '\0';
	without_curl = false;
	server_forget(&server);
	(void)TEXT_COPY(server.seen->tree, served.dir);
	read_facts();
	settings_defaults(&settings);
	(void)TEXT_COPY(settings.prebuilt, BASE);
	(void)TEXT_COPY(settings.sas_token, TOKEN);
	settings.ntrusted_keys = 2;
	(void)TEXT_COPY(settings.trusted_keys[0], WORLD_KEY);
	minisig_key_text(&signer.public, settings.trusted_keys[1]);
	serve_world();
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	place_drop(&place);
	place_drop(&served);
	return 0;
}

static int fetch(void)
{
	struct pack_fetching f = { .host = &place.host,
				   .settings = &settings,
				   .catalogue = &catalogue_built_in,
				   .deadline_s = 60 };

	plan_build(&facts, &settings, &catalogue_built_in, &plan);
	assert_true(pack_may_serve(&settings, &plan));
	return pack_fetch(&f, &facts, &plan, &err);
}

static const char *why_not(void)
{
	for (unsigned i = 0; i < plan.ncandidates; i++)
		if (text_eq(plan.candidates[i].route, "prebuilt"))
			return plan.candidates[i].why;
	return "";
}

static void expect_pack(void)
{
	if (!text_eq(plan.decision.route, "prebuilt"))
		fail_msg("%s: %s", why_not(), said);
	assert_string_equal(plan.steps[0].items[0], "/" PACKS_DIR "/" PACK);
	assert_true(fs_exists(place.host.root, PACKS_DIR "/" PACK ".minisig"));
	assert_false(fs_exists(place.host.root, PACKS_DIR "/" PACK_INDEX));
}

static void comes_and_is_planned_with(void)
{
	size_t sent;

	place_put(&place, PACKS_DIR "/ib-vmext-pack_doca-ofed-3.2.1_5.0_x86_64.tar", "old");
	assert_int_equal(fetch(), 0);
	expect_pack();
	assert_false(fs_exists(place.host.root,
			       PACKS_DIR "/ib-vmext-pack_doca-ofed-3.2.1_5.0_x86_64.tar"));
	must_not_show(said);
	/* Each request bore the token. */
	for (const char *at = server.seen->log; (at = strstr(at, "GET ")) != NULL; at++)
		if (strstr(at, TOKEN) == NULL || strstr(at, TOKEN) > strchr(at, '\n'))
			fail_msg("without the token: %.60s", at);
	sent = server.seen->sent;
	assert_int_equal(fetch(), 0);
	expect_pack();
	/* The pack was there. */
	assert_true(server.seen->sent - sent < sent / 2);
}

static void comes_by_curl(void **unused)
{
	(void)unused;
	comes_and_is_planned_with();
}

static void comes_by_wget(void **unused)
{
	(void)unused;
	without_curl = true;
	comes_and_is_planned_with();
}

/* What is in the way. */

static void no_index(void)
{
	(void)unlinkat(served.host.root, PACK_INDEX, 0);
}

static void no_signature(void)
{
	(void)unlinkat(served.host.root, PACK_INDEX ".minisig", 0);
}

static void by_a_stranger(void)
{
	sign_index(&stranger);
}

static void changed_index(void)
{
	serve_text(PACK_INDEX, "{}");
}

static void odd_index(void)
{
	serve_text(PACK_INDEX, "{\"schema\":\"ib-vmext/pack-index/1\",\"packs\":[{\"file\":"
			       "\"../ib-vmext-pack_x.tar\"}]}");
	sign_index(&signer);
}

static void no_pack(void)
{
	(void)unlinkat(served.host.root, PACK, 0);
}

static void changed_pack(void)
{
	serve_text(PACK, "something else");
}

static void pack_unsigned(void)
{
	serve_text(PACK ".minisig", "");
}

static void pack_untrusted(void)
{
	(void)TEXT_COPY(settings.trusted_keys[0], settings.trusted_keys[1]);
}

static void another_compiler(void)
{
	(void)TEXT_COPY(facts.kernel.release, "6.5.0-1026-azure");
}

static void another_distribution(void)
{
	(void)TEXT_COPY(facts.os.version, "24.04");
}

static void nothing_there(void)
{
	(void)unlinkat(served.host.root, PACK, 0);
	assert_int_equal(pack_index_make(served.dir, NULL, &(unsigned) { 0 }, &err), 0);
	sign_index(&signer);
}

static const struct {
	const char *name, *why;
	void (*change)(void);
} rows[] = {
	{ "no list", "HTTP 404", no_index },
	{ "a list that nobody signed", "HTTP 404", no_signature },
	{ "a list of a stranger", "not among the 2 trusted", by_a_stranger },
	{ "a list that was changed", "not what was signed", changed_index },
	{ "a list that leads elsewhere", "is no name of a pack", odd_index },
	{ "the pack is gone", "could not be fetched: https://packs.test/tree/" PACK, no_pack },
	{ "the pack is another", "it could not be fetched", changed_pack },
	{ "the pack is not signed", "it is not signed", pack_unsigned },
	{ "the pack's signer is not trusted", "not among", pack_untrusted },
	{ "another kernel", "kernel", another_compiler },
	{ "another distribution", "version of the distribution", another_distribution },
	{ "an empty place", "no pack", nothing_there },
};

static void anything_else_is_compiled(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		rows[i].change();
		assert_int_equal(fetch(), 0);
		if (text_eq(plan.decision.route, "prebuilt") ||
		    strstr(why_not(), rows[i].why) == NULL)
			fail_msg("%s: %s: %s", rows[i].name, plan.decision.route, why_not());
		must_not_show(said);
		must_not_show(why_not());
		(void)tear_down(unused);
		(void)set_up(unused);
	}
}

/* The list and the pack say themselves whom they are from. */
static void http_will_do(void **unused)
{
	(void)unused;
	place.host.runner = &runner_real;
	(void)server_url(&server, "/tree", settings.prebuilt, sizeof settings.prebuilt);
	assert_int_equal(fetch(), 0);
	expect_pack();
	assert_null(strstr(server.seen->log, "sig=")); /* by https alone */
}

static bool yes(void *ctx)
{
	(void)ctx;
	return true;
}

static void gives_way(void **unused)
{
	struct pack_fetching f = { .host = &place.host,
				   .settings = &settings,
				   .catalogue = &catalogue_built_in,
				   .deadline_s = 60,
				   .stop = yes };

	(void)unused;
	assert_int_equal(pack_fetch(&f, &facts, &plan, &err), -1);
	assert_int_equal(err.fault, FAULT_TAKEN_OVER);
}

/* What is said before anything was fetched, and that it is of that address alone. */
static void says_what_was_not_fetched(void **unused)
{
	(void)unused;
	plan_build(&facts, &settings, &catalogue_built_in, &plan);
	assert_non_null(strstr(why_not(), "pack fetch"));
	no_index();
	assert_int_equal(fetch(), 0);
	assert_non_null(strstr(why_not(), "HTTP 404"));
	(void)TEXT_COPY(settings.prebuilt, "https://packs.test/elsewhere");
	pack_read(&place.host, &settings, &facts);
	assert_string_equal(facts.packs_why, "");
}

static int start(void **unused)
{
	(void)unused;
	server_start(&server);
	signer_make(&signer);
	signer_make(&stranger);
	return log_add_sink(&log_of_test, hear, NULL, LEVEL_DEBUG);
}

static int stop(void **unused)
{
	(void)unused;
	server_stop(&server);
	return 0;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(comes_by_curl), TEST(comes_by_wget), TEST(anything_else_is_compiled),
		TEST(http_will_do),  TEST(gives_way),     TEST(says_what_was_not_fetched),
	};

	assert_int_equal(argc, 2);
	worlds = argv[1];
	return cmocka_run_group_tests(tests, start, stop);
}
