/* tests/unit/act/test_deadman.c - the switch that brings the network back. */
#include "machine.h"

#include <stdlib.h>
#include <unistd.h>

#include "act/boot/deadman.h"
#include "act/step/reload_order.h"
#include "act/step/step.h"
#include "base/fs.h"
#include "host/run.h"

#define ADDRESSES                                                                                  \
	"1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever\n"                      \
	"2: eth0    inet 10.0.0.4/24 brd 10.0.0.255 scope global eth0\\       valid_lft forever\n" \
	"2: eth0    inet6 fe80::1/64 scope link \\       valid_lft forever\n"
#define ROUTES                                                                                     \
	"default via 10.0.0.1 dev eth0 proto dhcp metric 100 \n"                                   \
	"10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.4 linkdown \n"                    \
	"10.9.0.0/24 dev eth1 scope link \n"

static void reads_what_ip_says(void **unused)
{
	static const struct {
		const char *line, *address, *route;
	} rows[] = {
		{ "2: eth0    inet 10.0.0.4/24 brd 10.0.0.255 scope global eth0\\ x",
		  "10.0.0.4/24 dev eth0", "" },
		{ "2: eth0    inet6 2001:db8::4/64 scope global", "2001:db8::4/64 dev eth0", "" },
		{ "2: eth0    inet6 fe80::4/64 scope link", "", "" },
		{ "3: eth0.5@eth0    inet 10.1.0.4/24", "", "" },
		{ "default via 10.0.0.1 dev eth0 metric 100", "",
		  "default via 10.0.0.1 dev eth0 metric 100" },
		{ "10.0.0.0/24 dev eth0 src 10.0.0.4 linkdown ", "",
		  "10.0.0.0/24 dev eth0 src 10.0.0.4" },
		{ "10.0.0.0/24 dev eth00 src 10.0.0.4", "", "" },
		{ "", "", "" },
		{ "dev", "", "" },
	};
	char ret[256];

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		deadman_address(rows[i].line, "eth0", ret, sizeof(ret));
		assert_string_equal(ret, rows[i].address);
		deadman_route(rows[i].line, "eth0", ret, sizeof(ret));
		assert_string_equal(ret, rows[i].route);
	}
	assert_true(deadman_gateway(ROUTES, ret, sizeof(ret)));
	assert_string_equal(ret, "10.0.0.1");
	assert_false(deadman_gateway("10.0.0.0/24 via 10.0.0.9 dev eth0\n", ret, sizeof(ret)));
	assert_false(deadman_gateway("", ret, sizeof(ret)));
}

/* A machine whose network is mlx5_core's: the gateway answers while that and the address are in. */
#define AWAY_FILE "run/modprobe.d/ib-vmext-deadman.conf"

static struct machine m;
static struct {
	bool in, addressed;
	bool new_bad; /* modprobe loads a module with which nothing works */
	struct buf did;
} net;

static bool is_bad;

static void load(bool in, bool bad)
{
	net.in = in;
	net.addressed = false;
	is_bad = bad;
	machine_put(&m, "proc/modules", in ? "mlx5_core 1 0 - Live 0x0\n" : "");
	if (!in)
		assert_int_equal(fs_remove(m.host.root, "sys/class/net/eth0"), 0);
	else
		machine_put(&m, "sys/class/net/eth0/address", "x\n");
}

static int play(const struct host *h, const struct run_spec *spec, struct run_result *ret,
		struct error *err)
{
	const char *const *argv = spec->argv;

	(void)h;
	(void)err;
	m.clock.now_ms += 50;
	ret->end = RUN_EXITED;
	for (size_t i = 0; argv[i] && !text_eq(argv[0], "ping"); i++)
		assert_int_equal(buf_add_format(&net.did, "%s ", argv[i]), 0);
	if (text_eq(argv[0], "ping")) {
		ret->code = !(net.in && net.addressed && !is_bad);
	} else if (text_eq(argv[0], "ip") && text_eq(argv[1], "-o")) {
		assert_int_equal(buf_add_text(&ret->out, ADDRESSES), 0);
	} else if (text_eq(argv[0], "ip") && text_eq(argv[2], "show")) {
		assert_int_equal(buf_add_text(&ret->out, ROUTES), 0);
	} else if (text_eq(argv[0], "ip") && text_eq(argv[1], "address")) {
		net.addressed = net.in;
	} else if (text_eq(argv[0], "rmmod")) {
		load(false, false);
	} else if (text_eq(argv[0], "insmod")) {
		assert_string_equal(argv[1], "/lib/modules/6.1.0-56-amd64/kernel/n/mlx5_core.ko");
		/* udev must not load the new ones meanwhile. */
		assert_true(machine_has(&m, AWAY_FILE));
		load(true, false);
	} else if (text_eq(argv[0], "modprobe")) {
		load(true, net.new_bad);
	}
	return 0;
}

static const struct runner player = { .run = play };

