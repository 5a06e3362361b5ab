/* handler/program.h - the copy of this program that outlives the handler's directory. */
#pragma once

#include <stddef.h>

#include "base/error.h"

struct handler_app;

#define PROGRAM_DIR "usr/libexec/ib-vmext" /* below the host's root */

enum { PROGRAM_PATH_SIZE = 96 };

/* Where the copy of that version stands, absolute. */
void program_path(const char *version, char ret[static PROGRAM_PATH_SIZE]);

/* Put it there, unless it is there already byte for byte, and see that it runs. -1 with
 * FAULT_NOEXEC, FAULT_READ_ONLY_USR, FAULT_DISK_FULL or FAULT_WRITE_FAILED. */
int program_install(const struct handler_app *app, char ret[static PROGRAM_PATH_SIZE],
		    struct error *err);
