/* act/boot/deadman.h - the dead-man switch of a live reload: a unit of its own that brings the
 * former modules and the network back, unless it is disarmed in time.
 *
 * Armed by /var/lib/ib-vmext/deadman.json: {"gateway", "modules" (in the order of loading),
 * "addresses" (words of `ip address add`), "routes" (words of `ip route replace`), "netdevs",
 * "silentS", "totalS", "release"}. Disarmed by removing the file; where it had to act, it leaves
 * deadman.fired. It asks the default gateway with the host's ping. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/json.h"

struct host;

enum { DEADMAN_SILENT_S = 30, DEADMAN_TOTAL_S = 180 };

/* "default via 10.0.0.1 dev eth0 ...", as `ip route show` prints it: the gateway of the first such
 * line. False if there is none. */
bool deadman_gateway(const char *routes, char *ret, size_t size);

/* The words after which `ip address add` and `ip route replace` make a line of `ip -o address show`
 * or `ip route show` again; only of the named interface, else "". */
void deadman_address(const char *line, const char *netdev, char *ret, size_t size);
void deadman_route(const char *line, const char *netdev, char *ret, size_t size);

/* Note how it is now and start the unit. FAULT_RELOAD_REFUSED where the gateway does not answer:
 * then nobody could tell whether the network is back. `modules` is borrowed: names, in the order of
 * loading. */
int deadman_arm(const struct host *h, const char *program, json_t *modules, struct error *err);

/* Give the new interfaces the former addresses and routes, and wait until the gateway answers. Then
 * disarm. FAULT_RELOAD_FAILED if the switch has acted meanwhile. */
int deadman_settle(const struct host *h, struct error *err);

/* Bring back what the switch was last armed for, under the switch again; nothing where it was never
 * armed, or has done so itself. */
int deadman_undo(const struct host *h, const char *program, struct error *err);

/* Nothing is left to be brought back. */
void deadman_forget(const struct host *h);

/* What the unit does: until it is disarmed, or has acted. */
int deadman_watch(const struct host *h, struct error *err);

/* Bring the former modules and the network back, as the file says; once more where it was begun
 * already. */
int deadman_restore(const struct host *h, const json_t *armed, struct error *err);
