/* Asking for extensions: versions, sequence numbers, incarnations, secrets, removal, restart. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/text.h"
#include "bench.h"
#include "certificates.h"
#include "inner.h"

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof *b);

	bench_start(b, *state);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	bench_stop(*state);
	free(*state);
	return 0;
}

/* Steps upon one VM, one after the other. */
static const struct set_row {
	const char *name;
	struct fabric_extension ext;
	int sys; /* errno of a refusal, else 0 */
	long long seq_no;
	const char *version;
} set_rows[] = {
#define EXT(v, pub, prot, tag)                                                                     \
	{                                                                                          \
		"sample", "Lab", "Sample", (v), false, (pub), (prot), FABRIC_EXT_ENABLED, (tag)    \
	}
	{ "the first", EXT("1.1", "{\"a\":1}", NULL, NULL), 0, 0, "1.1.1" },
	{ "the same again", EXT("1.1", "{\"a\":1}", NULL, NULL), 0, 0, "1.1.1" },
	{ "the same in other words", EXT("1.1", " { \"a\" : 1 } ", NULL, NULL), 0, 0, "1.1.1" },
	{ "another version alone", EXT("1.1.0", "{\"a\":1}", NULL, NULL), 0, 0, "1.1.0" },
	{ "other settings", EXT("1.1", "{\"a\":2}", NULL, NULL), 0, 1, "1.1.1" },
	{ "a secret", EXT("1.1", "{\"a\":2}", "{\"k\":\"s3cret\"}", NULL), 0, 2, "1.1.1" },
	{ "the same secret", EXT("1.1", "{\"a\":2}", "{\"k\":\"s3cret\"}", NULL), 0, 2, "1.1.1" },
	{ "another secret", EXT("1.1", "{\"a\":2}", "{\"k\":\"other\"}", NULL), 0, 3, "1.1.1" },
	{ "no secret", EXT("1.1", "{\"a\":2}", NULL, NULL), 0, 4, "1.1.1" },
	{ "a tag", EXT("1.1", "{\"a\":2}", NULL, "1"), 0, 5, "1.1.1" },
	{ "the same tag", EXT("1.1", "{\"a\":2}", NULL, "1"), 0, 5, "1.1.1" },
	{ "no settings are not empty ones", EXT("1.1", NULL, NULL, "1"), 0, 6, "1.1.1" },
	{ "empty settings", EXT("1.1", "{}", NULL, "1"), 0, 7, "1.1.1" },
	{ "nothing published fits", EXT("7", "{}", NULL, "1"), ENOENT, 7, "1.1.1" },
	{ "settings that are no object", EXT("1.1", "[]", NULL, "1"), EINVAL, 7, "1.1.1" },
	{ "settings that are not JSON", EXT("1.1", "{", NULL, "1"), EINVAL, 7, "1.1.1" },
	{ "a key twice", EXT("1.1", "{\"a\":1,\"a\":2}", NULL, "1"), EINVAL, 7, "1.1.1" },
	{ "a name with another type",
	  { "sample", "Lab", "Other", "1.1", false, NULL, NULL, FABRIC_EXT_ENABLED, NULL },
	  EEXIST,
	  7,
	  "1.1.1" },
	{ "another name of the same type",
	  { "other", "Lab", "Sample", "1.1", false, NULL, NULL, FABRIC_EXT_ENABLED, NULL },
	  EEXIST,
	  7,
	  "1.1.1" },
	{ "a name in another case is the same",
	  { "SAMPLE", "lab", "sample", "1.1", false, "{}", NULL, FABRIC_EXT_ENABLED, "1" },
	  0,
	  7,
	  "1.1.1" },
	{ "a newer minor version",
	  { "sample", "Lab", "Sample", "1.1", true, "{}", NULL, FABRIC_EXT_ENABLED, "1" },
	  0,
	  7,
	  "1.2.0" },
	{ "nameless",
	  { NULL, "Lab", "Sample", "1.1", false, NULL, NULL, FABRIC_EXT_ENABLED, NULL },
	  EINVAL,
	  7,
	  "1.2.0" },
};

