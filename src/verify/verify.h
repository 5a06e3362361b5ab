/* verify/verify.h - facts -> findings and verdict. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "base/json.h"
#include "facts/facts.h"

struct catalogue;

/* First match wins, in this order, but for `ok`, which is left when nothing else holds. Absent: no
 * InfiniBand function on PCI; driver broken: no port of link layer InfiniBand; fabric not ready:
 * none of them ACTIVE; degraded: a check is red. */
enum verdict {
	VERDICT_ABSENT,
	VERDICT_DRIVER_BROKEN,
	VERDICT_FABRIC_NOT_READY,
	VERDICT_DEGRADED,
	VERDICT_OK
};

enum { VERIFY_CHECKS_MAX = 128 };

struct finding {
	char id[48]; /* "port-active", stable */
	bool ok;
	char measured[96];
	char expected[96];
	char remedy[240];
};

struct verification {
	enum verdict verdict;
	struct finding checks[VERIFY_CHECKS_MAX];
	unsigned nchecks;
};

void verify_facts(const struct facts *f, const struct catalogue *c, struct verification *ret);

/* One line a person understands: "1 of 1 InfiniBand ports ACTIVE at 200 Gb/s (mlx5_0)" or the first
 * red check. */
void verify_summary(const struct verification *v, const struct facts *f, char *ret, size_t size);

const char *verdict_name(enum verdict v);             /* "driver-broken" */
enum fault verdict_fault(enum verdict v);             /* FAULT_NONE for ok */
json_t *verify_to_json(const struct verification *v); /* ib-vmext/verify/1 */
