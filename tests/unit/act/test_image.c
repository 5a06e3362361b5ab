/* tests/unit/act/test_image.c - an image is baked, tells nothing of its builder, and is held
 * against the VM that boots it: a row for each thing that does not fit. */
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act/image/baked.h"
#include "act/image/fit.h"
#include "act/image/image.h"
#include "act/record/receipt.h"
#include "base/fault.h"
#include "base/fs.h"
#include "catalogue/catalogue.h"
#include "crash.h"

#define KERNEL  "6.1.0-90-amd64" /* of the image; the builder runs another */
#define MODULES "lib/modules/" KERNEL "/"
#define STATE   "var/lib/ib-vmext/"
#define PCI     "sys/bus/pci/devices/0101:00:00.0"

static struct machine m;
static struct outcome o;
static struct image image;

static const char *const names[] = { "mlx5_core", "mlx5_ib",  "ib_uverbs", "ib_umad",
				     "ib_ipoib",  "rdma_ucm", "ib_core" };

static void kernel_put(const char *release)
{
	AUTO_BUF struct buf dep = { 0 };
	char path[200];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		TEXT_FORMAT(path, "lib/modules/%s/kernel/%s.ko", release, names[i]);
		machine_put(&m, path, names[i]);
		assert_int_equal(buf_add_format(&dep, "kernel/%s.ko:\n", names[i]), 0);
	}
	TEXT_FORMAT(path, "lib/modules/%s/modules.dep", release);
	machine_put(&m, path, buf_text(&dep));
	TEXT_FORMAT(path, "lib/modules/%s/modules.builtin", release);
	machine_put(&m, path, "");
}

/* A builder: no adapter, no systemd that runs, another kernel. */
static int set_up(void **unused)
{
	(void)unused;
	machine_make(&m);
	kernel_put(KERNEL);
	assert_int_equal(fs_remove(m.host.root, PCI), 0);
	assert_int_equal(fs_remove(m.host.root, "run/systemd"), 0);
	machine_put(&m, "proc/modules", "");
	memset(&image, 0, sizeof(image));
	assert_int_equal(
		image_targets_parse("Standard_HB120rs_v3", m.catalogue, &image.targets, NULL), 0);
	TEXT_COPY(image.kernel, KERNEL);
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	machine_drop(&m);
	return 0;
}

static void bake(void)
{
	char digest[IMAGE_DIGEST_SIZE];
	struct apply_options options = { .settings = &m.settings,
					 .settings_digest = digest,
					 .version = IB_VMEXT_VERSION,
					 .seq = -1,
					 .wait = true,
					 .stop = m.stop,
					 .ctx = m.stop_ctx,
					 .image = &image };
	struct error err = { 0 };
	struct act a;

	m.host.kernel = image.kernel;
	image_request_digest(&m.settings, &image, digest);
	assert_int_equal(act_open(&a, &m.host, m.catalogue, true, &err), 0);
	a.program = m.program;
	buf_clear(&m.said);
	memset(&o, 0, sizeof(o));
	if (act_bake(&a, &options, &o, &err) < 0)
		fail_msg("%s", err.what);
	act_close(&a);
	m.host.kernel = NULL;
}

static void adapter_put(void)
{
	machine_put(&m, PCI "/vendor", "0x15b3\n");
	machine_put(&m, PCI "/device", "0x101c\n");
	machine_put(&m, PCI "/class", "0x020700\n");
	assert_int_equal(symlinkat("../../drivers/mlx5_core", m.host.root, PCI "/driver"), 0);
}

/* A VM of the image that was baked: its adapter, its kernel, its boot; modules are loaded at boot.
 */
static void boot(void)
{
	adapter_put();
	machine_put(&m, "run/systemd/system/x", "");
	machine_put(&m, "proc/sys/kernel/osrelease", KERNEL "\n");
	machine_restart(&m);
	machine_show_port(&m);
	m.nruns = 0;
}

