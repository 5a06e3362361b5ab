/* Loads the VMBus stand-in and keeps the parameters of the fake modules as the host wants them. */
#include "guest.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PARAMETERS "/run/modprobe.d/lab.conf" /* for what is loaded later */

/* Change a parameter of a module that is loaded; the others find theirs in PARAMETERS. */
static void parameter_set(const char *module, const char *name, const char *value)
{
	char path[128];

	(void)snprintf(path, sizeof path, "/sys/module/%s/parameters/%s", module, name);
	if (access(path, W_OK) == 0)
		(void)write_text(path, value);
}

void adapter_apply(const struct config *c)
{
	const char *const load[] = { "modprobe", "fakevmbus", NULL };
	const char *plugged = c->adapter ? "1" : "0";
	char text[1024];

	(void)snprintf(text, sizeof text,
		       "options fakevmbus ids=%s plugged=%s bus=%s\noptions fakeib guid=%s "
		       "state=%s rate=%s\n",
		       c->pci, plugged, c->vmbus ? "vmbus" : "passthrough", c->guid, c->port,
		       c->rate);
	(void)mkdir("/run/modprobe.d", 0755);
	(void)write_text(PARAMETERS, text);
	parameter_set("fakevmbus", "plugged", plugged);
	parameter_set("fakeib", "guid", c->guid);
	parameter_set("fakeib", "state", c->port);
	parameter_set("fakeib", "rate", c->rate);
	if (access("/sys/module/fakevmbus", F_OK) != 0 && run_wait(load) != 0)
		complain("fakevmbus was not loaded");
}
