/* tests/unit/act/test_boot.c - what a run does around a boot: the restart that a new stack needs,
 * and the waits of a first boot. */
#include "machine.h"

#include <stdlib.h>
#include <unistd.h>
#include <utmp.h>

#include "act/boot/hand_over.h"
#include "act/boot/kernel_change.h"
#include "act/boot/onlookers.h"
#include "act/process.h"
#include "act/boot/reboot.h"
#include "act/record/receipt.h"
#include "act/boot/waits.h"
#include "base/fs.h"
#include "catalogue/catalogue.h"

static struct machine m;
static struct outcome o;

/* A stack that takes the place of the kernel's own modules: mlx5_core is loaded. */
static const struct driver_row replacing = {
	.id = "replacing",
	.route = "distro",
	.os_ids = "debian",
	.os_versions = "12",
	.generations = "CX6",
	.arch = "x86_64",
	.kernels = "",
	.flavours = "",
	.sizes = "",
	.package_manager = "apt",
	.packages = "rdma-core,ibverbs-providers,my-mlnx-ofa_kernel",
	.build_packages = "",
	.modules = "mlx5_ib,ib_uverbs",
	.optional_modules = "",
	.services = "",
	.version = "",
	.ofed = "",
	.url = "",
	.sha256 = "",
	.repository = "",
	.key = "",
	.options = "",
	.peer_memory = "unknown",
	.seconds = -1,
	.download_bytes = -1,
	.disk_bytes = -1,
	.source = "test",
	.why = "test",
};

static const struct archive_package archive[] = {
	{ "libibverbs1", "44.0-2", { NULL } },
	{ "ibverbs-providers", "44.0-2", { "libibverbs1" } },
	{ "rdma-core", "44.0-2", { NULL } },
	{ "my-mlnx-ofa_kernel", "25.10-1", { NULL } },
};

static int set_up(void **unused)
{
	static struct catalogue catalogue;

	(void)unused;
	machine_make(&m);
	catalogue = catalogue_built_in;
	catalogue.drivers = &replacing;
	catalogue.ndrivers = 1;
	m.catalogue = &catalogue;
	m.archive = archive;
	m.narchive = ARRAY_SIZE(archive);
	m.settings.driver = CHOICE_DISTRO;
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	machine_drop(&m);
	return 0;
}

/* The former stack serves. */
static void serve(void)
{
	machine_put(&m, "proc/modules",
		    "mlx5_core 65536 0 - Live 0x0\nmlx5_ib 65536 0 - Live 0x0\n"
		    "ib_uverbs 65536 0 - Live 0x0\nib_core 65536 0 - Live 0x0\n");
	machine_show_port(&m);
}

static bool is_open(void)
{
	return machine_has(&m, ACT_STATE_DIR "/journal/open");
}

static void restarts_once_and_goes_on(void **unused)
{
	AUTO_BUF struct buf receipt = { 0 };

	(void)unused;
	machine_apply(&m, &o);
	assert_true(o.rebooting);

	assert_int_equal(o.exit_code, 0);
	assert_int_equal(m.restarts, 1);
	assert_true(is_open());
	assert_false(machine_has(&m, ACT_STATE_DIR "/receipt.json"));
	machine_restart(&m);
	machine_recover(&m, &o);

	assert_int_equal(o.exit_code, 0);
	assert_false(o.rebooting);
	assert_false(o.reboot_pending);
	assert_non_null(strstr(o.message, "InfiniBand works"));
	assert_false(is_open());
	machine_text(&m, ACT_STATE_DIR "/receipt.json", &receipt);
	assert_non_null(strstr(receipt.data, "\"awaitsBootAfter\": null"));
	assert_int_equal(m.restarts, 1);
}