static bool adopt(char *why, size_t size)
{
	struct apply_options options = { .settings = &m.settings,
					 .settings_digest = "digest",
					 .version = IB_VMEXT_VERSION,
					 .seq = 3 };
	bool adopted = false;
	struct error err = { 0 };
	struct act a;

	assert_int_equal(act_open(&a, &m.host, m.catalogue, true, &err), 0);
	if (act_adopt(&a, &options, &o, &adopted, why, size, &err) < 0)
		fail_msg("%s", err.what);
	act_close(&a);
	return adopted;
}

/* Baking. */

static void bakes_for_a_kernel_that_does_not_run(void **unused)
{
	AUTO_BUF struct buf text = { 0 };
	struct baked b;
	bool found;

	(void)unused;
	bake();
	if (o.exit_code != 0)
		fail_msg("%s", o.message);
	assert_int_equal(o.verification.verdict, VERDICT_OK);
	assert_non_null(strstr(o.message, "for Standard_HB120rs_v3"));
	assert_non_null(strstr(o.message, KERNEL));
	assert_int_equal(baked_read(&m.host, &b, &found, NULL), 0);
	assert_true(found);
	assert_string_equal(b.kernel, KERNEL);
	assert_string_equal(b.route, "inbox");
	assert_string_equal(b.driver_kind, "inbox");
	assert_string_equal(b.generations[0], "CX6");
	assert_string_equal(b.pci[0], "15b3:101c");
	assert_int_equal(b.nmodules, ARRAY_SIZE(names));
	assert_true(b.modules[0].bytes > 0 && b.modules[0].written_s > 0);
	/* Nothing was loaded; what runs at the boot of a VM is there. */
	assert_string_equal(machine_text(&m, "proc/modules", &text), "");
	assert_true(machine_has(&m, "usr/libexec/ib-vmext/" IB_VMEXT_VERSION "/ib-vmext"));
	assert_true(machine_has(&m, "etc/systemd/system/ib-vmext-ipoib@.service"));
	assert_true(machine_has(&m, "etc/modules-load.d/ib-vmext.conf"));
	assert_false(machine_has(&m, "etc/systemd/system/ib-vmext-resume.service"));
}

static void leaves_nothing_of_the_builder(void **unused)
{
	static const char *const gone[] = { STATE "journal",        STATE "request.json",
					    STATE "result.json",    STATE "ended.json",
					    STATE "update.json",    "var/log/azure/ib-vmext-status",
					    "var/lib/dkms/mok.key", "var/lib/dkms/mok.pub" };
	AUTO_BUF struct buf text = { 0 };
	AUTO_JSON json_t *receipt = NULL;

	(void)unused;
	machine_put(&m, STATE "request.json", "{}");
	machine_put(&m, STATE "result.json", "{}");
	machine_put(&m, STATE "ended.json", "{}");
	machine_put(&m, "var/log/azure/ib-vmext-status", "on builder-7\n");
	bake();
	for (size_t i = 0; i < ARRAY_SIZE(gone); i++)
		if (machine_has(&m, gone[i]))
			fail_msg("%s is left", gone[i]);
	assert_null(strstr(machine_text(&m, STATE "receipt.json", &text), "0c3e0d5c-1f0a"));
	receipt = receipt_read(&m.host);
	assert_true(receipt_is_of_image(receipt));
	assert_string_equal(json_text_at(receipt, "right.fingerprint.kernel", ""), KERNEL);
	assert_string_equal(json_text_at(receipt, "right.fingerprint.bootId", ""), "");
	assert_int_equal(json_array_size(json_object_get(receipt, "installed")), 1);
}

/* A key that comes with the run goes with it; one that was there is somebody's. */
static void keys_that_came_meanwhile_go(void **unused)
{
	static const char *const keys[] = { "var/lib/dkms/mok.key",
					    "var/lib/shim-signed/mok/MOK.priv" };

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		machine_put(&m, keys[i], "secret");
	bake();
	assert_int_equal(o.exit_code, 0);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		assert_true(machine_has(&m, keys[i]));
	assert_non_null(strstr(buf_text(&m.said), "bake.key: /var/lib/dkms/mok.key was there"));
}

