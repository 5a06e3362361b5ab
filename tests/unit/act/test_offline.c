/* tests/unit/act/test_offline.c - a run that takes its downloads from a bundle; and packages of a
 * directory, by the real apt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "act/apt/call.h"
#include "act/bundle/offline.h"
#include "act/fetch/reach.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "facts/facts.h"
#include "host/host.h"
#include "place.h"
#include "host/run.h"
#include "signer.h"

#define URL "https://content.example.com/ofed/a.tgz"

static struct place place;
static struct settings settings;
static struct signer signer;
static struct facts facts;
static struct step_context c;
static struct plan plan;
static char bundle_path[100], key_path[100];

static void make_key(void)
{
	AUTO_BUF struct buf secret = { 0 };

	signer_make(&signer);
	signer_secret(&signer, false, &secret);
	place_put(&place, "srv/secret.key", buf_text(&secret));
	minisig_key_text(&signer.public, settings.trusted_keys[0]);
	settings.ntrusted_keys = 1;
}

static int set_up(void **unused)
{
	(void)unused;
	place_make(&place);
	settings_defaults(&settings);
	make_key();
	facts = (struct facts) { .os = { .id = "debian", .version = "12" },
				 .kernel = { .release = "6.1.0", .machine = "x86_64" },
				 .package_manager = "apt" };
	plan = (struct plan) { .nsteps = 1, .decision.route = "mlnx-ofed" };
	plan.steps[0] = (struct step) {
		.id = "download", .kind = STEP_DOWNLOAD, .items = { URL }, .nitems = 1
	};
	c = (struct step_context) { .host = &place.host,
				    .settings = &settings,
				    .run = "20261122T110000Z-1-1",
				    .packages = { .host = &place.host, .deadline_s = 60 } };
	place_put(&place, "srv/mirror/content.example.com/ofed/a.tgz", "the artefact");
	(void)TEXT_FORMAT(bundle_path, "%s/srv/bundle", place.dir);
	(void)TEXT_FORMAT(key_path, "%s/srv/secret.key", place.dir);
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	place_drop(&place);
	return 0;
}

/* Made by the machine itself, whose root is "/". */
static void make_bundle(void)
{
	struct host own = { .live = true, .runner = &runner_real, .clock = &clock_system };
	struct settings s = settings;
	struct step_context by = { .host = &own,
				   .settings = &s,
				   .packages = { .host = &own, .deadline_s = 60 } };
	struct offline_order order = { bundle_path, key_path, "2026.11.2" };
	AUTO_JSON json_t *manifest = NULL;
	struct error err = { 0 };

	own.root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)TEXT_FORMAT(s.mirror, "%s/srv/mirror", place.dir);
	if (offline_make(&by, &facts, &plan, &order, &manifest, &err) < 0)
		fail_msg("%s", err.what);
	host_close(&own);
	(void)TEXT_COPY(settings.offline_bundle, "/srv/bundle");
}

static void takes_an_artefact_from_a_bundle(void **unused)
{
	AUTO_JSON json_t *before = NULL;
	AUTO_BUF struct buf text = { 0 };
	struct error err = { 0 };

	(void)unused;
	make_bundle();
	assert_int_equal(offline_ready(&c, &facts, &err), 0);
	assert_int_equal(reach_all(&c, &plan, &err), 0);
	assert_int_equal(step_download.prepare(&c, &plan.steps[0], &before, &err), 0);
	assert_int_equal(step_download.apply(&c, &plan.steps[0], before, &err), 0);
	assert_int_equal(step_download.confirm(&c, &plan.steps[0], &err), 0);
	assert_int_equal(fs_read(place.host.root, "var/lib/ib-vmext/downloads/a.tgz", 100, &text),
			 0);
	assert_string_equal(buf_text(&text), "the artefact");
	offline_tidy(&place.host);
	assert_false(fs_exists(place.host.root, OFFLINE_DIR));
}

static void another_key(void)
{
	struct signer other;

	signer_make(&other);
	minisig_key_text(&other.public, settings.trusted_keys[0]);
}

static void damaged(void)
{
	int fd = openat(place.host.root, "srv/bundle", O_RDWR);
	struct stat st;

	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	assert_int_equal(pwrite(fd, "T", 1, st.st_size - 3 * 512), 1);
	(void)close(fd);
}

static void another_kernel(void)
{
	(void)TEXT_COPY(facts.kernel.release, "6.1.1");
}

static void no_bundle(void)
{
	place_put(&place, "srv/bundle", "this is no bundle");
}

static void nothing(void)
{
	assert_int_equal(fs_remove(place.host.root, "srv/bundle"), 0);
}

static void another_artefact(void)
{
	(void)TEXT_COPY(plan.steps[0].items[0], "https://content.example.com/ofed/b.tgz");
}