/* The order was lost, or the machine does not go down: nobody waits for it for ever. */
static void says_that_the_restart_has_not_come(void **unused)
{
	(void)unused;
	machine_apply(&m, &o);
	machine_apply(&m, &o);
	assert_int_equal(m.restarts, 1);
	assert_int_equal(o.fault, FAULT_REBOOT_REQUIRED);
	assert_int_equal(o.exit_code, 14);
	assert_true(o.reboot_pending);
	assert_non_null(strstr(o.message, "has not come"));
	assert_false(is_open());
	machine_restart(&m);
	machine_apply(&m, &o);

	assert_int_equal(o.exit_code, 0);
	assert_false(o.reboot_pending);
	assert_int_equal(m.restarts, 1);
}

static void turns_back_what_the_restart_does_not_bring_up(void **unused)
{
	AUTO_BUF struct buf former = { 0 }, now = { 0 };

	(void)unused;
	machine_snapshot(&m, &former);
	machine_apply(&m, &o);
	assert_int_equal(m.restarts, 1);
	m.driver_dead = true;
	machine_restart(&m);
	machine_recover(&m, &o);
	assert_int_equal(o.fault, FAULT_DRIVER_BROKEN);
	assert_non_null(strstr(o.message, "stay until the next boot"));
	machine_snapshot(&m, &now);
	assert_string_equal(buf_text(&now), buf_text(&former));
	/* The same request again: no second restart. */
	m.driver_dead = false;
	machine_apply(&m, &o);
	assert_int_equal(m.restarts, 1);
	assert_int_equal(o.fault, FAULT_REBOOT_REQUIRED);
	assert_non_null(strstr(o.message, "already"));
}

static void the_order_may_fail(void **unused)
{
	(void)unused;
	m.upsets[0] = (struct upset) { "reboot", -1, "Failed to talk to init daemon.\n", false };
	serve();
	machine_apply(&m, &o);

	assert_int_equal(o.exit_code, 0);
	assert_true(o.reboot_pending);
	assert_non_null(strstr(o.message, "Failed to talk to init daemon"));
}

/* What is in memory before it is not what was installed. */
static void traffic_waits_for_the_restart(void **unused)
{
	(void)unused;
	m.settings.verify = VERIFY_LOOPBACK;
	m.upsets[0] = (struct upset) { "reboot", -1, "Failed to talk to init daemon.\n", false };
	serve();
	machine_apply(&m, &o);
	assert_int_equal(o.exit_code, 0);
	assert_true(o.reboot_pending);
	machine_restart(&m);
	machine_apply(&m, &o);
	assert_int_equal(o.exit_code, 14);
	assert_non_null(strstr(o.message, "loopback:mlx5_0/1"));
}

static void never(void)
{
	m.settings.reboot = REBOOT_NEVER;
}

static void inhibitor(void)
{
	machine_put(&m, "run/systemd/inhibit/1",
		    "WHAT=sleep:shutdown\nMODE=block\nUID=0\nPID=77\nWHO=backup\nWHY=it runs\n");
}

static void session(void)
{
	machine_put(&m, "run/systemd/sessions/4",
		    "UID=0\nUSER=root\nACTIVE=1\nSTATE=active\nREMOTE=1\nCLASS=user\n");
}

static void logged_in(void)
{
	struct utmp u[2] = { { .ut_type = USER_PROCESS, .ut_pid = 998, .ut_user = "gone" },
			     { .ut_type = USER_PROCESS, .ut_pid = 999, .ut_user = "anna" } };

	machine_put(&m, "run/utmp", "");
	assert_int_equal(fs_replace(m.host.root, "run/utmp", u, sizeof(u), 0644), 0);
	machine_put(&m, "proc/999/comm", "sshd\n");
}

static void command(void)
{
	static const char agent[] = "python3\0-u\0x.egg\0-run-exthandlers";

	machine_put(&m, "proc/300/cmdline", "");
	assert_int_equal(fs_replace(m.host.root, "proc/300/cmdline", agent, sizeof(agent), 0644),
			 0);
	machine_put(&m, "proc/300/stat", "300 (python3) S 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 5\n");
	machine_put(&m, "proc/310/stat", "310 (sh) S 300 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 5\n");
	machine_put(&m, "proc/310/cmdline", "/var/lib/waagent/Other-1.0/enable.sh");
}