static int set_up(void **unused)
{
	(void)unused;
	machine_make(&m);
	m.host.runner = &player;
	assert_int_equal(fs_make_dirs(m.host.root, ACT_STATE_DIR, 0700), 0);
	machine_put(&m, "lib/modules/6.1.0-56-amd64/modules.order", "kernel/n/mlx5_core.ko\n");
	machine_put(&m, "lib/modules/6.1.0-56-amd64/kernel/n/mlx5_core.ko", "old");
	machine_put(&m, "sys/class/net/eth0/device/x", "");
	assert_int_equal(symlinkat("/sys/bus/pci/drivers/mlx5_core", m.host.root,
				   "sys/class/net/eth0/device/driver"),
			 0);
	memset(&net, 0, sizeof(net));
	load(true, false);
	net.addressed = true;
	/* Neither Hyper-V nor Azure, which is told by the chassis. */
	assert_int_equal(fs_remove(m.host.root, "sys/bus/vmbus"), 0);
	assert_int_equal(fs_remove(m.host.root, "sys/class/dmi"), 0);
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	buf_free(&net.did);
	machine_drop(&m);
	return 0;
}

static int arm(struct error *err)
{
	AUTO_JSON json_t *modules = json_pack("[s]", "mlx5_core");

	return deadman_arm(&m.host, "/p", modules, err);
}

/* The worker was stopped, or died, while the module was out. */
static void brings_the_network_back(void **unused)
{
	struct error err = { 0 };
	int64_t began;

	(void)unused;
	assert_int_equal(arm(&err), 0);
	assert_non_null(strstr(net.did.data, "systemd-run --unit=ib-vmext-deadman.service"));
	load(false, false);
	buf_clear(&net.did);
	began = m.clock.now_ms;
	assert_int_equal(deadman_watch(&m.host, &err), 0);
	assert_in_range(m.clock.now_ms - began, DEADMAN_SILENT_S * 1000, 60000);
	assert_true(net.in && net.addressed);
	assert_false(machine_has(&m, AWAY_FILE));
	assert_non_null(strstr(net.did.data,
			       "insmod /lib/modules/6.1.0-56-amd64/kernel/n/mlx5_core.ko ip link "
			       "set eth0 up ip address replace 10.0.0.4/24 dev eth0 ip route "
			       "replace default via 10.0.0.1 dev eth0"));
	assert_null(strstr(net.did.data, "eth1"));
	/* The worker goes on after all: it hears of it. */
	assert_int_equal(deadman_settle(&m.host, &err), -1);
	assert_int_equal(err.fault, FAULT_RELOAD_FAILED);
	assert_int_equal(deadman_undo(&m.host, "/p", &err), 0);
	assert_false(machine_has(&m, ACT_STATE_DIR "/deadman.fired"));
}

/* The network is another's, and the worker does not come to its end. */
static void acts_at_the_latest(void **unused)
{
	struct error err = { 0 };
	int64_t began = 0;

	(void)unused;
	assert_int_equal(arm(&err), 0);
	began = m.clock.now_ms;
	assert_int_equal(deadman_watch(&m.host, &err), 0);
	assert_in_range(m.clock.now_ms - began, DEADMAN_TOTAL_S * 1000, 200000);
	assert_true(machine_has(&m, ACT_STATE_DIR "/deadman.fired"));
}

static void needs_a_gateway_that_answers(void **unused)
{
	struct error err = { 0 };

	(void)unused;
	net.addressed = false;
	assert_int_equal(arm(&err), -1);
	assert_int_equal(err.fault, FAULT_RELOAD_REFUSED);
	assert_false(machine_has(&m, ACT_STATE_DIR "/deadman.json"));
}

static void reloads_and_undoes(void **unused)
{
	struct step_context c = { .host = &m.host, .settings = &m.settings };
	struct step s = { .nitems = 1 };
	AUTO_JSON json_t *before = NULL;
	struct error err = { 0 };

	(void)unused;
	assert_int_equal(step_reload.prepare(&c, &s, &before, &err), 0);
	assert_int_equal(step_reload.apply(&c, &s, before, &err), 0);
	assert_true(net.in && net.addressed);
	assert_non_null(
		strstr(net.did.data, "rmmod mlx5_core modprobe -S 6.1.0-56-amd64 mlx5_core"));
	assert_false(machine_has(&m, ACT_STATE_DIR "/deadman.json"));
	assert_int_equal(deadman_watch(&m.host, &err), 0); /* disarmed: ends at once */
	buf_clear(&net.did);
	assert_int_equal(step_reload.undo(&c, &s, before, &err), 0);
	assert_non_null(strstr(net.did.data, "insmod"));
	assert_int_equal(step_reload.undo(&c, &s, before, &err), 0);
	assert_false(machine_has(&m, ACT_STATE_DIR "/deadman.last"));
}

