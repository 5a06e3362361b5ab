/* probe/pending.h - work that was begun before us: a kernel that waits for a reboot, a dpkg that
 * was interrupted.
 *
 * Sources: run/reboot-required.pkgs, else var/run/reboot-required.pkgs (update-notifier's
 * notify-reboot-required: a package a line); lib/modules/<release>/modules.dep of the installed
 * kernels; var/lib/dpkg/updates, which dpkg empties when it is done (dpkg(1)). */
#pragma once

#include <stddef.h>

struct facts;
struct host;

/* The newest kernel among the packages that asked for a reboot, if it is not `running`: its
 * release, "yes" where only linux-base tells that there is one, else *ret stays as it was. */
void pending_parse_packages(const char *text, size_t len, const char *running, char *ret,
			    size_t size);

/* Needs kernel and package_manager. */
void pending_read(const struct host *h, struct facts *ret);
