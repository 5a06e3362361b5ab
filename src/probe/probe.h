/* probe/probe.h - reads everything that facts.h has a place for. One file a source; each source has
 * a pure parser. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "facts/facts.h"

struct host;
struct settings;

struct probe_options {
	bool metadata; /* ask instance metadata (or the world's "imds"); false: vm.metadata stays
			  UNKNOWN */
	const struct settings *settings; /* where packs lie and who may sign them; NULL: packs are
					    not looked for */
};

/* Fill *ret. What cannot be read is unknown, never an error; -1 only when the machine cannot be
 * read at all. */
int probe_facts(const struct host *h, const struct probe_options *options, struct facts *ret,
		struct error *err);

/* Only what can change while a driver comes up: PCI functions, ports, modules. The generation of
 * the functions is the catalogue's to fill in again. */
int probe_rdma(const struct host *h, struct facts *into, struct error *err);