/* And the unit that should have done it is dead: the undo does. */
static void undoes_what_does_not_come_back(void **unused)
{
	struct step_context c = { .host = &m.host, .settings = &m.settings };
	struct step s = { .nitems = 1 };
	AUTO_JSON json_t *before = NULL;
	struct error err = { 0 };

	(void)unused;
	net.new_bad = true;
	assert_int_equal(step_reload.prepare(&c, &s, &before, &err), 0);
	assert_int_equal(step_reload.apply(&c, &s, before, &err), -1);
	assert_int_equal(err.fault, FAULT_RELOAD_FAILED);
	assert_true(machine_has(&m, ACT_STATE_DIR "/deadman.json"));
	assert_int_equal(step_reload.undo(&c, &s, before, &err), 0);
	assert_true(net.in && net.addressed && !is_bad);
	assert_false(machine_has(&m, ACT_STATE_DIR "/deadman.json"));
}

/* What a machine has loaded whose HCA works, as its kernel tells. */
#define STACK                                                                                      \
	"ib_umad 45056 0 - Live 0x0\nib_ipoib 147456 0 - Live 0x0\n"                               \
	"ib_cm 139264 2 ib_ipoib,rdma_cm, Live 0x0\nrdma_cm 139264 1 rdma_ucm, Live 0x0\n"         \
	"rdma_ucm 36864 0 - Live 0x0\nmlx5_ib 413696 0 - Live 0x0\n"                               \
	"ib_uverbs 172032 2 rdma_ucm,mlx5_ib, Live 0x0\n"                                          \
	"ib_core 442368 6 rdma_cm,ib_ipoib,ib_umad,ib_uverbs,mlx5_ib,ib_cm, Live 0x0\n"            \
	"mlx5_core 1703936 1 mlx5_ib, Live 0x0\nvirtio_net 73728 0 - Live 0x0\n"

static void takes_out_what_nothing_refers_to(void **unused)
{
	static const struct row {
		const char *name, *modules, *refused, *next;
	} rows[] = {
		{ "a stack", STACK, NULL, "ib_umad" },
		{ "a protocol that nobody uses goes first",
		  "rpcrdma 1 0 - Live 0x0\nrdma_cm 1 1 rpcrdma, Live 0x0\n", NULL, "rpcrdma" },
		{ "only the core", "mlx5_core 1 0 - Live 0x0\nmlxfw 1 1 mlx5_core, Live 0x0\n",
		  NULL, "mlx5_core" },
		{ "nothing of it", "virtio_net 73728 0 - Live 0x0\n", NULL, NULL },
		{ "a program has the device open",
		  "mlx5_ib 1 1 - Live 0x0\nib_uverbs 1 1 mlx5_ib, Live 0x0\n",
		  "mlx5_ib is in use by a program", "" },
		{ "NFS over RDMA is mounted", "rpcrdma 1 3 - Live 0x0\n",
		  "rpcrdma is in use by a program or a mount", "" },
		{ "another driver's", "ib_core 1 1 irdma, Live 0x0\nirdma 1 0 - Live 0x0\n",
		  "irdma hangs on ib_core", "" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct error err = { 0 };
		char next[56] = "";
		int rc = reload_order_possible(r->modules, &err);

		print_message("%s\n", r->name);
		if (r->refused) {
			assert_int_equal(rc, -1);
			assert_int_equal(err.fault, FAULT_RELOAD_REFUSED);
			assert_non_null(strstr(err.what, r->refused));
			continue;
		}
		assert_int_equal(rc, 0);
		assert_int_equal(reload_order_next(r->modules, next, sizeof(next)),
				 r->next != NULL);
		assert_string_equal(next, r->next ? r->next : "");
	}
	for (size_t i = 0; i < RELOAD_CORE; i++)
		assert_non_null(reload_modules[i]);
	assert_true(reload_order_has(STACK, "mlx5_ib"));
	assert_false(reload_order_has(STACK, "mlx5"));
}

static void hyper_v(void)
{
	machine_put(&m, "sys/bus/vmbus/drivers/hv_pci/uevent", "");
}

static void azure(void)
{
	machine_put(&m, "sys/class/dmi/id/chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77\n");
}

static void a_user(void)
{
	machine_put(&m, "proc/modules",
		    "mlx5_core 1 1 ko2iblnd, Live 0x0\nko2iblnd 1 0 - Live 0x0\n"
		    "ib_core 1 1 ko2iblnd, Live 0x0\n");
}

static void refuses(void **unused)
{
	static void (*const spoils[])(void) = { hyper_v, azure, a_user };
	struct step_context c = { .host = &m.host, .settings = &m.settings };
	struct step s = { .nitems = 1 };

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(spoils); i++) {
		struct error err = { 0 };
		json_t *before = NULL;

		tear_down(NULL);
		set_up(NULL);
		spoils[i]();
		assert_int_equal(step_reload.prepare(&c, &s, &before, &err), -1);
		assert_int_equal(err.fault, FAULT_RELOAD_REFUSED);
		assert_null(net.did.data);
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_ip_says),
		TEST(brings_the_network_back),
		TEST(acts_at_the_latest),
		TEST(needs_a_gateway_that_answers),
		TEST(reloads_and_undoes),
		TEST(undoes_what_does_not_come_back),
		TEST(takes_out_what_nothing_refers_to),
		TEST(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