static bool key_comes(void *ctx)
{
	(void)ctx;
	machine_put(&m, "var/lib/dkms/mok.key", "secret");
	machine_put(&m, "var/lib/dkms/mok.pub", "public");
	return false;
}

static void a_key_of_the_run_goes(void **unused)
{
	(void)unused;
	m.stop = key_comes; /* asked between steps, after the run has begun */
	bake();
	assert_int_equal(o.exit_code, 0);
	assert_false(machine_has(&m, "var/lib/dkms/mok.key"));
	assert_false(machine_has(&m, "var/lib/dkms/mok.pub"));
}

static void a_module_that_is_missing_undoes_it(void **unused)
{
	AUTO_BUF struct buf former = { 0 }, now = { 0 };

	(void)unused;
	machine_put(&m, MODULES "modules.dep",
		    "kernel/mlx5_core.ko:\nkernel/mlx5_ib.ko:\n"
		    "kernel/ib_uverbs.ko:\nkernel/ib_umad.ko:\n"
		    "kernel/rdma_ucm.ko:\nupdates/ib_core.ko:\n");
	machine_snapshot(&m, &former);
	bake();
	assert_int_equal(o.exit_code, 14);
	assert_int_equal(o.fault, FAULT_IMAGE_UNPROVEN);
	assert_non_null(strstr(o.message, "image-stack is updates/ib_core.ko"));
	machine_snapshot(&m, &now);
	assert_string_equal(buf_text(&now), buf_text(&former));
	assert_false(machine_has(&m, STATE "baked.json"));
}

static void a_second_time_adds_nothing(void **unused)
{
	AUTO_JSON json_t *receipt = NULL;
	struct baked b;
	bool found;

	(void)unused;
	bake();
	assert_int_equal(image_targets_parse("CX6,CX7", m.catalogue, &image.targets, NULL), 0);
	bake();
	assert_int_equal(o.exit_code, 0);
	receipt = receipt_read(&m.host);
	assert_int_equal(json_array_size(json_object_get(receipt, "installed")), 1);
	assert_int_equal(baked_read(&m.host, &b, &found, NULL), 0);
	assert_int_equal(b.ngenerations, 2);
}

static void undo_takes_all_of_it_back(void **unused)
{
	AUTO_BUF struct buf former = { 0 }, now = { 0 };

	(void)unused;
	machine_snapshot(&m, &former);
	bake();
	machine_undo(&m, false, &o);
	if (o.exit_code != 0)
		fail_msg("%s", o.message);
	machine_snapshot(&m, &now);
	assert_string_equal(buf_text(&now), buf_text(&former));
	assert_false(machine_has(&m, STATE "baked.json"));
	assert_false(machine_has(&m, STATE "receipt.json"));
}

static bool stop_now(void *ctx)
{
	return ++*(int *)ctx > 3;
}

static void one_that_is_stopped_is_taken_back(void **unused)
{
	AUTO_BUF struct buf former = { 0 }, now = { 0 };
	int asked = 0;

	(void)unused;
	machine_snapshot(&m, &former);
	m.stop = stop_now;
	m.stop_ctx = &asked;
	bake();
	assert_int_equal(o.fault, FAULT_TAKEN_OVER);
	machine_snapshot(&m, &now);
	assert_string_equal(buf_text(&now), buf_text(&former));
}

/* In a process of its own, killed at the n-th call that changes a file. False: it had fewer. */
static bool bake_killed(uint64_t at)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		crash_arm(CRASH_KILL, at);
		bake();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status) == CRASH_STATUS;
}

