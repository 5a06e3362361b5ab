/* tests/unit/facts/test_pack.c - manifests of packs, good and bad, and targets held against
 * machines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "facts/pack.h"

#define SHA  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ROOT "lib/modules/6.1.0-56-amd64/"

static const struct pack whole = {
	.driver = DRIVER_DOCA_OFED,
	.version = "3.2.1",
	.target = { .os_id = "ubuntu",
		    .os_version = "22.04",
		    .arch = "x86_64",
		    .release = "6.1.0-56-amd64",
		    .vermagic = "6.1.0-56-amd64 SMP preempt mod_unload modversions",
		    .compiler = "gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld 2.40",
		    .build = "#1 SMP PREEMPT_DYNAMIC Debian 6.1.148-1 (2025-08-26)",
		    .config = SHA,
		    .symvers = SHA },
	.built = "2026-11-22T11:00:00Z",
	.by = "1.1.0",
	.files = { { .path = ROOT "updates/dkms/mlx5_core.ko",
		     .size = 4096,
		     .sha256 = SHA,
		     .vermagic = "6.1.0-56-amd64 SMP preempt mod_unload modversions",
		     .srcversion = "1234ABCD",
		     .is_signed = true },
		   { .path = ROOT "updates/dkms/mlx5_ib.ko.xz", .size = 1, .sha256 = SHA } },
	.nfiles = 2,
};

static void reads_what_it_writes(void **unused)
{
	static struct pack back;
	AUTO_JSON json_t *j = pack_to_json(&whole);
	char why[160] = "";

	(void)unused;
	if (pack_from_json(j, &back, why, sizeof why) < 0)
		fail_msg("%s", why);
	assert_memory_equal(&back, &whole, sizeof whole);
	assert_false(pack_modules_signed(&whole));
	assert_int_equal(pack_bytes(&whole), 4097);
}

/* One place of a good manifest gets another value; the sentence names the place. */
static const struct {
	const char *name, *place, *value, *says;
} bad_rows[] = {
	{ "of another schema", "schema", "\"ib-vmext/pack/2\"", "schema" },
	{ "no driver", "driver.kind", "null", "driver.kind" },
	{ "a driver that nobody compiles", "driver.kind", "\"inbox\"", "driver.kind" },
	{ "a driver of no kind", "driver.kind", "\"nouveau\"", "driver" },
	{ "a version that leads elsewhere", "driver.version", "\"../3\"", "driver.version" },
	{ "no release", "kernel.release", "null", "kernel.release" },
	{ "a release that is a path", "kernel.release", "\"6.1/x\"", "kernel.release" },
	{ "no architecture", "arch", "\"\"", "arch" },
	{ "no distribution", "os.id", "null", "os" },
	{ "no digest", "kernel.config", "\"abc\"", "config and symvers" },
	{ "no files", "files", "[]", "files" },
	{ "files that are none", "files", "{}", "files" },
	{ "a path outside", "files.0.path", "\"etc/passwd\"", "files[0].path" },
	{ "a path of another kernel", "files.0.path", "\"lib/modules/6.1.0-57-amd64/updates/a.ko\"",
	  "files[0].path" },
	{ "a path that climbs", "files.0.path", "\"" ROOT "../../../etc/a.ko\"", "files[0].path" },
	{ "a hidden file", "files.0.path", "\"" ROOT ".a.ko\"", "files[0].path" },
	{ "a directory without a name", "files.0.path", "\"" ROOT "/a.ko\"", "files[0].path" },
	{ "what depmod writes", "files.0.path", "\"" ROOT "modules.dep\"", "files[0].path" },
	{ "a name for a shell", "files.0.path", "\"" ROOT "$(x).ko\"", "files[0].path" },
	{ "the same path twice", "files.1.path", "\"" ROOT "updates/dkms/mlx5_core.ko\"",
	  "files[1].path" },
	{ "not in order", "files.1.path", "\"" ROOT "extra/a.ko\"", "files[1].path" },
	{ "no digest of a module", "files.1.sha256", "\"ABC\"", "files[1].sha256" },
	{ "an empty module", "files.1.size", "0", "files[1].size" },
	{ "a module of no size", "files.1.size", "-1", "files" },
};

