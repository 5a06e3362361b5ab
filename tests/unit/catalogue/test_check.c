/* tests/unit/catalogue/test_check.c - what the critic finds, and that it finds nothing in the
 * built-in catalogue but digests that nobody has told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "catalogue/catalogue.h"
#include "catalogue/check.h"
#include "catalogue/sample.h"

#define C (&catalogue_built_in)

/* One row of the built-in catalogue with all that a finding could be about. */
static const struct driver_row good = {
	.id = "good",
	.route = "mlnx-ofed",
	.os_ids = "rhel,centos",
	.os_versions = "8.3",
	.generations = "CX5,CX6",
	.arch = "x86_64",
	.kernels = "",
	.flavours = "",
	.sizes = "",
	.package_manager = "dnf",
	.version = "5.8-1.0.1.1",
	.url = "https://example.org/MLNX_OFED_LINUX-5.8-1.0.1.1-rhel8.3-x86_64.tgz",
	.sha256 = "370f",
};

struct heard {
	unsigned count, of_kind[FINDING_KIND_COUNT];
	struct catalogue_finding last;
	bool is_about[8]; /* the row id's last digit: "row-3" */
};

static void hear(void *ctx, const struct catalogue_finding *f)
{
	struct heard *h = ctx;
	char digit = f->row_id[strlen(f->row_id) - 1];

	h->count++;
	h->of_kind[f->kind]++;
	h->last = *f;
	if (digit >= '0' && digit < '8')
		h->is_about[digit - '0'] = true;
}

static struct heard check_rows(const struct driver_row *rows, size_t count)
{
	struct catalogue c = catalogue_built_in;
	struct heard h = { .count = 0 };
	unsigned found;

	c.drivers = rows;
	c.ndrivers = count;
	found = catalogue_check(&c, hear, &h);
	assert_int_equal(found, h.count);
	assert_int_equal(catalogue_check(&c, NULL, NULL), found);
	return h;
}

static void the_built_in_lacks_digests_alone(void **unused)
{
	struct heard h = { .count = 0 };
	unsigned lacking = 0;

	(void)unused;
	(void)catalogue_check(C, hear, &h);
	for (size_t i = 0; i < C->ndrivers; i++)
		lacking += C->drivers[i].url[0] != '\0' && C->drivers[i].sha256[0] == '\0';
	if (h.count != h.of_kind[FINDING_NO_DIGEST])
		fail_msg("%u findings that are no lack of a digest", h.count - lacking);
	assert_int_equal(h.of_kind[FINDING_NO_DIGEST], lacking);
}

/* Apart from the critic: go through the rows as the plan does. */
static const struct driver_row *first_match(const char *route, const struct facts *f)
{
	for (size_t i = 0; i < C->ndrivers; i++)
		if (text_eq(C->drivers[i].route, route) &&
		    driver_row_matches(&C->drivers[i], f, NULL, 0))
			return &C->drivers[i];
	return NULL;
}

static void each_row_is_the_first_for_some_machine(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < C->ndrivers; i++) {
		const struct driver_row *row = &C->drivers[i], *first = NULL;
		struct samples samples;
		struct facts f;

		samples_begin(C, row, &samples);
		while (first != row && samples_next(&samples, &f))
			first = first_match(row->route, &f);
		if (first != row)
			fail_msg("%s is never chosen", row->id);
		assert_true(row->why[0] != '\0' && row->source[0] != '\0');
	}
}

/* An artefact that nobody has told the digest of is never preferred to one that has one. */
static void no_digest_stands_behind_a_digest(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < C->ndrivers; i++) {
		const struct driver_row *row = &C->drivers[i];
		struct samples samples;
		struct facts f;

		if (row->url[0] == '\0' || row->sha256[0] != '\0')
			continue;
		samples_begin(C, row, &samples);
		while (samples_next(&samples, &f))
			for (size_t k = i + 1; k < C->ndrivers; k++)
				if (text_eq(C->drivers[k].route, row->route) &&
				    C->drivers[k].sha256[0] != '\0' &&
				    driver_row_matches(&C->drivers[k], &f, NULL, 0))
					fail_msg("%s stands before %s", row->id, C->drivers[k].id);
	}
}

static void clean(struct driver_row *row)
{
	(void)row;
}

