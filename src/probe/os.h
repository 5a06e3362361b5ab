/* probe/os.h - which distribution this is.
 *
 * Sources: etc/os-release, else usr/lib/os-release (os-release(5)); where there is neither, or it
 * names no point release, etc/oracle-release, etc/centos-release and etc/redhat-release. */
#pragma once

#include <stddef.h>

struct facts;
struct host;
struct os_facts;

/* Fill *ret from the text of an os-release file; a later assignment wins, as in a shell. ID is
 * "linux" where the text has none, as the manual says. Lines that are no assignment are passed
 * over. */
void os_parse(const char *text, size_t len, struct os_facts *ret);

/* Leaves everything empty where there is no such file. */
void os_read(const struct host *h, struct facts *ret);
