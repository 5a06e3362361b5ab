/* probe/counter.h - what a port has counted since it came up.
 *
 * Source: sys/class/infiniband/<dev>/ports/<n>/counters/ (IBTA 1.3, 16.1.3.5 PortCounters;
 * Documentation/ABI/stable/sysfs-class-infiniband). */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct facts;
struct host;

/* "18446744073709551615" is the greatest. Returns 0, -EINVAL or -ERANGE, and leaves *ret then. */
int counter_parse(const char *text, size_t len, uint64_t *ret);

/* Needs ports. */
void counter_read(const struct host *h, struct facts *ret);
