/* tests/unit/probe/test_module_files.c - who uses the stack, who keeps its modules out, and what
 * the files of modules say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/text.h"
#include "facts/facts.h"
#include "probe/dkms.h"
#include "probe/modinfo.h"
#include "probe/modprobe.h"
#include "probe/package.h"
#include "probe/rpm.h"
#include "probe/user.h"

/* The lines of facts/real-outputs/lsmod.centos.txt that name the stack: lsmod has the columns of
 * proc/modules, without its last two. */
#define LSMOD                                                                                      \
	"Module                  Size  Used by\n"                                                  \
	"gdrdrv                 17982  0 \n"                                                       \
	"rdma_ucm               27022  0 \n"                                                       \
	"rdma_cm                61027  1 rdma_ucm\n"                                               \
	"ib_cm                  53085  2 rdma_cm,ib_ipoib\n"                                       \
	"ib_uverbs             132788  2 mlx5_ib,rdma_ucm\n"                                       \
	"nv_peer_mem            13163  0 \n"                                                       \
	"ib_core               357701  9 "                                                         \
	"rdma_cm,ib_cm,iw_cm,nv_peer_mem,mlx5_ib,ib_umad,ib_uverbs,rdma_ucm,ib_ipoib\n"            \
	"mlx5_core            1330983  1 mlx5_ib\n"                                                \
	"nvidia              33992148  259 nv_peer_mem,gdrdrv,nvidia_modeset\n"                    \
	"hv_vmbus               97049  2 hv_netvsc,pci_hyperv\n"                                   \
	"mlx_compat             55063  2 rdma_cm,ib_core\n"

static const struct {
	const char *name, *text, *want; /* "user holds;" */
} user_rows[] = {
	{ "peer memory on a real CentOS 7 VM", LSMOD, "nv_peer_mem ib_core;" },
	{ "Lustre, once, for all that it holds",
	  "ib_core 1 2 ko2iblnd,rdma_cm, Live 0x0\nrdma_cm 1 1 ko2iblnd, Live 0x0\n",
	  "ko2iblnd ib_core;" },
	{ "BeeGFS", "rdma_cm 1 1 beegfs, Live 0x0\n", "beegfs rdma_cm;" },
	{ "NFS over RDMA that is mounted",
	  "rdma_cm 1 1 rpcrdma, Live 0x0\nrpcrdma 1 2 - Live 0x0\n", "rpcrdma rdma_cm;" },
	{ "the same, loaded by rdma-core and used by nobody",
	  "rdma_cm 1 2 rpcrdma,ib_iser, Live 0x0\nrpcrdma 1 0 - Live 0x0\nib_iser 1 0 - Live 0x0\n",
	  "" },
	{ "whether it is used is not known", "rdma_cm 1 1 nvme_rdma, Live 0x0\n",
	  "nvme_rdma rdma_cm;" },
	{ "auxiliary drivers of the stack", "mlx5_core 1 2 mlx5_vdpa,mlx5_fwctl, Live 0x0\n", "" },
	{ "another driver of RDMA", "ib_uverbs 1 1 mana_ib, Live 0x0\n", "" },
	{ "what the stack itself uses", "psample 1 1 mlx5_core, Live 0x0\n", "" },
	{ "no users", "ib_core 1 0 - Live 0x0\n", "" },
	{ "a line cut short", "ib_core 1\nib_core", "" },
	{ "empty", "", "" },
};

static void finds_users_of_the_stack(void **unused)
{
	static struct facts f;

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(user_rows); i++) {
		char got[256] = "";

		memset(&f, 0, sizeof f);
		user_parse(user_rows[i].text, strlen(user_rows[i].text), &f);
		for (unsigned k = 0; k < f.nusers; k++) {
			size_t len = strlen(got);

			(void)text_format(got + len, sizeof got - len, "%s %s;", f.users[k].name,
					  f.users[k].holds);
		}
		if (!text_eq(got, user_rows[i].want))
			fail_msg("user_parse: %s: %s", user_rows[i].name, got);
	}
}

