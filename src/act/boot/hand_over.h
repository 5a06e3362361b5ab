/* act/boot/hand_over.h - `apply` under a program that waits for it: cloud-init, or a command of the
 * Azure agent. The work goes on in a unit of its own, and the caller comes to its end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "facts/settings.h"

struct host;

/* *ret is false where nobody waits for us, or there is no systemd: then the work is done here. Else
 * the unit is started and `told` says so. The public settings are kept for it in
 * /var/lib/ib-vmext/handed-over.json. */
int hand_over(const struct host *h, const char *program, const struct settings *s, bool *ret,
	      char *told, size_t size, struct error *err);