static void older_receipt(void)
{
	machine_put(&m, ACT_STATE_DIR "/receipt.json",
		    "{\"schema\":\"ib-vmext/receipt/1\",\"installed\":[]}");
}

static void cloud_init(void)
{
	m.settings.timeouts.lock_s = 30;
	machine_put(&m, "run/cloud-init/status.json",
		    "{\"v1\":{\"stage\":\"modules-final\",\"modules-final\":{\"start\":1.5}}}");
}

static const struct {
	const char *name;
	void (*prepare)(void);
	const char *why;
} pending[] = {
	{ "reboot: never", never, "the setting reboot is never" },
	{ "an inhibitor", inhibitor, "backup (it runs) forbids to shut down" },
	{ "a session", session, "root is logged in" },
	{ "utmp", logged_in, "anna is logged in" },
	{ "a command of another extension", command,
	  "Other-1.0/enable.sh is a command of another" },
	{ "not the first installation", older_receipt, "this is not the first" },
	{ "cloud-init", cloud_init, "cloud-init (modules-final) has not ended" },
};

/* With a stack that serves: success. Without one: not, and nothing is undone. */
static void leaves_the_restart_to_others(void **state)
{
	size_t row = (size_t)(uintptr_t)*state;
	AUTO_BUF struct buf receipt = { 0 };

	pending[row].prepare();
	serve();
	machine_apply(&m, &o);

	assert_int_equal(o.exit_code, 0);
	assert_true(o.reboot_pending);
	assert_int_equal(m.restarts, 0);
	assert_non_null(strstr(o.message, "InfiniBand works"));
	if (!strstr(o.message, pending[row].why))
		fail_msg("%s: %s", pending[row].name, o.message);
	machine_text(&m, ACT_STATE_DIR "/receipt.json", &receipt);
	assert_non_null(strstr(receipt.data, "\"awaitsBootAfter\": \"0c3e0d5c"));
	assert_false(is_open());
	machine_undo(&m, false, &o);

	assert_int_equal(o.exit_code, 0);
	assert_int_equal(fs_remove(m.host.root, "sys/class/infiniband"), 0);
	machine_apply(&m, &o);
	assert_int_equal(o.fault, row == 5 ? FAULT_NONE : FAULT_REBOOT_REQUIRED);
}

static const struct {
	const char *text;
	bool person;
} sessions[] = {
	{ "UID=0\nUSER=root\nSTATE=active\nCLASS=user\n", true },
	{ "USER=root\nSTATE=online\nCLASS=user-early\n", true },
	{ "USER=root\nSTATE=closing\nCLASS=user\n", false },
	{ "USER=root\nSTATE=active\nCLASS=manager\n", false },
	{ "USER=gdm\nSTATE=active\nCLASS=greeter\n", false },
	{ "USER=root\nSTATE=active\nCLASS=background\n", false },
	{ "XCLASS=user\nUSER=root\n", false },
	{ "", false },
};

static const struct {
	const char *text;
	bool blocks;
} inhibitors[] = {
	{ "WHAT=shutdown\nMODE=block\nWHO=a\nWHY=b\n", true },
	{ "WHAT=sleep:shutdown:idle\nMODE=block\n", true },
	{ "WHAT=shutdown\nMODE=delay\nWHO=unattended-upgrades\n", false },
	{ "WHAT=sleep:idle\nMODE=block\n", false },
	{ "WHAT=handle-shutdown\nMODE=block\n", false },
	{ "", false },
};

static void reads_logind(void **unused)
{
	char name[64];

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(sessions); i++)
		assert_int_equal(session_is_persons(sessions[i].text, name, sizeof(name)),
				 sessions[i].person);
	for (size_t i = 0; i < ARRAY_SIZE(inhibitors); i++)
		assert_int_equal(inhibitor_blocks_shutdown(inhibitors[i].text, name, sizeof(name)),
				 inhibitors[i].blocks);
}

