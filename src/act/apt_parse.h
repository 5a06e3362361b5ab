/* act/apt_parse.h - reads what apt and dpkg print. Pure. */
#pragma once

#include <stddef.h>

#include "act/transaction.h"

/* The output of `apt-get -s`: "Inst name [old] (new origin [arch])", "Remv name [old]". Adds to
 * *ret. Returns 0, -EINVAL for a line that begins so and goes on otherwise, -ENOMEM. */
int apt_parse_simulation(const char *text, size_t len, struct transaction *ret);

enum dpkg_state { DPKG_ABSENT, DPKG_CONFIG_FILES, DPKG_HALF, DPKG_INSTALLED };

/* One line of `dpkg-query -W -f '${db:Status-Abbrev} ${Package} ${Version}\n'`: "ii
 * rdma-core 44.0-2". Returns 0 or -EINVAL. */
int dpkg_parse_line(const char *line, enum dpkg_state *ret_state, char *name, size_t name_size,
		    char *version, size_t version_size);
