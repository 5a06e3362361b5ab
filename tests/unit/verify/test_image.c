/* tests/unit/verify/test_image.c - what must be true in an image, a row for each thing that is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "machine.h"
#include "verify/image.h"

#define KERNEL "6.1.0-56-amd64"

static struct facts f;
static struct verification v;
static struct image_promise promise;

static void dkms_put(const char *name, const char *kernel, enum dkms_state state)
{
	struct dkms_facts *d = &f.dkms[f.ndkms++];

	*d = (struct dkms_facts) { .state = state };
	(void)TEXT_COPY(d->name, name);
	(void)TEXT_COPY(d->kernel, kernel);
}

static void as_it_is(void)
{
}

static void built_in(void)
{
	module_of(&f, "ib_uverbs")->built_in = true;
	module_of(&f, "ib_uverbs")->path[0] = '\0';
}

static void gone(void)
{
	module_of(&f, "mlx5_ib")->path[0] = '\0';
	module_of(&f, "mlx5_ib")->loaded = true; /* of the builder's own kernel */
}

static void of_another_kernel(void)
{
	(void)TEXT_COPY(module_of(&f, "mlx5_ib")->vermagic, "6.1.0-50-amd64");
}

static void linked_weakly(void)
{
	of_another_kernel();
	promise.replaces = true;
	for (unsigned i = 0; i < f.nmodules; i++)
		(void)TEXT_FORMAT(f.modules[i].path, "weak-updates/%s.ko", f.modules[i].name);
}

static void forbidden(void)
{
	module_of(&f, "ib_umad")->blacklisted = true;
}

static void of_two_drivers(void)
{
	(void)TEXT_COPY(module_of(&f, "mlx5_core")->path, "updates/dkms/mlx5_core.ko");
}

static void not_replaced(void)
{
	promise.replaces = true;
}

static void another_driver(void)
{
	f.driver.kind = DRIVER_DOCA_OFED;
}

static void another_version(void)
{
	promise.version = "45.0";
}

static void any_version(void)
{
	promise.version = "";
}

static void not_built(void)
{
	dkms_put("mlnx-ofed-kernel", "5.0", DKMS_INSTALLED);
	dkms_put("mlnx-ofed-kernel", KERNEL, DKMS_BUILT);
}

static void built(void)
{
	dkms_put("mlnx-ofed-kernel", "5.0", DKMS_INSTALLED);
	dkms_put("mlnx-ofed-kernel", KERNEL, DKMS_INSTALLED);
}

static void somebody_elses(void)
{
	dkms_put("zfs", "5.0", DKMS_INSTALLED);
}

static void packed(void)
{
	promise.route = "prebuilt";
	promise.version = "";
}

static const struct {
	const char *name;
	void (*change)(void);
	const char *red; /* NULL: all is well */
} rows[] = {
	{ "as baked", as_it_is, NULL },
	{ "a module that is part of the kernel", built_in, NULL },
	{ "loaded here, but not in the image", gone, "image-module:mlx5_ib" },
	{ "built for another kernel", of_another_kernel, "image-module:mlx5_ib" },
	{ "linked to another kernel's, whose symbols fit", linked_weakly, NULL },
	{ "modprobe.d forbids it", forbidden, "image-module:ib_umad" },
	{ "modules of two drivers", of_two_drivers, "image-stack" },
	{ "the kernel's own where the driver's were promised", not_replaced, "image-stack" },
	{ "the packages of another driver", another_driver, "image-driver" },
	{ "another version than was planned", another_version, "image-driver" },
	{ "a version that only the package manager knew", any_version, NULL },
	{ "DKMS has built, and not installed", not_built, "image-dkms:mlnx-ofed-kernel" },
	{ "DKMS has installed", built, NULL },
	{ "a module of somebody else in DKMS", somebody_elses, NULL },
	{ "modules of a pack, whatever the driver is called", packed, NULL },
};

static const char *first_red(void)
{
	for (unsigned i = 0; i < v.nchecks; i++)
		if (!v.checks[i].ok)
			return v.checks[i].id;
	return NULL;
}

static void tells_what_does_not_hold(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *red, *want = rows[i].red;
		char summary[300];

		machine_working(&f);
		f.nports = 0;
		promise = (struct image_promise) { "inbox", "44.0-2", false,
						   "mlx5_ib,ib_uverbs,ib_umad,rdma_ucm,mlx5_core" };
		rows[i].change();
		verify_image(&promise, &f, &v);
		red = first_red();
		if ((red == NULL) != (want == NULL) || (red != NULL && !text_eq(red, want)) ||
		    v.verdict != (want != NULL ? VERDICT_DRIVER_BROKEN : VERDICT_OK))
			fail_msg("%s: %s", rows[i].name, red != NULL ? red : "all is well");
		verify_image_summary(&v, &f, summary, sizeof summary);
		if (strstr(summary, want != NULL ? want : "5 modules for kernel " KERNEL) == NULL)
			fail_msg("%s: %s", rows[i].name, summary);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(tells_what_does_not_hold) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
