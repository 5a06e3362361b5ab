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

/* What is looked at: the driver and its ports always, the rest where it is asked for, since its
 * owner may have meant it otherwise (settings limits, ipoib). */
enum verify_scope {
	VERIFY_DRIVER = 0,
	VERIFY_LIMITS = 1 << 0,
	VERIFY_IPOIB = 1 << 1,
	VERIFY_LOADED = 1 << 2, /* is in memory what is installed? Not while a restart is due */
	VERIFY_ALL = VERIFY_LIMITS | VERIFY_IPOIB | VERIFY_LOADED
};

enum { VERIFY_CHECKS_MAX = 256 };

struct finding {
	char id[56]; /* "port-active:mlx5_0/1", stable */
	bool ok;
	char measured[96];
	char expected[96];
	char evidence[208]; /* where it was measured: "/sys/class/infiniband/mlx5_0/..." */
	const char *remedy; /* of the table of checks; "" where it is green */
	unsigned issue;     /* of the known issues, 0: none */
};

struct verification {
	enum verdict verdict;
	struct finding checks[VERIFY_CHECKS_MAX];
	unsigned nchecks;
	unsigned expected_ports,
		expected_rate_gbps; /* as the VM size promises; rate 0: not known */
};

void verify_facts(const struct facts *f, const struct catalogue *c, unsigned scope,
		  struct verification *ret);

/* One line a person understands: "1 of 1 InfiniBand ports ACTIVE at 200 Gb/s (mlx5_0)" or the first
 * red check. */
void verify_summary(const struct verification *v, const struct facts *f, char *ret, size_t size);

const char *verdict_name(enum verdict v);             /* "driver-broken" */
enum fault verdict_fault(enum verdict v);             /* FAULT_NONE for ok */
json_t *verify_to_json(const struct verification *v); /* ib-vmext/verify/1 */

/* The same, with what a reader elsewhere needs of the machine: summary, size, kernel, driver and
 * ports. */
json_t *verify_document(const struct verification *v, const struct facts *f);