static void settings_move_the_sequence_number(void **state)
{
	const struct bench *b = *state;

	for (size_t i = 0; i < ARRAY_SIZE(set_rows); i++) {
		const struct set_row *row = &set_rows[i];
		struct error err = { 0 };
		int64_t incarnation = 0;
		json_t *before AUTO_JSON = fabric_vm_show(b->fabric, "vm1");
		int rc = fabric_set_extension(b->fabric, "vm1", &row->ext, &incarnation, &err);
		json_t *after AUTO_JSON = fabric_vm_show(b->fabric, "vm1");
		long long was = json_int_at(before, "incarnation", 0);
		long long is = json_int_at(after, "incarnation", 0);

		if (err.sys != row->sys || (rc == 0) != (row->sys == 0) || is != was + (rc == 0) ||
		    (rc == 0 && is != incarnation) ||
		    json_int_at(after, "extensions.0.seqNo", -1) != row->seq_no ||
		    !text_eq(json_text_at(after, "extensions.0.version", ""), row->version))
			fail_msg("%s: %s", row->name, err.what);
	}
}

static int look_for_secret(void *ctx, const char *name)
{
	const int *dir = ctx;
	struct buf text AUTO_BUF = { 0 };

	if (fs_read(*dir, name, 1 << 20, &text) == 0 &&
	    memmem(text.data, text.len, "s3cret", 6) != NULL)
		return 1;
	return 0;
}

