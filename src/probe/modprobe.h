/* probe/modprobe.h - which modules somebody keeps from being loaded.
 *
 * Source: modprobe.d(5): *.conf in etc/modprobe.d, run/modprobe.d, usr/local/lib/modprobe.d,
 * usr/lib/modprobe.d and lib/modprobe.d; a file hides those of its name in later directories. */
#pragma once

#include <stddef.h>

#include "facts/facts.h"

struct host;

/* Mark those of the modules that a line "blacklist NAME", or "install NAME" with /bin/false or
 * /bin/true, is for. */
void modprobe_parse(const char *text, size_t len, struct module_facts *modules, unsigned count);

/* Needs modules. */
void modprobe_read(const struct host *h, struct facts *ret);