static void range_backwards(struct driver_row *row)
{
	row->os_versions = "8.6-8.3";
	row->url = row->sha256 = "";
}

static void kernels_backwards(struct driver_row *row)
{
	row->kernels = "5.5-3.10";
}

static void flavour_both_ways(struct driver_row *row)
{
	row->flavours = "uek,!uek";
}

static void size_of_another_generation(struct driver_row *row)
{
	row->sizes = "Standard_HB176rs_v4";
}

static void size_of_another_arch(struct driver_row *row)
{
	row->generations = "CX7";
	row->sizes = "Standard_ND128isr_NDR_GB200_v6";
}

static void size_that_fits(struct driver_row *row)
{
	row->sizes = "Standard_HB120rs_v3";
}

static void size_unknown(struct driver_row *row)
{
	row->sizes = "Standard_HB121rs_v3";
}

static void generation_unknown(struct driver_row *row)
{
	row->generations = "CX6,CX66";
}

static void digest_missing(struct driver_row *row)
{
	row->sha256 = "";
}

static void no_artefact(struct driver_row *row)
{
	row->url = row->sha256 = "";
}

static void other_release(struct driver_row *row)
{
	row->version = "5.8-2.0.3.0";
}

static void release_cut_short(struct driver_row *row)
{
	row->version = "5.8-1.0.1";
}

static void no_release(struct driver_row *row)
{
	row->version = "";
}

static void other_distribution(struct driver_row *row)
{
	row->os_ids = "rhel,sles";
}

static void oracle_takes_red_hats(struct driver_row *row)
{
	row->os_ids = "ol";
}

static void other_minor(struct driver_row *row)
{
	row->os_versions = "8.3-8.4";
}

static void other_arch(struct driver_row *row)
{
	row->arch = "aarch64";
}

static void two_arches(struct driver_row *row)
{
	row->arch = "x86_64,aarch64";
}

static void alibaba_for_azure_linux(struct driver_row *row)
{
	row->os_ids = "azurelinux";
	row->os_versions = "3.0";
	row->version = "3.2.1";
	row->url = "https://example.org/doca-host-3.2.1-044000_25.10_alinux32.x86_64.rpm";
}

static void jammy_for_noble(struct driver_row *row)
{
	row->os_ids = "ubuntu";
	row->os_versions = "24.04";
	row->version = "3.3.0";
	row->url = "https://example.org/doca-host_3.3.0-088000-26.01-ubuntu2204_amd64.deb";
}

static void noble(struct driver_row *row)
{
	jammy_for_noble(row);
	row->url = "https://example.org/doca-host_3.3.0-088000-26.01-ubuntu2404_amd64.deb";
}

static void one_package_for_a_major(struct driver_row *row)
{
	row->os_versions = "9.4-9.7,9.*";
	row->version = "3.2.1";
	row->url = "https://example.org/doca-host-3.2.1-044000_25.10_rhel9.x86_64.rpm";
}

static void release_cut_at_its_head(struct driver_row *row)
{
	one_package_for_a_major(row);
	row->version = "2.1";
}

static void one_package_of_another_major(struct driver_row *row)
{
	one_package_for_a_major(row);
	row->os_versions = "8.10";
}

static void minor_without_dot(struct driver_row *row)
{
	row->os_versions = "8.10";
	row->version = "2.8.0";
	row->url = "https://example.org/doca-host-2.8.0-204000_24.07_rhel810.x86_64.rpm";
}

static void minor_without_dot_for_another(struct driver_row *row)
{
	minor_without_dot(row);
	row->os_versions = "8.1";
}

static void service_pack(struct driver_row *row)
{
	row->os_ids = "sles";
	row->os_versions = "15.3";
	row->version = "5.6-1.0.3.3";
	row->url = "https://example.org/MLNX_OFED_LINUX-5.6-1.0.3.3-sles15sp3-x86_64.tgz";
}

static void service_pack_for_another(struct driver_row *row)
{
	service_pack(row);
	row->os_versions = "15.4";
}

static void no_distribution_in_the_name(struct driver_row *row)
{
	row->url = "https://example.org/MLNX_OFED_SRC-5.8-1.0.1.1-x86_64.tgz";
}

static void distribution_inside_a_word(struct driver_row *row)
{
	row->url = "https://example.org/MLNX_OFED_LINUX-5.8-1.0.1.1-xrhel8.3-x86_64.tgz";
}

