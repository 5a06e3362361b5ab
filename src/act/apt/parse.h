/* act/apt/parse.h - reads what apt and dpkg print. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "act/packages/transaction.h"

/* The output of `apt-get -s`: "Inst name [old] (new origin [arch])", "Remv name [old]". Adds to
 * *ret, and sorts it. Returns 0, -EINVAL for a line that begins so and goes on otherwise, -ENOMEM.
 */
int apt_parse_simulation(const char *text, size_t len, struct transaction *ret);

enum dpkg_state { DPKG_ABSENT, DPKG_CONFIG_FILES, DPKG_HALF, DPKG_INSTALLED };

struct dpkg_package {
	enum dpkg_state state;
	bool reinstall; /* dpkg demands that it be installed anew, or removed by force */
	char name[96];
	char arch[16]; /* "" while it has never been unpacked */
	char version[96];
};

#define DPKG_LINE_FORMAT "${db:Status-Abbrev}${Package}:${Architecture} ${Version}\\n"

/* One line of `dpkg-query -W -f DPKG_LINE_FORMAT`: "ii rdma-core:amd64 44.0-2". Returns 0 or
 * -EINVAL. */
int dpkg_parse_line(const char *line, size_t len, struct dpkg_package *ret);