static void more_users_than_there_is_room_for(void **unused)
{
	static struct facts f;
	char text[1024] = "ib_core 1 1 ";

	(void)unused;
	memset(&f, 0, sizeof f);
	for (int i = 0; i < FACTS_USERS_MAX + 4; i++) {
		size_t len = strlen(text);

		(void)text_format(text + len, sizeof text - len, "user%d,", i);
	}
	user_parse(text, strlen(text), &f);
	assert_int_equal(f.nusers, FACTS_USERS_MAX);
}

static const struct {
	const char *name, *text;
	bool want; /* mlx5_ib */
} modprobe_rows[] = {
	{ "blacklist", "blacklist mlx5_ib\n", true },
	{ "with the other dash", "blacklist mlx5-ib", true },
	{ "install of false", "install mlx5_ib /bin/false\n", true },
	{ "install of true, after /usr was merged", "  install mlx5_ib /usr/bin/true\n", true },
	{ "install of a script", "install mlx5_ib /sbin/modprobe --ignore-install mlx5_ib\n",
	  false },
	{ "another module", "blacklist mlx5_core\n", false },
	{ "a comment", "#blacklist mlx5_ib\n# blacklist mlx5_ib\n", false },
	{ "other verbs", "options mlx5_ib x=1\nsoftdep mlx5_ib pre: y\nalias mlx5_ib off\n",
	  false },
	{ "nothing after it", "blacklist\ninstall mlx5_ib\n", false },
	{ "empty", "", false },
};

static void finds_modules_that_are_kept_out(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(modprobe_rows); i++) {
		struct module_facts m = { .name = "mlx5_ib" };

		modprobe_parse(modprobe_rows[i].text, strlen(modprobe_rows[i].text), &m, 1);
		if (m.blacklisted != modprobe_rows[i].want)
			fail_msg("modprobe_parse: %s", modprobe_rows[i].name);
	}
}

#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *name, *bytes;
	size_t len;
	int rc;
	const char *want;
} vermagic_rows[] = {
	{ "among others",
	  BYTES("license=GPL\0vermagic=6.1.0-56-amd64 SMP preempt mod_unload \0depends=\0"), 0,
	  "6.1.0-56-amd64" },
	{ "the last, without an end", BYTES("vermagic=3.10.0-957.el7.x86_64"), 0,
	  "3.10.0-957.el7.x86_64" },
	{ "empty", BYTES("vermagic=\0name=x"), -EINVAL, "before" },
	{ "none", BYTES("license=GPL\0"), -EINVAL, "before" },
	{ "cut in the key", BYTES("vermag"), -EINVAL, "before" },
	{ "no bytes", "", 0, -EINVAL, "before" },
};

static void parses_vermagic(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(vermagic_rows); i++) {
		char got[96] = "before";
		int rc = modinfo_parse_vermagic(vermagic_rows[i].bytes, vermagic_rows[i].len, got,
						sizeof got);

		if (rc != vermagic_rows[i].rc || !text_eq(got, vermagic_rows[i].want))
			fail_msg("modinfo_parse_vermagic: %s: %s", vermagic_rows[i].name, got);
	}
}

static void tells_signed_files(void **unused)
{
	(void)unused;
	assert_true(modinfo_is_signed(BYTES("\1\2~Module signature appended~\n")));
	assert_false(modinfo_is_signed(BYTES("~Module signature appended~")));
	assert_false(modinfo_is_signed(BYTES("~Module signature appended~\n\n")));
	assert_false(modinfo_is_signed("", 0));
}

