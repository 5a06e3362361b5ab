/* tests/unit/act/play.h - what the files that play programs on the tree share. Nobody else includes
 * it. */
#pragma once

#include "host/run.h"
#include "machine.h"

/* One answer that is being made. */
struct answer {
	struct machine *m;
	const struct host *h;
	struct run_result *r;
};

/* packages.c: dpkg's steps, each of which may be the last; -1 with what it says. */
int play_complain(const struct answer *a, const char *text);
int play_unpack(const struct answer *a, const char *name, const char *version);
int play_configure(const struct answer *a, const char *name, const char *version);
int play_purge(const struct answer *a, const char *name, bool keep_config);
int play_depmod(const struct answer *a, const char *const *argv);

/* mlnx.c */
int mlnx_tar(const struct answer *a, const char *const *argv);
int mlnx_install(const struct answer *a, const char *const *argv);
int mlnx_uninstall(const struct answer *a, const char *const *argv);
int mlnx_info(const struct answer *a, const char *const *argv);
/* What lies beside a package of it goes, too. */
int mlnx_package_goes(const struct answer *a, const char *name);