static void no_arch_in_the_name(struct driver_row *row)
{
	row->url = "https://example.org/MLNX_OFED_LINUX-5.8-1.0.1.1-rhel8.3.tgz";
}

static const struct {
	const char *name;
	void (*change)(struct driver_row *row);
	int kind; /* -1: nothing is found */
	const char *what;
} single_rows[] = {
	{ "nothing is wrong", clean, -1, "" },
	{ "versions end before they begin", range_backwards, FINDING_UNREACHABLE, "no machine" },
	{ "kernels end before they begin", kernels_backwards, FINDING_UNREACHABLE, "no machine" },
	{ "a flavour that is excluded", flavour_both_ways, FINDING_UNREACHABLE, "no machine" },
	{ "a size of another generation", size_of_another_generation, FINDING_UNREACHABLE, "" },
	{ "a size of another architecture", size_of_another_arch, FINDING_UNREACHABLE, "" },
	{ "a size that fits", size_that_fits, -1, "" },
	{ "a size that is not there", size_unknown, FINDING_UNKNOWN_WORD, "Standard_HB121rs_v3" },
	{ "a generation that is not there", generation_unknown, FINDING_UNKNOWN_WORD, "CX66" },
	{ "no digest", digest_missing, FINDING_NO_DIGEST, "rhel8.3-x86_64.tgz" },
	{ "no artefact needs no digest", no_artefact, -1, "" },
	{ "another release", other_release, FINDING_FILE_NAME, "not of the release 5.8-2.0.3.0" },
	{ "part of a release", release_cut_short, FINDING_FILE_NAME, "not of the release" },
	{ "the end of a release", release_cut_at_its_head, FINDING_FILE_NAME,
	  "not of the release" },
	{ "an artefact of no release", no_release, FINDING_FILE_NAME, "not of the release" },
	{ "another distribution", other_distribution, FINDING_FILE_NAME, "made for rhel" },
	{ "Oracle takes Red Hat's", oracle_takes_red_hats, -1, "" },
	{ "one minor too many", other_minor, FINDING_FILE_NAME, "rhel8.3, the row is for 8.3-8.4" },
	{ "another architecture", other_arch, FINDING_FILE_NAME, "x86_64" },
	{ "two architectures", two_arches, FINDING_FILE_NAME, "x86_64,aarch64" },
	{ "known issue 58: alinux is not azurelinux", alibaba_for_azure_linux, FINDING_FILE_NAME,
	  "made for alinux, the row is for azurelinux" },
	{ "known issue 59: the package of 22.04 for 24.04", jammy_for_noble, FINDING_FILE_NAME,
	  "made for ubuntu2204, the row is for 24.04" },
	{ "the package of 24.04 for 24.04", noble, -1, "" },
	{ "one package for a major version", one_package_for_a_major, -1, "" },
	{ "and for no other", one_package_of_another_major, FINDING_FILE_NAME, "rhel9" },
	{ "810 is 8.10", minor_without_dot, -1, "" },
	{ "810 is not 8.1", minor_without_dot_for_another, FINDING_FILE_NAME, "rhel810" },
	{ "a service pack", service_pack, -1, "" },
	{ "another service pack", service_pack_for_another, FINDING_FILE_NAME, "sles15sp3" },
	{ "no distribution", no_distribution_in_the_name, FINDING_FILE_NAME, "no distribution" },
	{ "a distribution inside a word", distribution_inside_a_word, FINDING_FILE_NAME,
	  "no distribution" },
	{ "no architecture", no_arch_in_the_name, FINDING_FILE_NAME, "no architecture" },
};

static void finds_what_is_wrong_with_a_row(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(single_rows); i++) {
		struct driver_row row = good;
		struct heard h;

		single_rows[i].change(&row);
		h = check_rows(&row, 1);
		if (h.count == 0 ? single_rows[i].kind != -1
				 : (int)h.last.kind != single_rows[i].kind ||
					   strstr(h.last.what, single_rows[i].what) == NULL)
			fail_msg("%s: %u, %s", single_rows[i].name, h.count, h.last.what);
	}
}

