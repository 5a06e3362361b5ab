/* lab/vm/net.h - the lab's network: namespaces that nobody but an open descriptor holds, a bridge,
 * veth pairs, taps.
 *
 * Nothing here outlives the process: when the daemon ends, however it ends, the kernel takes all of
 * it down. The host's own network is never touched. No namespace has a route to the outside. */
#pragma once

#include "base/error.h"

struct vm;

/* A namespace with the bridge br0 (VM_BRIDGE_MAC) that carries the gateway and Azure's two magic
 * addresses. Returns a descriptor (close-on-exec), or -1 with *err set. */
int net_open_lab(struct error *err);

/* Furnish a cell's empty namespace: eth0 with the VM's MAC and address, default route and host
 * routes, its other end on the bridge of `lab`. Returns 0, or -1 with *err set. */
int net_furnish_cell(int netns, int lab, const struct vm *vm, struct error *err);

/* Run `fn` with the calling thread in the namespace, and come back. Returns what `fn` returned, or
 * -1 with *err set. */
int net_within(int netns, int (*fn)(void *ctx, struct error *err), void *ctx, struct error *err);