static void a_secret_is_nowhere_in_clear(void **state)
{
	const struct bench *b = *state;
	const struct fabric_extension ext = EXT("1.1", "{}", "{\"password\":\"s3cret-s3cret\"}",
						NULL);
	AUTO_FD int dir = open(b->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct buf text AUTO_BUF = { 0 }, clear AUTO_BUF = { 0 };
	struct error err;
	const struct guest *vm;

	assert_int_equal(fabric_set_extension(b->fabric, "vm1", &ext, NULL, &err), 0);
	assert_int_equal(fs_list(dir, ".", look_for_secret, &dir), 0);
	json_t *vms AUTO_JSON = fabric_vms(b->fabric);

	assert_int_equal(json_write(vms, false, &text), 0);
	assert_null(strstr(buf_text(&text), "s3cret"));
	assert_null(strstr(buf_text(&text), "PRIVATE KEY"));
	assert_true(json_bool_at(vms, "0.extensions.0.protected", false));
	vm = guest_by_name(b->fabric, "vm1"); /* and yet it is there */
	assert_int_equal(certificate_decrypt(
				 json_object_get(vm->doc, "certificate"),
				 json_text_at(vm->doc, "goal.extensions.0.protectedSettings", ""),
				 &clear, &err),
			 0);
	assert_string_equal(buf_text(&clear), "{\"password\":\"s3cret-s3cret\"}");
}

static void a_bad_secret_is_not_quoted(void **state)
{
	const struct bench *b = *state;
	const struct fabric_extension ext = EXT("1.1", "{}", "{\"password\": s3cret}", NULL);
	struct error err = { 0 };

	assert_int_equal(fabric_set_extension(b->fabric, "vm1", &ext, NULL, &err), -1);
	assert_null(strstr(err.what, "s3cret"));
}

/* ---- uploads: taken as the blob store takes them --------------------------------------------- */

static void upload(const struct bench *b, long long incarnation, const char *handlers)
{
	struct guest *vm;

	fabric_lock(b->fabric);
	vm = guest_by_name(b->fabric, "vm1");
	buf_clear(&vm->blob);
	assert_int_equal(
		buf_add_format(&vm->blob,
			       "{\"aggregateStatus\":{\"handlerAggregateStatus\":[%s],"
			       "\"vmArtifactsAggregateStatus\":{\"goalStateAggregateStatus\":"
			       "{\"inSvdSeqNo\":\"%lld\"}}}}",
			       handlers, incarnation),
		0);
	guest_report_take(b->fabric, vm);
	fabric_unlock(b->fabric);
}

#define HANDLER(version, seq)                                                                      \
	"{\"handlerName\":\"Lab.Sample\",\"handlerVersion\":\"" version                            \
	"\",\"status\":\"Ready\",\"runtimeSettingsStatus\":{\"sequenceNumber\":" seq               \
	",\"settingsStatus\":{\"status\":{\"status\":\"success\"}}}}"

static const struct {
	const char *name;
	long long incarnation;
	const char *handlers;
	bool current;
} current_rows[] = {
	{ "of the goal state before", 1, HANDLER("1.1.1", "0"), false },
	{ "of no goal state", -1, HANDLER("1.1.1", "0"), false },
	{ "without the handler", 2, "", false },
	{ "of the old version", 2, HANDLER("1.1.0", "0"), false },
	{ "of another sequence number", 2, HANDLER("1.1.1", "3"), false },
	{ "ready, and its settings not told", 2,
	  "{\"handlerName\":\"Lab.Sample\",\"handlerVersion\":\"1.1.1\",\"status\":\"Ready\"}",
	  false },
	{ "failed before it came to its settings", 2,
	  "{\"handlerName\":\"Lab.Sample\",\"handlerVersion\":\"1.1.1\",\"status\":\"NotReady\"}",
	  true },
	{ "as asked", 2, HANDLER("1.1.1", "0"), true },
	{ "of a later goal state", 3, HANDLER("1.1.1", "0"), true },
};

static void a_report_is_current_or_not(void **state)
{
	const struct bench *b = *state;
	const struct fabric_extension ext = EXT("1.1", "{}", NULL, NULL);
	struct error err;

	assert_int_equal(fabric_set_extension(b->fabric, "vm1", &ext, NULL, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(current_rows); i++) {
		upload(b, current_rows[i].incarnation, current_rows[i].handlers);
		json_t *r AUTO_JSON = fabric_extension_report(b->fabric, "vm1", "sample");

		if (json_bool_at(r, "current", false) != current_rows[i].current ||
		    json_int_at(r, "serial", 0) != (long long)i + 1)
			fail_msg("%s", current_rows[i].name);
		if (json_is_object(json_at(r, "status")))
			assert_string_equal(json_text_at(r, "status.status", ""), "success");
	}
}

static const struct {
	const char *name;
	long long incarnation;
	const char *handlers;
	bool there; /* still */
} removal_rows[] = {
	{ "not yet processed, not yet reported", 2, "", true },
	{ "not yet processed", 2, HANDLER("1.1.1", "0"), true },
	{ "processed, and uninstall failed", 3, HANDLER("1.1.1", "0"), true },
	{ "gone", 3, "", false },
};

static void removal_ends_when_the_agent_says_so(void **state)
{
	const struct bench *b = *state;
	const struct fabric_extension ext = EXT("1.1", "{}", NULL, NULL);
	int64_t incarnation = 0;
	struct error err;

	assert_int_equal(fabric_remove_extension(b->fabric, "vm1", "sample", NULL, &err), -1);
	assert_int_equal(err.sys, ENOENT);
	assert_int_equal(fabric_set_extension(b->fabric, "vm1", &ext, NULL, &err), 0);
	assert_int_equal(fabric_remove_extension(b->fabric, "vm1", "sample", &incarnation, &err),
			 0);
	assert_int_equal(incarnation, 3);
	for (size_t i = 0; i < ARRAY_SIZE(removal_rows); i++) {
		upload(b, removal_rows[i].incarnation, removal_rows[i].handlers);
		json_t *vm AUTO_JSON = fabric_vm_show(b->fabric, "vm1");
		const json_t *found = json_at(vm, "extensions.0");

		if ((found != NULL) != removal_rows[i].there)
			fail_msg("%s", removal_rows[i].name);
		if (found)
			assert_string_equal(json_text_at(found, "state", ""), "uninstall");
	}
}

static void asked_for_again_it_is_not_removed(void **state)
{
	const struct bench *b = *state;
	const struct fabric_extension ext = EXT("1.1", "{}", NULL, NULL);
	struct error err;

	assert_int_equal(fabric_set_extension(b->fabric, "vm1", &ext, NULL, &err), 0);
	assert_int_equal(fabric_remove_extension(b->fabric, "vm1", "sample", NULL, &err), 0);
	assert_int_equal(fabric_set_extension(b->fabric, "vm1", &ext, NULL, &err), 0);
	upload(b, 4, "");
	json_t *vm AUTO_JSON = fabric_vm_show(b->fabric, "vm1");

	assert_string_equal(json_text_at(vm, "extensions.0.state", ""), "enabled");
}

/* ---- waiting --------------------------------------------------------------------------------- */

static void *upload_soon(void *bench)
{
	upload(bench, 1, "");
	return NULL;
}

static void waits_for_an_upload(void **state)
{
	struct bench *b = *state;
	struct error err = { 0 };
	pthread_t thread;

	assert_int_equal(fabric_wait(b->fabric, "vm1", 0, 0, &err), -1);
	assert_int_equal(err.sys, ETIMEDOUT);
	assert_int_equal(fabric_wait(b->fabric, "nobody", 0, 0, &err), -1);
	assert_int_equal(err.sys, ENOENT);
	assert_int_equal(pthread_create(&thread, NULL, upload_soon, b), 0);
	assert_int_equal(fabric_wait(b->fabric, "vm1", 0, 10000, &err), 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(fabric_wait(b->fabric, "vm1", 0, 0, &err), 1); /* at once: it is there */
}

/* ---- keeping --------------------------------------------------------------------------------- */

static void everything_but_reports_survives(void **state)
{
	struct bench *b = *state;
	const struct fabric_extension ext = EXT("1.1", "{\"a\":1}", "{\"k\":1}", "tag");
	struct error err;

	assert_int_equal(fabric_set_extension(b->fabric, "vm1", &ext, NULL, &err), 0);
	json_t *before AUTO_JSON = fabric_vm_show(b->fabric, "vm1");

	bench_restart(b);
	json_t *after AUTO_JSON = fabric_vm_show(b->fabric, "vm1");

	assert_true(json_equal(before, after));
	assert_int_equal(fabric_set_extension(b->fabric, "vm1", &ext, NULL, &err), 0);
	json_t *again AUTO_JSON = fabric_vm_show(b->fabric, "vm1");

	assert_int_equal(json_int_at(again, "extensions.0.seqNo", -1), 0);
	assert_int_equal(fabric_remove_vm(b->fabric, "vm1", &err), 0);
	bench_restart(b);
	json_t *none AUTO_JSON = fabric_vms(b->fabric);

	assert_int_equal(json_array_size(none), 0);
}

static void a_vm_that_is_added_again_stays_itself(void **state)
{
	const struct bench *b = *state;
	const struct fabric_vm vm = { .name = "vm1", .address = "127.0.0.7", .size = "other" };
	const struct fabric_extension ext = EXT("1.1", NULL, NULL, NULL);
	static const char *const same[] = { "vmId", "thumbprint", "incarnation", "extensions" };
	struct error err;

	assert_int_equal(fabric_set_extension(b->fabric, "vm1", &ext, NULL, &err), 0);
	json_t *before AUTO_JSON = fabric_vm_show(b->fabric, "vm1");

	assert_int_equal(fabric_add_vm(b->fabric, &vm, &err), 0);
	json_t *after AUTO_JSON = fabric_vm_show(b->fabric, "vm1");

	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		assert_true(json_equal(json_at(before, same[i]), json_at(after, same[i])));
	assert_string_equal(json_text_at(after, "size", ""), "other");
}

static const struct {
	const char *name;
	struct fabric_vm vm;
	int sys;
} vm_rows[] = {
	{ "no name", { .name = NULL, .address = "127.0.0.5" }, EINVAL },
	{ "a name that leaves the directory", { .name = "../x", .address = "127.0.0.5" }, EINVAL },
	{ "a hidden name", { .name = ".x", .address = "127.0.0.5" }, EINVAL },
	{ "no address", { .name = "x", .address = NULL }, EINVAL },
	{ "not an address", { .name = "x", .address = "localhost" }, EINVAL },
	{ "another VM's address", { .name = "x", .address = "127.0.0.1" }, EEXIST },
	{ "an instance of a scale set", { .name = "set_0", .address = "127.0.0.5" }, 0 },
};

static void refuses_bad_vms(void **state)
{
	const struct bench *b = *state;

	for (size_t i = 0; i < ARRAY_SIZE(vm_rows); i++) {
		struct error err = { 0 };

		(void)!fabric_add_vm(b->fabric, &vm_rows[i].vm, &err);
		if (err.sys != vm_rows[i].sys)
			fail_msg("%s: %s", vm_rows[i].name, err.what);
	}
}

static void refuses_bad_packages_and_faults(void **state)
{
	struct fabric *f = ((struct bench *)*state)->fabric;
	struct error err = { 0 };

	assert_int_equal(fabric_publish_extension(f, "Lab", "Sample", "1.x", "/dev/null", &err),
			 -1);
	assert_int_equal(err.sys, EINVAL);
	assert_int_equal(fabric_publish_extension(f, "L/b", "Sample", "1.0", "/dev/null", &err),
			 -1);
	assert_int_equal(err.sys, EINVAL);
	assert_int_equal(fabric_publish_extension(f, "Lab", "Sample", "1.0", "/nowhere", &err), -1);
	assert_int_equal(err.sys, ENOENT);
	assert_int_equal(fabric_set_fault(f, "vm1", "weather", "ok", &err), -1);
	assert_int_equal(fabric_set_fault(f, "vm1", "imds", "hold", &err), -1);
	assert_int_equal(fabric_set_fault(f, "nobody", "imds", "ok", &err), -1);
	assert_int_equal(err.sys, ENOENT);
	json_t *catalogue AUTO_JSON = fabric_catalogue(f);
	json_t *want AUTO_JSON = json_pack("[{s:s,s:s,s:[s,s,s]}]", "publisher", "Lab", "type",
					   "Sample", "versions", "1.1.0", "1.1.1", "1.2.0");

	assert_true(json_equal(catalogue, want));
}

static void a_damaged_state_is_told(void **state)
{
	struct bench *b = *state;
	struct fabric *f = NULL;
	const struct fabric_options options = { .state_dir = b->dir };
	AUTO_FD int dir = open(b->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error err = { 0 };

	assert_int_equal(fs_replace(dir, "bad.vm.json", "{", 1, 0600), 0);
	assert_int_equal(fabric_start(&options, &f, &err), -1);
	assert_null(f);
	assert_non_null(strstr(err.what, "bad.vm.json"));
}

#define BENCH_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(settings_move_the_sequence_number),
		BENCH_TEST(a_secret_is_nowhere_in_clear),
		BENCH_TEST(a_bad_secret_is_not_quoted),
		BENCH_TEST(a_report_is_current_or_not),
		BENCH_TEST(removal_ends_when_the_agent_says_so),
		BENCH_TEST(asked_for_again_it_is_not_removed),
		BENCH_TEST(waits_for_an_upload),
		BENCH_TEST(everything_but_reports_survives),
		BENCH_TEST(a_vm_that_is_added_again_stays_itself),
		BENCH_TEST(refuses_bad_vms),
		BENCH_TEST(refuses_bad_packages_and_faults),
		BENCH_TEST(a_damaged_state_is_told),
	};

	return cmocka_run_group_tests(tests, bench_seed, bench_unseed);
}
