/* act/rpm/local.h - how dnf, yum, tdnf and zypper are told of the files of an offline bundle alone;
 * for act/packages. */
#pragma once

#include "base/buf.h"

enum { RPM_LOCAL_WORDS = 2, RPM_LOCAL_WORD_SIZE = 160 };

/* The lines of [main] of a configuration; `own` as use_local was given it. Returns 0 or -ENOMEM. */
int rpm_local_config(const char *own, struct buf *ret);

/* zypper has options for it. */
int rpm_local_words(const char *own, char ret[RPM_LOCAL_WORDS][RPM_LOCAL_WORD_SIZE]);