static const struct {
	const char *text;
	bool running;
	const char *stage;
	int64_t since_s;
} stages[] = {
	{ "{\"v1\":{\"stage\":\"init\",\"init\":{\"start\":12.7,\"finished\":null}}}", true, "init",
	  12 },
	{ "{\"v1\":{\"stage\":null,\"init\":{\"start\":12.7,\"finished\":13.0}}}", true,
	  "between two stages", 0 },
	{ "{\"v1\":{\"stage\":\"modules-final\"}}", true, "modules-final", 0 },
	{ "{\"v1\":{\"stage\":\"init\",\"init\":{\"start\":13}}}", true, "init", 13 },
	{ "{\"v1\":{\"stage\":\"init\",\"init\":{\"start\":1.3e30}}}", true, "init", 0 },
	{ "{\"v1\":{\"stage\":\"init\",\"init\":{\"start\":-9223372036854775807}}}", true, "init",
	  0 },
	{ "{\"v1\":7}", false, "", 0 },
	{ "{\"v1\":{\"stage\":\"init\"", false, "", 0 },
	{ "", false, "", 0 },
};

static void reads_cloud_init(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(stages); i++) {
		struct cloud_init_state s;

		cloud_init_parse(stages[i].text, strlen(stages[i].text), &s);
		assert_int_equal(s.running, stages[i].running);
		assert_string_equal(s.stage, stages[i].stage);
		assert_int_equal(s.since_s, stages[i].since_s);
	}
}

static void reads_processes(void **unused)
{
	uint64_t start = 0;
	pid_t parent = 0;

	(void)unused;
	assert_int_equal(
		process_stat_parse("7 (a) b) S 3 7 7 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 4711 9",
				   &parent, &start),
		0);
	assert_int_equal(parent, 3);
	assert_int_equal(start, 4711);
	assert_true(process_stat_parse("7 (a) S 3", &parent, &start) < 0);
	assert_true(process_stat_parse("", &parent, &start) < 0);
	machine_put(&m, "proc/7/stat", "7 (a) S 3 7 7 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 1000 9\n");
	machine_put(&m, "proc/uptime", "70.50 3.0\n");
	assert_int_equal(process_age_s(&m.host, 7), 60);
	assert_int_equal(process_age_s(&m.host, 8), -1);
}

static bool stop_now(void *ctx)
{
	(void)ctx;
	return true;
}

/* Each is told with holder, age and end, and given up at timeouts.lock. */
static void waits_for_the_first_boot(void **unused)
{
	struct waiting w = { .host = &m.host, .limit_s = 60 };
	struct error err = { 0 };

	(void)unused;
	assert_int_equal(waits_before_work(&w, &err), 0);
	assert_int_equal(m.clock.slept_ms, 0);
	machine_put(&m, "proc/500/comm", "unattended-upgr\n");
	machine_put(&m, "proc/500/cmdline", "/usr/bin/python3 /usr/bin/unattended-upgrade");
	machine_put(&m, "proc/500/stat", "500 (u) S 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1000\n");
	machine_put(&m, "proc/uptime", "70.50 3.0\n");
	assert_int_equal(waits_before_work(&w, &err), 0);
	assert_in_range(m.clock.slept_ms, 55000, 65000);
	assert_non_null(strstr(m.said.data, "unattended-upgr (pid 500), which began 60 s ago"));
	assert_non_null(strstr(m.said.data, "going on beside it"));
	w.stop = stop_now;
	assert_int_equal(waits_before_work(&w, &err), -1);
	assert_int_equal(err.fault, FAULT_TAKEN_OVER);
	machine_put(&m, "proc/500/cmdline", "python3 /usr/share/unattended-upgrade-shutdown");
	assert_int_equal(waits_before_work(&w, &err), 0);
}

