/* probe/systemd.h - does systemd run here, and which one?
 *
 * Sources: run/systemd/system, as sd_booted(3) does; the name of the library that its programs
 * share, libsystemd-shared-252.so, which says the version without running anything, in a world and
 * in an image too. It is there from systemd 231 on: an older one is not known. */
#pragma once

#include <stddef.h>

struct facts;
struct host;

/* 252 of "libsystemd-shared-252.so" and "libsystemd-shared-255.4-1.fc40.so"; 0 of anything else. */
unsigned systemd_parse_library(const char *name);

/* systemd, systemd_version. */
void systemd_read(const struct host *h, struct facts *ret);
