/* tests/unit/plan/test_prebuilt.c - the route prebuilt: which pack is taken, what it leaves out,
 * and why one is not taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "rows.h"

static struct bench bench;
static struct facts *const f = &bench.facts;
static struct settings *const s = &bench.settings;
static const struct decision *const d = &bench.plan.decision;

static struct pack_facts *pack_add(const char *file, enum driver_kind driver, const char *version)
{
	struct pack_facts *p = &f->packs[f->npacks++];

	*p = (struct pack_facts) { .driver = driver,
				   .fits = true,
				   .is_signed = TRI_YES,
				   .modules_signed = TRI_NO,
				   .nmodules = 41,
				   .bytes = 18 << 20 };
	(void)TEXT_COPY(p->file, file);
	(void)TEXT_FORMAT(p->path, "/packs/%s", file);
	(void)TEXT_COPY(p->version, version);
	(void)TEXT_COPY(p->kernel, f->kernel.release);
	return p;
}

static void prepare(void)
{
	bench_reset(&bench);
	(void)TEXT_COPY(s->prebuilt, "/packs");
}

static void doca(void)
{
	(void)pack_add("doca.tar", DRIVER_DOCA_OFED, "3.2.1");
}

static void mlnx(void)
{
	(void)pack_add("mlnx.tar", DRIVER_MLNX_OFED, "5.8-1.0.1.1");
}

static void both(void)
{
	mlnx();
	doca();
}

static void both_mlnx_asked(void)
{
	both();
	s->driver = CHOICE_MLNX_OFED;
}

static void mlnx_doca_asked(void)
{
	mlnx();
	s->driver = CHOICE_DOCA_OFED;
}

static void another_version_asked(void)
{
	doca();
	(void)TEXT_COPY(s->driver_version, "5.8");
}

static void another_release(void)
{
	(void)pack_add("doca.tar", DRIVER_DOCA_OFED, "3.1.0");
}

static void not_fit(void)
{
	struct pack_facts *p = pack_add("other.tar", DRIVER_DOCA_OFED, "3.2.1");

	p->fits = false;
	(void)TEXT_COPY(p->kernel, "1.2.3");
	(void)TEXT_COPY(p->why, "it is for another kernel");
	p = pack_add("near.tar", DRIVER_DOCA_OFED, "3.2.1");
	p->fits = false;
	(void)TEXT_COPY(p->why, "it is not signed");
}

static void none(void)
{
	(void)f;
}

static void odd_place(void)
{
	(void)TEXT_COPY(s->prebuilt, "packs");
}

static void signed_kernel(void)
{
	doca();
	f->kernel.signed_only = TRI_YES;
}

static void signed_modules(void)
{
	signed_kernel();
	f->packs[0].modules_signed = TRI_YES;
}

static void not_compiled(void)
{
	doca();
	bench.rows[ROW_DOCA].builds = false;
}

static void dpll(void)
{
	doca();
	f->kernel.dpll_ffo = TRI_YES;
}

static void other_stack(void)
{
	doca();
	driver_set(f, DRIVER_MLNX_OFED, "5.4-1.0.3.0");
}

static void cheapest(void)
{
	doca();
	s->prefer = PREFER_CHEAPEST;
}

static const struct {
	const char *name;
	void (*change)(void);
	const char *route, *version, *why; /* of the candidate prebuilt */
} rows[] = {
	{ "a pack", doca, "prebuilt", "3.2.1", "doca.tar holds the 41 modules of doca-ofed 3.2.1" },
	{ "of the other driver", mlnx, "prebuilt", "5.8-1.0.1.1", "mlnx-ofed 5.8-1.0.1.1" },
	{ "of two alike the first", both, "prebuilt", "5.8-1.0.1.1", "mlnx.tar" },
	{ "of the driver that is asked for", both_mlnx_asked, "prebuilt", "5.8-1.0.1.1",
	  "mlnx.tar" },
	{ "not of the driver that is asked for", mlnx_doca_asked, "doca-ofed", "3.2.1",
	  "the settings ask for doca-ofed" },
	{ "not of the version that is asked for", another_version_asked, "mlnx-ofed", "5.8-1.0.1.1",
	  "it gives 3.2.1" },
	{ "of a version without a row", another_release, "doca-ofed", "3.2.1",
	  "the catalogue compiles no doca-ofed 3.1.0" },
	{ "the nearest that does not fit is told of", not_fit, "doca-ofed", "3.2.1",
	  "near.tar: it is not signed" },
	{ "no pack", none, "doca-ofed", "3.2.1", "no pack" },
	{ "a place that is none", odd_place, "doca-ofed", "3.2.1", "neither an absolute path" },
	{ "signatures wanted", signed_kernel, "inbox", "", "loads signed modules only" },
	{ "and there", signed_modules, "prebuilt", "3.2.1", "nothing is compiled" },
	{ "nothing to be saved", not_compiled, "doca-ofed", "3.2.1", "compiles no doca-ofed" },
	{ "what does not compile here was compiled there", dpll, "prebuilt", "3.2.1", "" },
	{ "another stack is in the way all the same", other_stack, "mlnx-ofed", "5.8-1.0.1.1",
	  "must be removed first" },
	{ "inbox is cheaper", cheapest, "inbox", "", "nothing is compiled" },
};

