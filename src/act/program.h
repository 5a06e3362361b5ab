/* act/program.h - the copy of this program that stays while there is work left: for the worker, for
 * ib-vmext-resume.service, and for what runs at boot. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct host;

#define PROGRAM_DIR "usr/libexec/ib-vmext" /* below the host's root */

enum { PROGRAM_PATH_SIZE = 96 };

/* Where the copy of that version stands, absolute. */
void program_path(const char *version, char ret[static PROGRAM_PATH_SIZE]);

/* Put the file `program` ("/proc/self/exe") there, unless it is there already byte for byte, and
 * see that it runs. -1 with FAULT_NOEXEC, FAULT_SELINUX_DENIED, FAULT_READ_ONLY_USR,
 * FAULT_DISK_FULL or FAULT_WRITE_FAILED. */
int program_install(const struct host *h, const char *program, const char *version,
		    char ret[static PROGRAM_PATH_SIZE], struct error *err);

bool program_is_there(const struct host *h, const char *version);

/* Remove that version's directory, and the one above with the last of them. Who runs from it runs
 * on. Returns 0, also where there is none, or -errno. */
int program_remove(const struct host *h, const char *version);