static const struct {
	void (*change)(void);
	const char *what;
} wrong_rows[] = {
	{ another_key, "is not among the 1 trusted here" },
	{ damaged, "artefacts/a.tgz is not what was signed" },
	{ another_kernel, "its kernel is 6.1.0, and here it is 6.1.1" },
	{ no_bundle, "is no offline bundle" },
	{ nothing, "cannot be read" },
	{ another_artefact, "does not hold https://content.example.com/ofed/b.tgz" },
};

/* Each is said before anything is changed. */
static void refuses_a_wrong_bundle(void **unused)
{
	for (size_t i = 0; i < ARRAY_SIZE(wrong_rows); i++) {
		struct error err = { 0 };

		make_bundle();
		wrong_rows[i].change();
		if (offline_ready(&c, &facts, &err) == 0)
			(void)reach_all(&c, &plan, &err);
		if (err.fault != FAULT_OFFLINE_BUNDLE || !strstr(err.what, wrong_rows[i].what))
			fail_msg("%s: %s", wrong_rows[i].what, err.what);
		(void)tear_down(unused);
		(void)set_up(unused);
	}
}

/* apt, by its own machine. */

static char config[200];

/* As a run would have it, but for the place of the configuration. */
static int run_configured(const struct host *h, const struct run_spec *spec, struct run_result *ret,
			  struct error *err)
{
	const char *argv[64] = { spec->argv[0], "-c", config };
	struct run_spec changed = *spec;
	size_t n = 1;

	if (!text_eq(spec->argv[0], "apt-get"))
		return runner_real.run(h, spec, ret, err);
	for (; spec->argv[n] != NULL && n < 60; n++)
		argv[n + 2] = spec->argv[n];
	changed.argv = argv;
	return runner_real.run(h, &changed, ret, err);
}

static const struct runner configured = { run_configured };

static void build_package(const struct host *h, const char *name, const char *needs)
{
	char control[300], path[200], at[200], to[300];
	const char *const argv[] = { "dpkg-deb", "--root-owner-group", "-b", at, to, NULL };
	struct run_spec spec = { .argv = argv, .deadline_s = 60 };
	AUTO_RUN struct run_result r = { 0 };
	struct error err = { 0 };

	(void)TEXT_FORMAT(control,
			  "Package: %s\nVersion: 1.0\nArchitecture: all\n"
			  "Maintainer: a test <test@example.com>\nDescription: a fixture\n%s",
			  name, needs);
	(void)TEXT_FORMAT(path, "build/%s/DEBIAN/control", name);
	place_put(&place, path, control);
	(void)TEXT_FORMAT(at, "%s/build/%s", place.dir, name);
	(void)TEXT_FORMAT(to, "%s/files/packages/%s_1.0_all.deb", place.dir, name);
	assert_int_equal(run(h, &spec, &r, &err), 0);
	assert_true(run_ok(&r));
}

static void write_config(const char *own)
{
	AUTO_BUF struct buf text = { 0 };

	assert_int_equal(apt_local_config(own, &text), 0);
	place_put(&place, "etc/apt.conf", buf_text(&text));
	(void)TEXT_FORMAT(config, "%s/etc/apt.conf", place.dir);
}

static void apt_takes_packages_of_a_directory(void **unused)
{
	static const char *const names[] = { "ib-vmext-fixture-a", NULL };
	struct host own = { .live = true, .runner = &configured, .clock = &clock_system };
	struct package_context pc = { .host = &own,
				      .manager = &package_manager_apt,
				      .deadline_s = 60,
				      .lock_s = 60,
				      .stage = "packages" };
	AUTO_TRANSACTION struct transaction t = { 0 };
	struct error err = { 0 };
	char packages[100], local[100];

	(void)unused;
	if (access("/usr/bin/apt-get", X_OK) != 0 || geteuid() != 0)
		skip();
	own.root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)TEXT_FORMAT(packages, "%s/files/packages", place.dir + 1);
	(void)TEXT_FORMAT(local, "%s/local", place.dir + 1);
	assert_int_equal(fs_make_dirs(place.host.root, "files/packages", 0700), 0);
	build_package(&own, "ib-vmext-fixture-a", "Depends: ib-vmext-fixture-b (>= 1.0)\n");
	build_package(&own, "ib-vmext-fixture-b", "");
	write_config(local);
	if (pc.manager->use_local(&pc, packages, local, &err) < 0 ||
	    pc.manager->resolve(&pc, names, &t, &err) < 0)
		fail_msg("%s", err.what);
	assert_int_equal(t.count, 2);
	assert_string_equal(t.changes[0].name, "ib-vmext-fixture-a");
	assert_string_equal(t.changes[1].name, "ib-vmext-fixture-b");
	place_put(&place, "files/packages/broken.deb", "this is no package");
	assert_int_equal(pc.manager->use_local(&pc, packages, local, &err), -1);
	assert_int_equal(err.fault, FAULT_OFFLINE_BUNDLE);
	host_close(&own);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(takes_an_artefact_from_a_bundle),
		TEST(refuses_a_wrong_bundle),
		TEST(apt_takes_packages_of_a_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