/* As cloud-init calls us, or a command of the agent: nobody waits for who waits for us. */
static void hands_over_to_a_unit(void **unused)
{
	struct waiting w = { .host = &m.host, .limit_s = 60 };
	AUTO_BUF struct buf settings = { 0 };
	struct error err = { 0 };
	char path[64], told[400];
	bool given = true;

	(void)unused;
	m.settings.driver = CHOICE_INBOX;
	assert_int_equal(
		hand_over(&m.host, m.program, &m.settings, &given, told, sizeof(told), &err), 0);
	assert_false(given);
	TEXT_FORMAT(path, "proc/%d/cmdline", (int)getppid());
	machine_put(&m, path, "/usr/bin/python3 /usr/bin/cloud-init modules --mode=final");
	machine_put(&m, "run/cloud-init/status.json", "{\"v1\":{\"stage\":\"modules-final\"}}");
	assert_int_equal(waits_before_work(&w, &err), 0);
	assert_int_equal(m.clock.slept_ms, 0);
	assert_int_equal(
		hand_over(&m.host, m.program, &m.settings, &given, told, sizeof(told), &err), 0);
	assert_true(given);
	assert_non_null(strstr(told, "cloud-init (pid"));
	machine_text(&m, ACT_STATE_DIR "/handed-over.json", &settings);
	assert_string_equal(settings.data, "{\"driver\":\"inbox\"}");
	assert_non_null(strstr(m.said.data, "--settings /var/lib/ib-vmext/handed-over.json apply"));
}

#define NEWER "6.1.0-57-amd64"

/* As after the installation of a kernel, which has its own modules. */
static void boot_newer_kernel(const char *dep)
{
	machine_put(&m, "proc/sys/kernel/osrelease", NEWER "\n");
	machine_put(&m, "lib/modules/" NEWER "/modules.dep", dep);
	machine_put(&m, "lib/modules/" NEWER "/modules.builtin", "");
	machine_restart(&m);
}

/* A stack of updates/ that was installed for the first kernel. */
static void install(void)
{
	m.dkms_builds = true;
	machine_put(&m, "lib/modules/6.1.0-56-amd64/modules.dep",
		    "updates/mlx5_core.ko:\nupdates/mlx5_ib.ko:\nupdates/ib_uverbs.ko:\n"
		    "updates/ib_core.ko:\n");
	machine_apply(&m, &o);
	assert_true(o.rebooting);
	machine_restart(&m);
	machine_recover(&m, &o);
	assert_int_equal(o.exit_code, 0);
}

static const char own[] = "kernel/mlx5_core.ko:\nkernel/mlx5_ib.ko:\nkernel/ib_uverbs.ko:\n"
			  "kernel/ib_core.ko:\n";

static const struct {
	const char *name, *dep;
	bool builds;
	enum kernel_end end;
	const char *told; /* NULL: nothing */
	const char *log;  /* of the build of mlnx-ofed-kernel 25.10; NULL: none */
} kernels[] = {
	{ "it has the modules",
	  "updates/mlx5_core.ko:\nupdates/mlx5_ib.ko:\n"
	  "updates/ib_uverbs.ko:\nupdates/ib_core.ko:\n",
	  false, KERNEL_SERVED, NULL, NULL },
	{ "they can be built", own, true, KERNEL_REBUILT, "were built for it", NULL },
	{ "they cannot: its own serve", own, false, KERNEL_INBOX,
	  "cannot be built (dkms autoinstall: exit code 100: Error! Bad return status", NULL },
	{ "the log says why", own, false, KERNEL_INBOX,
	  "cannot be built (mlnx-ofed-kernel 25.10: main.c:17:10: error: no such member)",
	  "make: Entering directory\nmain.c:17:10: error: no such member\n" },
};

static enum kernel_end mend(void)
{
	enum kernel_end end = KERNEL_NONE;
	struct error err = { 0 };
	struct act a;