/* A header as a linker writes it: 3 sections at 0x1234, the names in the second. */
static void parses_elf_headers(void **unused)
{
	char header[64] = "\177ELF\2\1\1";
	struct modinfo_span span = { 0, 0 };
	unsigned names = 0;
	uint32_t name = 0;
	char sections[128] = { 0 };

	(void)unused;
	header[0x28] = 0x34;
	header[0x29] = 0x12;
	header[0x3a] = 64;
	header[0x3c] = 3;
	header[0x3e] = 2;
	assert_int_equal(modinfo_parse_header(header, sizeof header, &span, &names), 0);
	assert_int_equal(span.offset, 0x1234);
	assert_int_equal(span.size, 3 * 64);
	assert_int_equal(names, 2);
	assert_int_equal(modinfo_parse_header(header, 63, &span, &names), -EINVAL);
	header[4] = 1; /* 32 bits */
	assert_int_equal(modinfo_parse_header(header, sizeof header, &span, &names), -EINVAL);

	sections[64] = 7;
	sections[64 + 0x18] = 0x40;
	sections[64 + 0x21] = 1;
	assert_int_equal(modinfo_parse_section(sections, sizeof sections, 1, &span, &name), 0);
	assert_int_equal(name, 7);
	assert_int_equal(span.offset, 0x40);
	assert_int_equal(span.size, 0x100);
	assert_int_equal(modinfo_parse_section(sections, sizeof sections, 2, &span, &name),
			 -EINVAL);
	assert_int_equal(modinfo_parse_section(sections, 127, 1, &span, &name), -EINVAL);
}

static void tells_names_of_dkms(void **unused)
{
	(void)unused;
	assert_true(dkms_is_name("mlnx-ofed-kernel"));
	assert_true(dkms_is_name("25.10.OFED.25.10.1.6.6.1"));
	assert_true(dkms_is_name("6.8.0-1041-azure"));
	assert_false(dkms_is_name("kernel-6.8.0-1041-azure-x86_64"));
	assert_false(dkms_is_name("source"));
	assert_false(dkms_is_name("build"));
	assert_false(dkms_is_name("original_module"));
	assert_false(dkms_is_name(".lock"));
	assert_false(dkms_is_name(""));
}

static const struct {
	const char *name, *text, *want; /* "package version half;" */
} rpm_rows[] = {
	{ "as rpm lists them", "bash 5.1.8-9.el9\nrdma-core 57.0-2.el9\nlibibverbs 57.0-2.el9\n",
	  "rdma-core 57.0-2.el9 0;libibverbs 57.0-2.el9 0;" },
	{ "for two architectures", "libibverbs 57.0-2.el9\nlibibverbs 57.0-2.el9\n",
	  "libibverbs 57.0-2.el9 0;" },
	{ "two versions, left by an interrupted update",
	  "rdma-core 57.0-1.el9\nrdma-core 57.0-2.el9\n", "rdma-core 57.0-1.el9 1;" },
	{ "modules for two kernels", "kmod-mlnx-ofa_kernel 1-1\nkmod-mlnx-ofa_kernel 2-1\n",
	  "kmod-mlnx-ofa_kernel 1-1 0;" },
	{ "the agent", "WALinuxAgent 2.7.0.6-8.el9\n", "WALinuxAgent 2.7.0.6-8.el9 0;" },
	{ "a name without a version", "rdma-core\n", "" },
	{ "empty", "", "" },
};

static void parses_rpm_lists(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rpm_rows); i++) {
		static struct package_set set;
		char got[256] = "";

		memset(&set, 0, sizeof set);
		rpm_parse(rpm_rows[i].text, strlen(rpm_rows[i].text), &set);
		for (size_t k = 0; k < set.count; k++) {
			size_t len = strlen(got);

			(void)text_format(got + len, sizeof got - len, "%s %s %d;", set.at[k].name,
					  set.at[k].version, set.at[k].half_installed);
		}
		if (!text_eq(got, rpm_rows[i].want))
			fail_msg("rpm_parse: %s: %s", rpm_rows[i].name, got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_users_of_the_stack),
		cmocka_unit_test(more_users_than_there_is_room_for),
		cmocka_unit_test(finds_modules_that_are_kept_out),
		cmocka_unit_test(parses_vermagic),
		cmocka_unit_test(tells_signed_files),
		cmocka_unit_test(parses_elf_headers),
		cmocka_unit_test(tells_names_of_dkms),
		cmocka_unit_test(parses_rpm_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