static void takes_the_right_pack(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct candidate *c;

		prepare();
		rows[i].change();
		bench_plan(&bench);
		c = bench_candidate(&bench, "prebuilt");
		if (!text_eq(d->route, rows[i].route) || !text_eq(d->version, rows[i].version))
			fail_msg("%s: route \"%s\" %s: %s", rows[i].name, d->route, d->version,
				 d->reason);
		if (strstr(c->why, rows[i].why) == NULL || text_ends(c->why, "."))
			fail_msg("%s: %s", rows[i].name, c->why);
		if ((bench_step(&bench, "prebuilt") != NULL) != text_eq(d->route, "prebuilt") ||
		    (bench_warning(&bench, "prebuilt-one-kernel") != NULL) !=
			    text_eq(d->route, "prebuilt"))
			fail_msg("%s: step or warning", rows[i].name);
	}
}

static void expect_steps(const char *ids)
{
	char got[200] = "", former[200];

	for (unsigned i = 0; i < bench.plan.nsteps; i++) {
		(void)TEXT_COPY(former, got);
		(void)TEXT_FORMAT(got, "%s%s%s", former, i > 0 ? " " : "", bench.plan.steps[i].id);
	}
	assert_string_equal(got, ids);
}

/* Nothing that only compiling needs; the packages of user space; no openibd. */
static void plans_doca(void **unused)
{
	const struct step *step;

	(void)unused;
	prepare();
	doca();
	bench_plan(&bench);
	expect_steps("prebuilt download repository-pin repository packages modules-boot "
		     "boot-unit boot-unit-wanted next-boot modules");
	step = bench_step(&bench, "prebuilt");
	assert_int_equal(step->kind, STEP_PREBUILT);
	assert_int_equal(step->nitems, 1);
	assert_string_equal(step->items[0], "/packs/doca.tar");
	assert_non_null(strstr(step->changes[0], "41 modules"));
	assert_non_null(strstr(step->changes[0], "18 MiB"));
	step = bench_step(&bench, "packages");
	assert_int_equal(step->nitems, 1);
	assert_string_equal(step->items[0], "doca-ofed-userspace=3.2.1");
	assert_null(bench_warning(&bench, "headers-missing"));
	assert_int_equal(bench_candidate(&bench, "prebuilt")->estimate.seconds, -1);
	assert_string_equal(bench_candidate(&bench, "prebuilt")->peer_memory, "yes");
}

static void plans_mlnx(void **unused)
{
	const struct step *step;

	(void)unused;
	prepare();
	mlnx();
	bench.rows[ROW_MLNX].options = "--kernel %r --kernel-sources /usr/src/%r "
				       "--add-kernel-support  --force";
	bench_plan(&bench);
	expect_steps("prebuilt download installer modules-boot boot-unit boot-unit-wanted "
		     "next-boot modules");
	step = bench_step(&bench, "installer");
	assert_int_equal(step->nitems, 7);
	assert_string_equal(step->items[2], "--user-space-only");
	assert_string_equal(step->items[3], "--kernel");
	assert_string_equal(step->items[4], f->kernel.release);
	assert_string_equal(step->items[5], "--force");
	assert_string_equal(step->items[6], "--without-fw-update");
	assert_non_null(strstr(step->what, "leaves the modules alone"));
	for (unsigned i = 0; i < step->nchanges; i++)
		assert_false(text_starts(step->changes[i], "modules"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_right_pack),
		cmocka_unit_test(plans_doca),
		cmocka_unit_test(plans_mlnx),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