	assert_int_equal(act_open(&a, &m.host, m.catalogue, true, &err), 0);
	assert_int_equal(kernel_change_mend(&a, &end, &err), 0);
	act_close(&a);
	return end;
}

/* Once at the boot; then `apply`, as the agent asks at every boot, keeps what serves and tells. */
static void serves_a_newer_kernel(void **state)
{
	size_t row = (size_t)(uintptr_t)*state;
	AUTO_JSON json_t *receipt = NULL;
	char told[700] = "";

	install();
	assert_int_equal(mend(), KERNEL_SAME);
	m.dkms_builds = kernels[row].builds;
	boot_newer_kernel(kernels[row].dep);
	if (kernels[row].log)
		machine_put(&m, "var/lib/dkms/mlnx-ofed-kernel/25.10/build/make.log",
			    kernels[row].log);
	assert_int_equal(mend(), kernels[row].end);
	assert_int_equal(mend(), KERNEL_SAME);
	receipt = receipt_read(&m.host);
	assert_int_equal(kernel_change_tells(&m.host, receipt, told, sizeof(told)),
			 kernels[row].told != NULL);
	if (kernels[row].told && !strstr(told, kernels[row].told))
		fail_msg("%s: %s", kernels[row].name, told);
	m.settings.driver = CHOICE_AUTO;
	machine_apply(&m, &o);
	/* Where DKMS still has the driver, the kernel's own modules are not all of its stack. */
	assert_int_equal(o.exit_code, kernels[row].log ? 14 : 0);
	assert_int_equal(o.plan.nsteps, 0);
	if (kernels[row].told && !strstr(o.message, kernels[row].told))
		fail_msg("%s: %s", kernels[row].name, o.message);
	/* The former kernel again: nothing of that is told. */
	machine_put(&m, "proc/sys/kernel/osrelease", "6.1.0-56-amd64\n");
	assert_false(kernel_change_tells(&m.host, receipt, told, sizeof(told)));
}

/* Only what is written is changed: an undo takes the unit away, too. */
static void leaves_no_unit_behind(void **unused)
{
	AUTO_BUF struct buf former = { 0 }, now = { 0 };

	(void)unused;
	m.settings.reboot = REBOOT_NEVER;
	serve();
	machine_snapshot(&m, &former);
	machine_apply(&m, &o);
	assert_true(machine_has(&m, "etc/systemd/system/ib-vmext-boot.service"));
	assert_true(machine_has(&m, "etc/systemd/system/multi-user.target.d/ib-vmext-boot.conf"));
	machine_undo(&m, false, &o);
	assert_int_equal(o.exit_code, 0);
	machine_snapshot(&m, &now);
	assert_string_equal(buf_text(&now), buf_text(&former));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

/* A row of a table as a test of its own. */
static struct CMUnitTest row_test(const char *name, CMUnitTestFunction fn, size_t row)
{
	return (struct CMUnitTest) { .name = name,
				     .test_func = fn,
				     .setup_func = set_up,
				     .teardown_func = tear_down,
				     .initial_state = (void *)(uintptr_t)row };
}

int main(void)
{
	struct CMUnitTest tests[11 + ARRAY_SIZE(pending) + ARRAY_SIZE(kernels)] = {
		TEST(restarts_once_and_goes_on),
		TEST(says_that_the_restart_has_not_come),
		TEST(turns_back_what_the_restart_does_not_bring_up),
		TEST(the_order_may_fail),
		TEST(traffic_waits_for_the_restart),
		TEST(leaves_no_unit_behind),
		TEST(hands_over_to_a_unit),
		TEST(reads_logind),
		TEST(reads_cloud_init),
		TEST(reads_processes),
		TEST(waits_for_the_first_boot),
	};
	size_t n = 11;

	for (size_t i = 0; i < ARRAY_SIZE(pending); i++)
		tests[n++] = row_test(pending[i].name, leaves_the_restart_to_others, i);
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++)
		tests[n++] = row_test(kernels[i].name, serves_a_newer_kernel, i);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
