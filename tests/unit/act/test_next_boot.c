/* tests/unit/act/test_next_boot.c - whether the next boot has its modules and its network. */
#include "machine.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "act/boot/next_boot.h"
#include "act/pairs.h"
#include "act/step/step.h"

#define K "6.1.0-56-amd64"

static const char wanted[][192] = { "mlx5_core", "mlx5_ib", "ib_core" };

/* A whole stack of the kernel's own; each row spoils something. */
static const struct {
	const char *name;
	struct module_facts modules[3];
	bool signed_only, older;
	const char *initramfs;
	const char *why; /* NULL: fits */
} rows[] = {
	{ "own",
	  { { .path = "kernel/mlx5_core.ko", .vermagic = K },
	    { .path = "kernel/mlx5_ib.ko", .vermagic = K },
	    { .path = "kernel/ib_core.ko" } },
	  .why = NULL },
	{ "updates",
	  { { .path = "updates/dkms/mlx5_core.ko", .vermagic = K },
	    { .path = "updates/dkms/mlx5_ib.ko", .vermagic = K },
	    { .path = "updates/dkms/ib_core.ko.xz" } },
	  .why = NULL },
	{ "built in",
	  { { .built_in = true }, { .built_in = true }, { .built_in = true } },
	  .why = NULL },
	{ "one is missing",
	  { { .path = "kernel/mlx5_core.ko" }, { .path = "" }, { .path = "kernel/ib_core.ko" } },
	  .why = "kernel " K " has no module mlx5_ib" },
	{ "of two drivers",
	  { { .path = "updates/mlx5_core.ko" },
	    { .path = "updates/mlx5_ib.ko" },
	    { .path = "kernel/ib_core.ko" } },
	  .why = "they are of two drivers" },
	{ "of another kernel",
	  { { .path = "extra/mlx5_core.ko", .vermagic = "5.10.0-1" },
	    { .path = "extra/mlx5_ib.ko" },
	    { .path = "extra/ib_core.ko" } },
	  .why = "was built for kernel 5.10.0-1" },
	{ "of another kernel, but its symbols were looked at",
	  { { .path = "weak-updates/mlx5_core.ko", .vermagic = "5.10.0-1" },
	    { .path = "weak-updates/mlx5_ib.ko" },
	    { .path = "weak-updates/ib_core.ko" } },
	  .why = NULL },
	{ "not signed, and nobody asks",
	  { { .path = "extra/mlx5_core.ko", .is_signed = TRI_NO },
	    { .path = "extra/mlx5_ib.ko" },
	    { .path = "extra/ib_core.ko" } },
	  .why = NULL },
	{ "not signed",
	  { { .path = "extra/mlx5_core.ko", .is_signed = TRI_NO },
	    { .path = "extra/mlx5_ib.ko" },
	    { .path = "extra/ib_core.ko" } },
	  .signed_only = true,
	  .why = "bears no signature" },
	{ "signed",
	  { { .path = "extra/mlx5_core.ko", .is_signed = TRI_YES },
	    { .path = "extra/mlx5_ib.ko" },
	    { .path = "extra/ib_core.ko" } },
	  .signed_only = true,
	  .why = NULL },
	{ "the former one in the initramfs",
	  { { .path = "extra/mlx5_core.ko.xz" },
	    { .path = "extra/mlx5_ib.ko.xz" },
	    { .path = "extra/ib_core.ko.xz" } },
	  .initramfs = "usr/lib/modules/" K "/kernel/a/mlx5_core.ko\n",
	  .why = "holds kernel/a/mlx5_core.ko, not the extra/mlx5_core.ko.xz" },
	{ "the same in the initramfs, without compression",
	  { { .path = "extra/mlx5_core.ko.xz" },
	    { .path = "extra/mlx5_ib.ko.xz" },
	    { .path = "extra/ib_core.ko.xz" } },
	  .initramfs = "-rw-r--r-- 1 root root 7 usr/lib/modules/" K "/extra/mlx5_core.ko \n",
	  .why = NULL },
	{ "the same, but of before",
	  { { .path = "extra/mlx5_core.ko.xz" },
	    { .path = "extra/mlx5_ib.ko.xz" },
	    { .path = "extra/ib_core.ko.xz" } },
	  .initramfs = "usr/lib/modules/" K "/extra/mlx5_core.ko.xz\n",
	  .older = true,
	  .why = "of before the installation" },
	{ "an initramfs of before without a module",
	  { { .path = "extra/mlx5_core.ko.xz" },
	    { .path = "extra/mlx5_ib.ko.xz" },
	    { .path = "extra/ib_core.ko.xz" } },
	  .initramfs = "usr/lib/modules/" K "/extra/mlx5_core_not.ko.xz\n",
	  .older = true,
	  .why = NULL },
};

