/* cli/support.h - a support bundle: what is known of this machine and of the last runs on it,
 * redacted, in one tar file of plain texts. Harmless: nothing is changed or put under load, and the
 * one program that it runs beside those of the facts is dmesg. */
#pragma once

#include <stddef.h>

#include "base/error.h"

struct app;

enum { SUPPORT_BYTES_MAX = 5 << 20 };

struct support_summary {
	unsigned files;
	size_t bytes; /* of the tar file */
};

/* Write it to `path`, mode 0600; nothing is left there on failure. */
int support_write(struct app *app, const char *path, struct support_summary *ret,
		  struct error *err);