/* Rows of one route, of which the last is looked at; each differs from `good` in what is given. */
static const struct {
	const char *name;
	struct {
		const char *versions, *generations, *kernels, *flavours, *route;
	} rows[3];
	bool shadowed;
} shadow_rows[] = {
	{ "the same twice", { { .versions = "8.3" }, { .versions = "8.3" } }, true },
	{ "of another route", { { .route = "inbox" }, { .versions = "8.3" } }, false },
	{ "a range over it", { { .versions = "8.1-8.6" }, { .versions = "8.3" } }, true },
	{ "a range that ends before it",
	  { { .versions = "8.1-8.2" }, { .versions = "8.3" } },
	  false },
	{ "8.9 is before 8.10", { { .versions = "8.3-8.9" }, { .versions = "8.3-8.10" } }, false },
	{ "a prefix over it", { { .versions = "8.*" }, { .versions = "8.3" } }, true },
	{ "a prefix over part of it", { { .versions = "8.*" }, { .versions = "8.3,9.1" } }, false },
	{ "two that serve it together",
	  { { .generations = "CX5" }, { .generations = "CX6" }, { .generations = "CX5,CX6" } },
	  true },
	{ "two that leave something",
	  { { .generations = "CX5" }, { .generations = "CX6" }, { .generations = "CX4,CX6" } },
	  false },
	{ "kernels up to one", { { .kernels = "-5.5" }, { .kernels = "3.10-5.5" } }, true },
	{ "kernels that end, and any", { { .kernels = "-5.5" }, { .kernels = "" } }, false },
	{ "kernels that begin, and any", { { .kernels = "5.5-" }, { .kernels = "" } }, false },
	{ "kernels that go on", { { .kernels = "3.10-5.5" }, { .kernels = "4.18-5.14" } }, false },
	{ "kernels before and behind",
	  { { .kernels = "-5.5" }, { .kernels = "5.6-" }, { .kernels = "" } },
	  true },
	{ "kernels with a gap",
	  { { .kernels = "-5.5" }, { .kernels = "5.7-" }, { .kernels = "" } },
	  false },
	{ "one flavour is left", { { .flavours = "!uek" }, { .flavours = "" } }, false },
	{ "every flavour",
	  { { .flavours = "!uek" }, { .flavours = "uek" }, { .flavours = "" } },
	  true },
};

static void finds_rows_in_the_shadow(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(shadow_rows); i++) {
		static const char *const ids[] = { "row-0", "row-1", "row-2" };
		size_t count = shadow_rows[i].rows[2].versions != NULL ||
					       shadow_rows[i].rows[2].generations != NULL ||
					       shadow_rows[i].rows[2].kernels != NULL ||
					       shadow_rows[i].rows[2].flavours != NULL
				       ? 3
				       : 2;
		struct driver_row rows[3];
		struct heard h;

		for (size_t k = 0; k < count; k++) {
#define OR_GOOD(m, v)                                                                              \
	rows[k].m = shadow_rows[i].rows[k].v != NULL ? shadow_rows[i].rows[k].v : good.m
			rows[k] = good;
			rows[k].id = ids[k];
			rows[k].url = "";
			OR_GOOD(os_versions, versions);
			OR_GOOD(generations, generations);
			OR_GOOD(kernels, kernels);
			OR_GOOD(flavours, flavours);
			OR_GOOD(route, route);
#undef OR_GOOD
		}
		h = check_rows(rows, count);
		if (h.is_about[count - 1] != shadow_rows[i].shadowed ||
		    h.count != (unsigned)shadow_rows[i].shadowed ||
		    h.of_kind[FINDING_SHADOWED] != h.count)
			fail_msg("%s: %s", shadow_rows[i].name, h.last.what);
	}
}

static void names_each_kind(void **unused)
{
	(void)unused;
	assert_string_equal(catalogue_finding_name(FINDING_NO_DIGEST), "no-digest");
	for (int i = 0; i < FINDING_KIND_COUNT; i++)
		assert_non_null(catalogue_finding_name((enum catalogue_finding_kind)i));
	assert_string_equal(catalogue_finding_name(FINDING_KIND_COUNT), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_built_in_lacks_digests_alone),
		cmocka_unit_test(each_row_is_the_first_for_some_machine),
		cmocka_unit_test(no_digest_stands_behind_a_digest),
		cmocka_unit_test(finds_what_is_wrong_with_a_row),
		cmocka_unit_test(finds_rows_in_the_shadow),
		cmocka_unit_test(names_each_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