static void judges_modules(void **unused)
{
	static struct facts f;

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct next_boot_kernel k = { .facts = &f,
					      .signed_only = rows[i].signed_only,
					      .wanted = wanted,
					      .nwanted = ARRAY_SIZE(wanted),
					      .initramfs = rows[i].initramfs,
					      .initramfs_is_older = rows[i].older };
		char why[400] = "";
		bool fits;

		f = (struct facts) { .nmodules = 3, .kernel.release = K };
		for (unsigned n = 0; n < 3; n++) {
			f.modules[n] = rows[i].modules[n];
			TEXT_COPY(f.modules[n].name, wanted[n]);
		}
		fits = next_boot_modules(&k, why, sizeof(why));
		if (fits != !rows[i].why || (rows[i].why && !strstr(why, rows[i].why)))
			fail_msg("%s: %s", rows[i].name, why);
	}
}

static void finds_the_default(void **unused)
{
	static const char releases[][NEXT_BOOT_RELEASE_SIZE] = {
		"5.15.0-1064-azure", "5.15.0-999-azure", "5.15.0-1064-azure-fde", "5.4.0-1-generic"
	};
	static const struct {
		const char *saved;
		unsigned is;
	} saves[] = { { "", 2 },
		      { "gnulinux-5.15.0-999-azure-advanced-1234", 1 },
		      { "0123abc-5.15.0-1064-azure-fde", 2 },
		      { "0123abc-5.15.0-1064-azure", 0 },
		      { "6.0.0", 2 },
		      { "0", 2 } };

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(saves); i++)
		assert_int_equal(next_boot_default(releases, 4, saves[i].saved), saves[i].is);
	assert_int_equal(next_boot_default(releases, 2, ""), 0);
}

static const struct {
	const char *text;
	bool takes;
} networks[] = {
	{ "[Match]\nName=*\n[Network]\nDHCP=yes\n", true },
	{ "[Match]\nName=eth* ib*\n", true },
	{ "[Match]\nName=en* eth*\n", false },
	{ "[Match]\nName=!lo\n", true },
	{ "[Match]\nName=!ib*\n", false },
	{ "[Match]\nType=infiniband\n", true },
	{ "[Match]\nType=ether\nName=*\n", false },
	{ "[Match]\nName=*\nMACAddress=00:11:22:33:44:55\n", false },
	{ "[Match]\nDriver=hv_netvsc\nName=*\n", false },
	{ "[Network]\nDHCP=yes\n", false },
	{ "", false },
};

static void judges_networks(void **unused)
{
	static const struct {
		struct network_facts n;
		bool stumbles;
	} clouds[] = {
		{ { .cloud_init = TRI_YES,
		    .cloud_init_network = TRI_YES,
		    .cloud_init_version = "20.1" },
		  true },
		{ { .cloud_init = TRI_YES,
		    .cloud_init_network = TRI_YES,
		    .cloud_init_version = "21.4" },
		  false },
		{ { .cloud_init = TRI_YES,
		    .cloud_init_network = TRI_YES,
		    .cloud_init_version = "22.2" },
		  false },
		{ { .cloud_init = TRI_YES, .cloud_init_network = TRI_YES }, true },
		{ { .cloud_init = TRI_YES,
		    .cloud_init_network = TRI_NO,
		    .cloud_init_version = "20.1" },
		  false },
		{ { .cloud_init = TRI_NO, .cloud_init_network = TRI_YES }, false },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(networks); i++)
		if (next_boot_network_takes_ipoib(networks[i].text) != networks[i].takes)
			fail_msg("%s", networks[i].text);
	for (size_t i = 0; i < ARRAY_SIZE(clouds); i++)
		assert_int_equal(next_boot_cloud_init_stumbles(&clouds[i].n), clouds[i].stumbles);
}