/* Who bakes the same goes on; all others, who do not know for whom, take it back. */
static void killed_anywhere_it_is_baked_or_as_before(void **unused)
{
	AUTO_BUF struct buf former = { 0 }, now = { 0 };
	uint64_t at = 1;

	(void)unused;
	for (bool killed = true; killed; at++) {
		bool whole;

		assert_int_equal(set_up(NULL), 0);
		machine_snapshot(&m, &former);
		killed = bake_killed(at);
		if (at % 3 == 0)
			bake();
		else if (at % 3 == 1)
			machine_recover(&m, &o);
		else
			machine_undo(&m, false, &o);
		machine_snapshot(&m, &now);
		whole = machine_has(&m, STATE "receipt.json");
		if (machine_has(&m, STATE "journal/open") || (at % 3 == 0 && o.exit_code != 0) ||
		    machine_has(&m, STATE "baked.json") > whole ||
		    (at % 3 == 0 && !machine_has(&m, STATE "baked.json")) ||
		    (!whole && !text_eq(buf_text(&now), buf_text(&former))))
			fail_msg("killed at %d: %s", (int)at, o.message);
		buf_clear(&former);
		buf_clear(&now);
		assert_int_equal(tear_down(NULL), 0);
	}
	assert_true(at > 50);
}

/* On a builder that has an adapter, too, whose ports say nothing about the image. */
static void a_boot_of_the_builder_takes_an_open_run_back(void **unused)
{
	AUTO_BUF struct buf former = { 0 }, now = { 0 };
	unsigned open = 0;

	(void)unused;
	for (uint64_t at = 10;; at += 10) {
		bool killed;

		assert_int_equal(set_up(NULL), 0);
		adapter_put();
		machine_show_port(&m);
		machine_snapshot(&m, &former);
		killed = bake_killed(at);
		if (killed && machine_has(&m, STATE "journal/open") &&
		    !machine_has(&m, STATE "receipt.json")) {
			open++;
			machine_recover(&m, &o);
			machine_snapshot(&m, &now);
			assert_string_equal(buf_text(&now), buf_text(&former));
			assert_false(machine_has(&m, STATE "receipt.json"));
		}
		buf_clear(&former);
		buf_clear(&now);
		assert_int_equal(tear_down(NULL), 0);
		if (!killed)
			break;
	}
	assert_true(open > 3);
}

/* The kernel. */

static void finds_the_kernel(void **unused)
{
	struct error err = { 0 };
	char release[96];

	(void)unused;
	assert_int_equal(image_kernel_find(&m.host, KERNEL, release, sizeof(release), &err), 0);
	assert_string_equal(release, KERNEL);
	/* None has an image in /boot: the newest with modules. */
	assert_int_equal(image_kernel_find(&m.host, "", release, sizeof(release), &err), 0);
	assert_string_equal(release, KERNEL);
	/* What boots counts, not what runs. */
	machine_put(&m, "boot/vmlinuz-6.1.0-56-amd64", "");
	assert_int_equal(image_kernel_find(&m.host, "", release, sizeof(release), &err), 0);
	assert_string_equal(release, "6.1.0-56-amd64");
	assert_int_equal(image_kernel_find(&m.host, "9.9", release, sizeof(release), &err), -1);
	assert_int_equal(err.fault, FAULT_IMAGE_KERNEL);
	assert_non_null(strstr(err.what, "6.1.0-56-amd64, " KERNEL));
	assert_int_equal(image_kernel_find(&m.host, "../modules", release, sizeof(release), &err),
			 -1);
	assert_int_equal(fs_remove(m.host.root, "lib/modules"), 0);
	assert_int_equal(image_kernel_find(&m.host, "", release, sizeof(release), &err), -1);
	assert_int_equal(err.fault, FAULT_IMAGE_KERNEL);
}

/* The first boot. */