static json_t *changed(const char *place, const char *value)
{
	json_t *j = pack_to_json(&whole), *v = json_loads(value, JSON_DECODE_ANY, NULL),
	       *parent = j;
	const char *dot = strrchr(place, '.');
	char path[64];

	assert_non_null(v);
	if (dot != NULL) {
		(void)TEXT_FORMAT(path, "%.*s", (int)(dot - place), place);
		parent = json_at(j, path);
	}
	assert_int_equal(json_object_set_new(parent, dot != NULL ? dot + 1 : place, v), 0);
	return j;
}

static void refuses_bad_manifests(void **unused)
{
	static struct pack back;

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(bad_rows); i++) {
		AUTO_JSON json_t *j = changed(bad_rows[i].place, bad_rows[i].value);
		char why[160] = "";

		if (pack_from_json(j, &back, why, sizeof why) == 0)
			fail_msg("taken: %s", bad_rows[i].name);
		if (strstr(why, bad_rows[i].says) == NULL)
			fail_msg("%s: it says: %s", bad_rows[i].name, why);
	}
}

#define AT(member) offsetof(struct pack_target, member)

static const struct {
	const char *name;
	size_t offset;
	const char *pack, *machine; /* NULL: as it was */
	bool fits;
	const char *says;
} fit_rows[] = {
	{ "all alike", AT(arch), NULL, NULL, true, "" },
	{ "another architecture", AT(arch), NULL, "aarch64", false, "the architecture x86_64" },
	{ "an architecture that is not known", AT(arch), NULL, "", false, "this is not known" },
	{ "another distribution", AT(os_id), NULL, "debian", false, "the distribution ubuntu" },
	{ "another version of it", AT(os_version), NULL, "24.04", false,
	  "the version of the distribution 22.04" },
	{ "another kernel", AT(release), NULL, "6.1.0-57-amd64", false,
	  "the kernel 6.1.0-56-amd64, this is 6.1.0-57-amd64" },
	{ "the kernel is not known", AT(release), NULL, "", false, "the kernel" },
	{ "the same release, built again", AT(build), NULL, "#2 SMP", false, "this is #2 SMP" },
	{ "the build is not known here", AT(build), NULL, "", true, "" },
	{ "the build was not known there", AT(build), "", NULL, true, "" },
	{ "another compiler", AT(compiler), NULL, "clang", false, "the compiler of the kernel" },
	{ "other flags", AT(vermagic), NULL, "6.1.0-56 SMP", false, "the vermagic" },
	{ "another configuration", AT(config), NULL, "ffff", false, "configuration" },
	{ "other symbol versions", AT(symvers), NULL, "ffff", false, "symbol versions" },
	{ "no headers here", AT(symvers), NULL, "", true, "" },
};

/* No text of the rows is longer than the shortest field. */
static void put(struct pack_target *t, size_t offset, const char *text)
{
	if (text != NULL)
		(void)text_copy((char *)t + offset, sizeof t->arch, text);
}

static void holds_targets_against_machines(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(fit_rows); i++) {
		struct pack_target pack = whole.target, machine = whole.target;
		char why[200] = "";

		put(&pack, fit_rows[i].offset, fit_rows[i].pack);
		put(&machine, fit_rows[i].offset, fit_rows[i].machine);
		if (pack_fits(&pack, &machine, why, sizeof why) != fit_rows[i].fits)
			fail_msg("%s: %s", fit_rows[i].name, why);
		if (strstr(why, fit_rows[i].says) == NULL)
			fail_msg("%s: it says: %s", fit_rows[i].name, why);
	}
}

static void names_packs(void **unused)
{
	char name[PACK_NAME_SIZE];

	(void)unused;
	pack_name(whole.driver, whole.version, &whole.target, name);
	assert_string_equal(name, "ib-vmext-pack_doca-ofed-3.2.1_6.1.0-56-amd64_x86_64.tar");
	assert_true(pack_is_name(name));
	assert_false(pack_is_name("ib-vmext-pack_x.tar.minisig"));
	assert_false(pack_is_name("other.tar"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_it_writes),
		cmocka_unit_test(refuses_bad_manifests),
		cmocka_unit_test(holds_targets_against_machines),
		cmocka_unit_test(names_packs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