static void reads_pairs(void **unused)
{
	char value[32];

	(void)unused;
	pairs_value("A=1\n  B=\"two words\"\nAB=3", "B", value, sizeof(value));
	assert_string_equal(value, "two words");
	pairs_value("XA=1\nA=2\r\nA=3\n", "A", value, sizeof(value));
	assert_string_equal(value, "2");
	pairs_value("", "A", value, sizeof(value));
	assert_string_equal(value, "");
}

/* On a machine. */

static struct machine m;

static void kernel_put(const char *release, const char *home)
{
	AUTO_BUF struct buf dep = { 0 };
	char path[160];

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		assert_int_equal(buf_add_format(&dep, "%s/%s.ko:\n", home, wanted[i]), 0);
		TEXT_FORMAT(path, "lib/modules/%s/%s/%s.ko", release, home, wanted[i]);
		machine_put(&m, path, "");
	}
	TEXT_FORMAT(path, "lib/modules/%s/modules.dep", release);
	machine_put(&m, path, home[0] ? buf_text(&dep) : "");
	TEXT_FORMAT(path, "lib/modules/%s/modules.builtin", release);
	machine_put(&m, path, "");
	TEXT_FORMAT(path, "boot/vmlinuz-%s", release);
	machine_put(&m, path, "");
}

static int look(struct error *err)
{
	struct step s = { .nitems = ARRAY_SIZE(wanted) };
	struct step_context c = { .host = &m.host };

	*err = (struct error) { 0 };
	memcpy(s.items, wanted, sizeof(wanted));
	return step_next_boot.confirm(&c, &s, err);
}

static void looks_at_a_machine(void **unused)
{
	struct error err;

	(void)unused;
	machine_make(&m);
	kernel_put(K, "updates");
	kernel_put("5.10.0-1-amd64", "updates");
	assert_int_equal(look(&err), 0);
	assert_null(strstr(buf_text(&m.said), "next-boot"));
	/* Of a kernel that is not next it is only said. */
	machine_put(&m, "lib/modules/5.10.0-1-amd64/modules.dep", "");
	assert_int_equal(look(&err), 0);
	assert_non_null(strstr(buf_text(&m.said),
			       "next-boot.kernel: if this kernel is booted: kernel "
			       "5.10.0-1-amd64 has no module mlx5_core"));
	machine_put(&m, "etc/default/grub", "GRUB_DEFAULT=saved\n");
	machine_put(&m, "boot/grub/grubenv", "saved_entry=x-5.10.0-1-amd64\n");
	assert_int_equal(look(&err), -1);
	assert_int_equal(err.fault, FAULT_NEXT_BOOT);
	machine_put(&m, "etc/default/grub", "GRUB_DEFAULT=0\n");
	assert_int_equal(look(&err), 0);
	/* What was installed meanwhile. */
	machine_put(&m, "lib/modules/6.2.0-1-amd64/modules.dep", "");
	assert_int_equal(look(&err), 0);
	machine_put(&m, "boot/vmlinuz-6.2.0-1-amd64", "");
	assert_int_equal(look(&err), -1);
	assert_non_null(strstr(err.what, "kernel 6.2.0-1-amd64 has no module mlx5_core"));
	machine_drop(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_modules),     cmocka_unit_test(finds_the_default),
		cmocka_unit_test(judges_networks),    cmocka_unit_test(reads_pairs),
		cmocka_unit_test(looks_at_a_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