static void a_vm_that_it_fits_changes_nothing(void **unused)
{
	AUTO_BUF struct buf before = { 0 }, after = { 0 };
	AUTO_JSON json_t *receipt = NULL;
	char why[300];

	(void)unused;
	bake();
	boot();
	machine_snapshot(&m, &before);
	if (!adopt(why, sizeof(why)))
		fail_msg("%s", why);
	assert_int_equal(o.exit_code, 0);
	assert_non_null(strstr(o.message, "baked into this image on "));
	machine_snapshot(&m, &after);
	assert_string_equal(buf_text(&after), buf_text(&before));
	assert_int_equal(m.nruns, 0);
	assert_int_equal(m.clock.slept_ms, 0);
	assert_false(machine_has(&m, STATE "baked.json"));
	receipt = receipt_read(&m.host);
	assert_false(receipt_is_of_image(receipt));
	assert_true(receipt_holds(&m.host, "digest", IB_VMEXT_VERSION, NULL, NULL, 0));
	/* Its undo is that of the image. */
	assert_int_equal(json_array_size(json_object_get(receipt, "installed")), 1);
}

static void apply_does_the_same(void **unused)
{
	(void)unused;
	bake();
	boot();
	machine_apply(&m, &o);
	assert_int_equal(o.exit_code, 0);
	assert_non_null(strstr(o.message, "baked into this image on "));
	assert_int_equal(m.nruns, 0);
}

/* Looking alone would not be the proof that the settings ask for. */
static void traffic_is_sent_by_a_run(void **unused)
{
	char why[300];

	(void)unused;
	bake();
	boot();
	m.settings.verify = VERIFY_LOOPBACK;
	assert_false(adopt(why, sizeof(why)));
	machine_apply(&m, &o);
	assert_int_equal(o.exit_code, 14);
	assert_non_null(strstr(o.message, "loopback:mlx5_0/1"));
}

static void as_it_is(void)
{
}

static void no_marker(void)
{
	baked_remove(&m.host);
}

static void damaged_marker(void)
{
	machine_put(&m, STATE "baked.json", "{\"schema\": \"ib-vmext/baked/1\"");
}

static void another_kernel(void)
{
	kernel_put("6.1.0-91-amd64");
	machine_put(&m, "proc/sys/kernel/osrelease", "6.1.0-91-amd64\n");
}

static void another_adapter(void)
{
	machine_put(&m, PCI "/device", "0x101e\n");
}

static void no_adapter(void)
{
	assert_int_equal(fs_remove(m.host.root, PCI), 0);
}

static void an_ethernet_function_beside(void)
{
	machine_put(&m, "sys/bus/pci/devices/0102:00:00.0/vendor", "0x15b3\n");
	machine_put(&m, "sys/bus/pci/devices/0102:00:00.0/device", "0x1016\n");
	machine_put(&m, "sys/bus/pci/devices/0102:00:00.0/class", "0x020000\n");
}

static void other_settings(void)
{
	m.settings.driver = CHOICE_DOCA_OFED;
}

static void settings_of_the_vm_alone(void)
{
	m.settings.timestamp = 5;
	m.settings.timeouts.fabric_s = 7;
}

static void module_gone(void)
{
	machine_put(&m, MODULES "modules.dep", "kernel/mlx5_core.ko:\n");
}

static void module_elsewhere(void)
{
	AUTO_BUF struct buf text = { 0 };
	char *at;

	(void)machine_text(&m, MODULES "modules.dep", &text);
	at = strstr(text.data, "kernel/mlx5_ib.ko");
	assert_non_null(at);
	memcpy(at, "updatX", strlen("updatX"));
	machine_put(&m, MODULES "modules.dep", buf_text(&text));
}

static void module_longer(void)
{
	machine_put(&m, MODULES "kernel/mlx5_ib.ko", "another build");
}

static void module_newer(void)
{
	const struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };

	assert_int_equal(utimensat(m.host.root, MODULES "kernel/mlx5_ib.ko", times, 0), 0);
}

static void module_copied(void)
{
	struct stat st;
	const char *path = MODULES "kernel/mlx5_ib.ko";

	assert_int_equal(fstatat(m.host.root, path, &st, 0), 0);
	machine_put(&m, path, "mlx5_ib");
	assert_int_equal(utimensat(m.host.root, path,
				   (const struct timespec[2]) { st.st_atim, st.st_mtim }, 0),
			 0);
}

