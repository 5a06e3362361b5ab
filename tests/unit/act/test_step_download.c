/* tests/unit/act/test_step_download.c - an artefact: got, pinned, found changed, taken away again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "act/fetch/pin.h"
#include "act/fetch/download_place.h"
#include "act/journal/journal.h"
#include "act/step/download.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"
#include "place.h"

#define STATE     "var/lib/ib-vmext"
#define FILE_PATH STATE "/downloads/MLNX_OFED.tgz"
#define PIN_PATH  FILE_PATH ".pin"

static struct place place;
static struct settings settings;
static struct step_context c;
static struct step step;

static int set_up(void **unused)
{
	(void)unused;
	place_make(&place);
	settings_defaults(&settings);
	(void)TEXT_COPY(settings.mirror, "/srv/mirror/");
	c = (struct step_context) { .host = &place.host,
				    .settings = &settings,
				    .run = "20261122T110000Z-1-1",
				    .packages = { .host = &place.host, .deadline_s = 60 } };
	step = (struct step) { .id = "download",
			       .kind = STEP_DOWNLOAD,
			       .items = { "https://content.example.com/ofed/MLNX_OFED.tgz" },
			       .nitems = 1 };
	place_put(&place, "srv/mirror/content.example.com/ofed/MLNX_OFED.tgz", "the artefact");
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	place_drop(&place);
	return 0;
}

/* The step from its begin to its end. */
static enum fault carry_out(json_t **ret_before)
{
	struct error err = { 0 };

	assert_false(step_download.check(&c, &step));
	if (step_download.prepare(&c, &step, ret_before, &err) < 0 ||
	    step_download.apply(&c, &step, *ret_before, &err) < 0 ||
	    step_download.confirm(&c, &step, &err) < 0)
		assert_int_not_equal(err.fault, FAULT_NONE);
	return err.fault;
}

static void know_digest(const char *of)
{
	char sha256[DIGEST_TEXT_SIZE];

	digest_of(of, strlen(of), sha256);
	(void)TEXT_FORMAT(step.items[1], "sha256:%s", sha256);
	step.nitems = 2;
}

static void downloads_and_undoes(void **unused)
{
	AUTO_JSON json_t *before = NULL;
	struct error err = { 0 };
	char path[200];

	(void)unused;
	know_digest("the artefact");
	assert_int_equal(carry_out(&before), FAULT_NONE);
	assert_true(step_download.check(&c, &step));
	assert_int_equal(step_download_path(&c, &step, path, sizeof path, &err), 0);
	assert_string_equal(path, FILE_PATH);
	assert_false(fs_exists(place.host.root, PIN_PATH));
	place_put(&place, FILE_PATH ".part", "of a killed run");
	for (int i = 0; i < 2; i++)
		assert_int_equal(step_download.undo(&c, &step, before, &err), 0);
	assert_false(fs_exists(place.host.root, FILE_PATH));
	assert_false(fs_exists(place.host.root, FILE_PATH ".part"));
}

static void refuses_another_file(void **unused)
{
	AUTO_JSON json_t *before = NULL;

	(void)unused;
	know_digest("another artefact");
	assert_int_equal(carry_out(&before), FAULT_DOWNLOAD_DIGEST);
	assert_false(fs_exists(place.host.root, FILE_PATH));
}

/* A file that somebody put in the place of ours. */
static void downloads_anew_what_was_changed(void **unused)
{
	AUTO_JSON json_t *before = NULL;

	(void)unused;
	know_digest("the artefact");
	place_put(&place, FILE_PATH, "the artefact, changed");
	assert_int_equal(carry_out(&before), FAULT_NONE);
	assert_true(step_download.check(&c, &step));
}

/* What the receipt of a run with this step says. */
static void write_receipt(void)
{
	AUTO_FREE struct journal *j = calloc(1, sizeof(*j));
	AUTO_JSON json_t *receipt = NULL;
	AUTO_BUF struct buf text = { 0 };

	(void)TEXT_COPY(j->run, c.run);
	j->plan.steps[0] = step;
	j->plan.nsteps = 1;
	receipt = json_pack("{s:o}", "artefacts", pins_to_json(&place.host, j, NULL));
	assert_int_equal(json_write(receipt, false, &text), 0);
	place_put(&place, STATE "/receipt.json", buf_text(&text));
}

static void pins_what_came_first(void **unused)
{
	AUTO_JSON json_t *before = NULL, *again = NULL;
	AUTO_BUF struct buf receipt = { 0 };
	struct error err = { 0 };

	(void)unused;
	assert_int_equal(carry_out(&before), FAULT_NONE);
	assert_true(fs_exists(place.host.root, PIN_PATH));
	write_receipt();
	assert_int_equal(fs_read(place.host.root, STATE "/receipt.json", 4096, &receipt), 0);
	assert_non_null(strstr(buf_text(&receipt), "\"pinned\":true"));
	assert_int_equal(fs_remove(place.host.root, STATE "/downloads"), 0);
	place_put(&place, "srv/mirror/content.example.com/ofed/MLNX_OFED.tgz",
		  "the artefact, changed");
	assert_int_equal(step_download.prepare(&c, &step, &again, &err), 0);
	assert_int_equal(step_download.apply(&c, &step, again, &err), -1);
	assert_int_equal(err.fault, FAULT_DOWNLOAD_DIGEST);
	assert_non_null(strstr(err.what, "what was pinned on 20"));
}

/* Killed between the file's final name and its pin: nobody vouches for what lies there. */
static void trusts_no_unpinned_file(void **unused)
{
	(void)unused;
	place_put(&place, FILE_PATH, "the artefact");
	assert_false(step_download.check(&c, &step));
	place_put(&place, PIN_PATH,
		  "{\"url\":\"https://another.example.com/MLNX_OFED.tgz\","
		  "\"sha256\":\"\",\"at\":\"\"}");
	assert_false(step_download.check(&c, &step));
}

static void forgets_the_pins_of_an_undone_run(void **unused)
{
	AUTO_JSON json_t *receipt = json_pack("{s:[{s:s, s:s}, {s:s, s:s}]}", "artefacts", "url",
					      "a", "run", "one", "url", "b", "run", "two");
	AUTO_JSON json_t *rest = pins_without(receipt, "one");

	(void)unused;
	assert_int_equal(json_array_size(rest), 1);
	assert_string_equal(json_text_at(rest, "0.url", ""), "b");
}

static void judges_room(void **unused)
{
	char path[200] = "";
	struct error err = { 0 };

	(void)unused;
	assert_int_equal(
		download_place(&place.host, "a.deb", INT64_MAX / 8, path, sizeof path, &err), -1);
	assert_int_equal(err.fault, FAULT_DISK_FULL);
	assert_int_equal(download_place(&place.host, "a.deb", 1, path, sizeof path, &err), 0);
	assert_string_equal(path, STATE "/downloads");
	assert_int_equal(download_room("a.tgz", 100 << 20) - download_room("a.deb", 100 << 20),
			 200 << 20);
	/* Others could put their file in the place of ours. */
	assert_int_equal(fchmodat(place.host.root, STATE "/downloads", 0777, 0), 0);
	assert_int_equal(download_place(&place.host, "a.deb", 1, path, sizeof path, &err), -1);
	assert_int_equal(err.fault, FAULT_STATE_DIR);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(downloads_and_undoes),
		TEST(refuses_another_file),
		TEST(downloads_anew_what_was_changed),
		TEST(pins_what_came_first),
		TEST(trusts_no_unpinned_file),
		TEST(forgets_the_pins_of_an_undone_run),
		TEST(judges_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
