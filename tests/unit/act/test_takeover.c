/* tests/unit/act/test_takeover.c - who manages the network reads its files anew, but not where that
 * would bring in what somebody else has changed. */
#include "machine.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/step/step.h"
#include "facts/own_files.h"
#include "host/run.h"

#define OF_ETH0    "etc/systemd/network/10-eth0.network"
#define OF_CLOUD   "run/systemd/network/10-cloud-init-eth0.network"
#define MANAGER_IS "etc/NetworkManager/NetworkManager.conf"

static struct machine m;
static struct step_context c;
static struct buf asked;
static int64_t active_us; /* when the unit became active, since boot */
static int code;          /* with which the reload ends */

static int play(const struct host *h, const struct run_spec *spec, struct run_result *ret,
		struct error *err)
{
	(void)h;
	(void)err;
	ret->end = RUN_EXITED;
	if (text_eq(spec->argv[0], "systemctl"))
		return buf_add_format(&ret->out, "ActiveEnterTimestampMonotonic=%lld\n",
				      (long long)active_us);
	for (const char *const *word = spec->argv; *word; word++)
		assert_int_equal(buf_add_format(&asked, "%s ", *word), 0);
	ret->code = code;
	return 0;
}
static const struct runner player = { .run = play };

/* The unit became active five minutes before what the clock says now. */
enum { MINUTE_MS = 60 * 1000, UP_MS = 20 * MINUTE_MS };

static int64_t now_ms(const struct clock *clock)
{
	return clock_system.realtime_ms(clock);
}
static int64_t up_ms(const struct clock *clock)
{
	(void)clock;
	return UP_MS;
}
static int64_t later_ms(const struct clock *clock)
{
	return now_ms(clock) + 30LL * MINUTE_MS;
}
/* Files are written now: in `long_ago` before the unit became active, in `just_now` after it. */
static const struct clock long_ago = { .realtime_ms = later_ms, .monotonic_ms = up_ms };
static const struct clock just_now = { .realtime_ms = now_ms, .monotonic_ms = up_ms };

static void as_it_is(void)
{
}
static void ours(void)
{
	machine_put(&m, OWN_IPOIB_NETWORKD, "[Match]\n");
	machine_put(&m, OWN_IPOIB_MANAGER, "[keyfile]\n");
}
static void of_eth0(void)
{
	ours();
	machine_put(&m, OF_ETH0, "[Match]\nName=eth0\n");
}
static void of_cloud_init(void)
{
	machine_put(&m, OF_CLOUD, "[Match]\nName=eth0\n");
}
static void drop_in(void)
{
	machine_put(&m, OF_ETH0 ".d/mtu.conf", "[Link]\n");
}
static void link_to_nowhere(void)
{
	machine_put(&m, "etc/systemd/network/other", "");
	assert_int_equal(unlinkat(m.host.root, "etc/systemd/network/other", 0), 0);
	assert_int_equal(symlinkat("/dev/null", m.host.root, "etc/systemd/network/99-default.link"),
			 0);
}
static void of_the_manager(void)
{
	machine_put(&m, MANAGER_IS, "[main]\n");
}
static void dispatcher(void)
{
	machine_put(&m, "etc/NetworkManager/dispatcher.d/90-site", "#!/bin/sh\n");
}
static void in_use(void)
{
	machine_put(&m, OF_ETH0, "[Match]\nName=eth0\n");
	machine_put(&m, "run/systemd/netif/links/2",
		    "# private\nADMIN_STATE=configured\nNETWORK_FILE=/" OF_ETH0 "\nDNS=\n");
	machine_put(&m, "run/systemd/netif/links/1", "# private\nADMIN_STATE=unmanaged\n");
}
static void taken_away(void)
{
	in_use();
	assert_int_equal(unlinkat(m.host.root, OF_ETH0, 0), 0);
}
static void not_active(void)
{
	active_us = 0;
}
static void too_old(void)
{
	code = 1;
}

#define NETWORKD "systemd-networkd.service"
#define MANAGER  "NetworkManager.service"
#define RELOAD   "networkctl reload "

static const struct {
	const char *name, *unit;
	const struct clock *clock;
	void (*change)(void);
	const char *asked, *said;
} rows[] = {
	{ "nothing was changed", NETWORKD, &just_now, as_it_is, RELOAD, "" },
	{ "our own file", NETWORKD, &just_now, ours, RELOAD, "" },
	{ "the VM's interface, before", NETWORKD, &long_ago, of_eth0, RELOAD, "" },
	{ "the VM's interface, since", NETWORKD, &just_now, of_eth0, "", "/" OF_ETH0 },
	{ "what cloud-init wrote, since", NETWORKD, &just_now, of_cloud_init, "", "/" OF_CLOUD },
	{ "a drop-in, since", NETWORKD, &just_now, drop_in, "", "/" OF_ETH0 ".d/mtu.conf" },
	{ "a link, since", NETWORKD, &just_now, link_to_nowhere, "",
	  "/etc/systemd/network/99-default.link" },
	{ "the file in use is there", NETWORKD, &long_ago, in_use, RELOAD, "" },
	{ "the file in use is gone", NETWORKD, &long_ago, taken_away, "", "/" OF_ETH0 },
	{ "networkd does not run", NETWORKD, &just_now, not_active, "", "" },
	{ "a networkd that cannot reload", NETWORKD, &just_now, too_old, RELOAD,
	  "networkctl: exit code 1" },
	{ "NetworkManager", MANAGER, &just_now, ours, "nmcli general reload conf ", "" },
	{ "NetworkManager's file, since", MANAGER, &just_now, of_the_manager, "", "/" MANAGER_IS },
	{ "what NetworkManager runs is no configuration", MANAGER, &just_now, dispatcher,
	  "nmcli general reload conf ", "" },
	{ "networkd's file is not NetworkManager's", MANAGER, &just_now, of_eth0,
	  "nmcli general reload conf ", "" },
};

static void reloads_where_nothing_else_would_come(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct step s = { .id = "ipoib-takeover", .kind = STEP_TAKEOVER, .nitems = 1 };
		AUTO_JSON json_t *before = NULL;
		struct error err = { 0 };

		(void)TEXT_COPY(s.items[0], rows[i].unit);
		machine_make(&m);
		m.host.runner = &player;
		m.host.clock = rows[i].clock;
		c = (struct step_context) { .host = &m.host, .settings = &m.settings };
		active_us = 1000LL * (UP_MS - 5 * MINUTE_MS);
		code = 0;
		buf_clear(&asked);
		rows[i].change();
		assert_int_equal(step_prepare(&c, &s, &before, &err), 0);
		assert_int_equal(step_apply(&c, &s, before, &err), 0);
		if (!text_eq(buf_text(&asked), rows[i].asked))
			fail_msg("%s: it ran \"%s\"", rows[i].name, buf_text(&asked));
		if (rows[i].said[0] == '\0' ? strstr(buf_text(&m.said), "ipoib.takeover") != NULL
					    : strstr(buf_text(&m.said), rows[i].said) == NULL)
			fail_msg("%s: it said \"%s\"", rows[i].name, buf_text(&m.said));
		assert_int_equal(step_undo(&c, &s, before, &err), 0);
		machine_drop(&m);
	}
	buf_free(&asked);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reloads_where_nothing_else_would_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