static void another_driver(void)
{
	packages_put(&m, "rdma-core", "45.0-1", "install ok installed");
}

static void ports_are_down(void)
{
	machine_put(&m, "sys/class/infiniband/mlx5_0/ports/1/state", "1: DOWN\n");
}

static const struct {
	const char *name;
	void (*change)(void);
	bool adopted;
	const char *why; /* where it is not */
} boots[] = {
	{ "as baked", as_it_is, true, "" },
	{ "an Ethernet function beside", an_ethernet_function_beside, true, "" },
	{ "settings that do not decide on the driver", settings_of_the_vm_alone, true, "" },
	{ "a copy has another inode", module_copied, true, "" },
	{ "no image", no_marker, false, "" },
	{ "a marker that was cut", damaged_marker, false, "baked.json cannot be read" },
	{ "another kernel", another_kernel, false,
	  "the kernel is 6.1.0-91-amd64, and it was baked for " KERNEL },
	{ "another generation", another_adapter, false,
	  "the adapter is 15b3:101e, and it was baked for 15b3:101c" },
	{ "no adapter yet", no_adapter, false, "no InfiniBand function is on the PCI bus" },
	{ "other settings", other_settings, false, "the settings that decide on the driver" },
	{ "a module is gone", module_gone, false, "the module mlx5_ib is gone" },
	{ "modprobe would take another file", module_elsewhere, false,
	  "and kernel/mlx5_ib.ko was" },
	{ "a file of another size", module_longer, false,
	  "the file of the module mlx5_ib is another" },
	{ "a file of another time", module_newer, false,
	  "the file of the module mlx5_ib is another" },
	{ "another version of the driver", another_driver, false,
	  "45.0-1, and inbox 44.0-2 was baked" },
	{ "it fits, and the ports are not ready", ports_are_down, false, "" },
};

static void says_what_does_not_fit(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(boots); i++) {
		char why[300] = "unset";
		bool adopted;

		assert_int_equal(set_up(NULL), 0);
		bake();
		boot();
		boots[i].change();
		adopted = adopt(why, sizeof(why));
		if (adopted != boots[i].adopted || !strstr(why, boots[i].why) ||
		    (!boots[i].why[0] && why[0]))
			fail_msg("%s: %d %s", boots[i].name, adopted, why);
		assert_int_equal(m.nruns, 0);
		assert_int_equal(tear_down(NULL), 0);
	}
}

/* Two sizes with one id: the full look tells them apart. */
static void a_generation_that_shares_its_id_is_told(void **unused)
{
	struct facts f = { .nnics = 1 };
	struct baked b = { .ngenerations = 1, .driver_kind = "none" };
	char why[200] = "";

	(void)unused;
	f.nics[0] = (struct nic_facts) { .vendor = 0x15b3, .device = 0x101e, .class_code = 0x0207 };
	TEXT_COPY(b.generations[0], "CX7");
	TEXT_COPY(f.nics[0].generation, "CX8");
	assert_false(fit_fully(&f, &b, why, sizeof(why)));
	assert_string_equal(why, "the adapter is of CX8, and it was baked for CX7");
	TEXT_COPY(f.nics[0].generation, "mlx5Gen"); /* nobody can tell */
	assert_true(fit_fully(&f, &b, why, sizeof(why)));
}

/* Another kernel: done as on any VM, and said. */
static void a_mismatch_is_repaired_and_said(void **unused)
{
	(void)unused;
	bake();
	boot();
	another_kernel();
	packages_put(&m, "ibverbs-providers", "44.0-2", "deinstall ok config-files");
	machine_apply(&m, &o);
	if (o.exit_code != 0)
		fail_msg("%s", o.message);
	assert_non_null(strstr(o.message, "What was baked into its image did not fit this VM: the "
					  "kernel is 6.1.0-91-amd64"));
	assert_non_null(strstr(buf_text(&m.said), "baked.differs: "));
	assert_false(machine_has(&m, STATE "baked.json"));
	assert_true(m.nruns > 0);
	/* And not a second time. */
	machine_apply(&m, &o);
	assert_int_equal(o.exit_code, 0);
	assert_null(strstr(o.message, "baked"));
}

