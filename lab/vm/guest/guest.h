/* lab/vm/guest/guest.h - lab-guest, the one process of the lab inside a machine.
 *
 * A static program, started early by lab-guest.service: it makes of a generic image the VM that
 * the config disk describes, tells systemd and the host, and then runs commands for the host.
 * It knows nothing of ib-vmext and must leave nothing for it to find but what Azure would. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { CONFIG_ROUTES = 4, CONFIG_FILES = 16 };

/* Pointers into the text of the config disk. */
struct config {
	const char *mode, *name, *address, *mac, *gateway, *seed;
	const char *pci, *guid, *port, *rate;
	const char *routes[CONFIG_ROUTES];
	char *files[CONFIG_FILES]; /* "PATH MODE HEX" */
	size_t nroutes, nfiles;
	bool agent, agent_disk, vmbus, adapter;
	char *text; /* owned */
};

/* config.c: read the config disk past the page cache. Exits the program if there is none. */
void config_read(struct config *ret);
void config_free(struct config *c);

/* network.c: hostname, address, MAC and routes of eth0. */
void network_apply(const struct config *c);

/* system.c: clock, random pool and the files of the config disk. */
void system_prepare(const struct config *c);

/* adapter.c: what of VMBus, adapter and ports is there. Called again for each "apply". */
void adapter_apply(const struct config *c);

/* serve.c: run the commands that come over one port, for ever. */
_Noreturn void serve_port(int port);

/* util.c */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* to the journal */
int run_wait(const char *const argv[]); /* exit status, 128 + signal, or -1 */
bool write_text(const char *path, const char *text);
int port_open(const char *name); /* waits for the device; never fails */
