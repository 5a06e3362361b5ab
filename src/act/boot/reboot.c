/* The rule of restarts. */
#include "act/boot/reboot.h"

#include "act/boot/onlookers.h"
#include "act/boot/waits.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

enum { ORDER_DEADLINE_S = 60 };

static bool refuse(char *why, size_t size, const char *fmt, const char *name)
{
	text_format(why, size, "%s%s", name, fmt);
	return false;
}

bool reboot_judge(const struct reboot_view *v, char *why, size_t size)
{
	const struct {
		bool holds;
		const char *name, *what;
	} rows[] = {
		{ v->policy == REBOOT_NEVER, "", "the setting reboot is never" },
		{ !v->first_install, "",
		  "only a first installation restarts the VM by itself, and this is not the "
		  "first" },
		{ v->taken > 0, "", "the VM was restarted for this request already" },
		{ v->network[0], v->network, " may stop the next boot at an IPoIB interface" },
		{ v->cloud_init[0], v->cloud_init, " has not ended" },
		{ v->command[0], v->command, " is a command of another extension, which runs" },
		{ v->inhibitor[0], v->inhibitor, " forbids to shut down" },
		{ v->user[0], v->user, " is logged in" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].holds)
			return refuse(why, size, rows[i].what, rows[i].name);
	return true;
}

void reboot_look(const struct host *h, struct reboot_view *v)
{
	struct cloud_init_state state;

	cloud_init_look(h, &state);
	if (state.running)
		TEXT_FORMAT(v->cloud_init, "cloud-init (%s)", state.stage);
	if (!onlooker_command(h, v->command, sizeof(v->command)))
		v->command[0] = '\0';
	if (!onlooker_inhibitor(h, v->inhibitor, sizeof(v->inhibitor)))
		v->inhibitor[0] = '\0';
	if (!onlooker_user(h, v->user, sizeof(v->user)))
		v->user[0] = '\0';
}

int reboot_now(const struct host *h, struct error *err)
{
	static const char *const by_systemd[] = { "systemctl", "--no-block", "reboot", NULL };
	static const char *const by_shutdown[] = { "shutdown", "-r", "now", NULL };
	bool systemd = host_exists(h, "run/systemd/system");
	struct run_spec spec = { .argv = systemd ? by_systemd : by_shutdown,
				 .deadline_s = ORDER_DEADLINE_S };
	char doing[64];

	TEXT_FORMAT(doing, "the VM cannot be restarted: %s", spec.argv[0]);
	return run_or_fail(h, &spec, FAULT_PROGRAM_FAILED, doing, err);
}