/* The document. */

#define KEYS(kernel, path)                                                                         \
	"{\"schema\": \"ib-vmext/baked/1\", \"kernel\": \"" kernel "\", \"for\": [\"CX6\"], "      \
	"\"generations\": [\"CX6\"], \"pci\": [\"15b3:101c\"], \"driver\": {\"kind\": "            \
	"\"inbox\"}, "                                                                             \
	"\"modules\": [{\"name\": \"mlx5_ib\", \"path\": \"" path "\", \"bytes\": 5}]}"

static const struct {
	const char *name, *text;
	int rc;
} documents[] = {
	{ "what it needs", KEYS("6.1", "kernel/a.ko"), 0 },
	{ "a module that is built in", KEYS("6.1", ""), 0 },
	{ "nothing", "", -EINVAL },
	{ "no object", "[]", -EINVAL },
	{ "another schema", "{\"schema\": \"ib-vmext/baked/2\", \"kernel\": \"6.1\"}", -EINVAL },
	{ "no kernel", KEYS("", "kernel/a.ko"), -EINVAL },
	{ "a kernel that leads elsewhere", KEYS("../../etc", "kernel/a.ko"), -EINVAL },
	{ "a path that leads elsewhere", KEYS("6.1", "../../../etc/shadow"), -EINVAL },
	{ "an absolute path", KEYS("6.1", "/etc/shadow"), -EINVAL },
	{ "no module",
	  "{\"schema\": \"ib-vmext/baked/1\", \"kernel\": \"6.1\", \"generations\": "
	  "[\"CX6\"], \"pci\": [\"15b3:101c\"], \"modules\": []}",
	  -EINVAL },
	{ "an empty word",
	  "{\"schema\": \"ib-vmext/baked/1\", \"kernel\": \"6.1\", \"for\": [\"\"], "
	  "\"generations\": [\"CX6\"], \"pci\": [\"15b3:101c\"], \"modules\": [{\"name\": \"m\"}]}",
	  -EINVAL },
	{ "a wrong type", "{\"schema\": \"ib-vmext/baked/1\", \"kernel\": 6}", -EINVAL },
};

static void reads_the_document(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(documents); i++) {
		struct baked b;
		char why[160] = "";
		int rc = baked_parse(documents[i].text, strlen(documents[i].text), &b, why,
				     sizeof(why));

		if (rc != documents[i].rc || (rc < 0 && !why[0]))
			fail_msg("%s: %d %s", documents[i].name, rc, why);
	}
}

int main(void)
{
#define ON_MACHINE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		ON_MACHINE(bakes_for_a_kernel_that_does_not_run),
		ON_MACHINE(leaves_nothing_of_the_builder),
		ON_MACHINE(keys_that_came_meanwhile_go),
		ON_MACHINE(a_key_of_the_run_goes),
		ON_MACHINE(a_module_that_is_missing_undoes_it),
		ON_MACHINE(a_second_time_adds_nothing),
		ON_MACHINE(undo_takes_all_of_it_back),
		ON_MACHINE(one_that_is_stopped_is_taken_back),
		cmocka_unit_test(killed_anywhere_it_is_baked_or_as_before),
		cmocka_unit_test(a_boot_of_the_builder_takes_an_open_run_back),
		ON_MACHINE(finds_the_kernel),
		ON_MACHINE(a_vm_that_it_fits_changes_nothing),
		ON_MACHINE(apply_does_the_same),
		ON_MACHINE(traffic_is_sent_by_a_run),
		cmocka_unit_test(says_what_does_not_fit),
		cmocka_unit_test(a_generation_that_shares_its_id_is_told),
		ON_MACHINE(a_mismatch_is_repaired_and_said),
		cmocka_unit_test(reads_the_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
