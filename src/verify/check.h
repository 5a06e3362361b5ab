/* verify/check.h - the table of checks, and what a check is given. Used inside verify/ only. */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"
#include "verify/verify.h"

struct review {
	const struct facts *facts;
	unsigned functions, ports, active; /* of InfiniBand, on this machine */
	unsigned expected_ports, expected_rate_gbps;
};

/* What a check is made for: the machine, or each InfiniBand function, InfiniBand port, InfiniBand
 * port that is ACTIVE, kernel that may run next, test of traffic of one kind. `at` is its index in
 * the facts. */
enum check_each {
	CHECK_MACHINE,
	CHECK_PORT,
	CHECK_ACTIVE_PORT,
	CHECK_FUNCTION,
	CHECK_KERNEL,
	CHECK_LOOPBACK,
	CHECK_PEER,
	CHECK_LISTEN,
};

/* What a check says. `expected` and `remedy` stay empty where those of the table are meant. */
struct judgement {
	bool ok;
	char measured[96];
	char expected[96];
	const char *remedy;
};

struct check {
	const char *id; /* "port-rate"; what it is made for is added behind a colon */
	enum check_each each;
	unsigned scope; /* VERIFY_DRIVER, or the part of the scope that it belongs to */
	/* False: there is nothing to say, since it is not known or means nothing here. */
	bool (*judge)(const struct review *r, unsigned at, struct judgement *ret);
	const char *expected;
	const char *evidence; /* {device}, {port}, {pci}, {netdev}, {uverbs}, {umad}, {kernel},
				 {command} */
	const char *remedy;
	unsigned issue;
	bool always; /* also where there is no InfiniBand function */
};

/* In the order in which they are shown: the first red one is the reason. */
extern const struct check checks[];
extern const unsigned checks_count;

/* Set ok and measured. Returns true. */
bool judge(struct judgement *ret, bool ok, const char *fmt, ...) PRINTF(3, 4);

bool check_adapter(const struct review *r, unsigned at, struct judgement *ret);
bool check_driver(const struct review *r, unsigned at, struct judgement *ret);
bool check_ports(const struct review *r, unsigned at, struct judgement *ret);
bool check_pcie(const struct review *r, unsigned at, struct judgement *ret);

bool check_port_active(const struct review *r, unsigned at, struct judgement *ret);
bool check_port_link(const struct review *r, unsigned at, struct judgement *ret);
bool check_port_rate(const struct review *r, unsigned at, struct judgement *ret);
bool check_port_pkey(const struct review *r, unsigned at, struct judgement *ret);
bool check_port_lid(const struct review *r, unsigned at, struct judgement *ret);
bool check_port_sm_lid(const struct review *r, unsigned at, struct judgement *ret);
bool check_port_guid(const struct review *r, unsigned at, struct judgement *ret);
bool check_port_flaps(const struct review *r, unsigned at, struct judgement *ret);
bool check_port_uverbs(const struct review *r, unsigned at, struct judgement *ret);
bool check_port_umad(const struct review *r, unsigned at, struct judgement *ret);
bool check_ipoib_netdev(const struct review *r, unsigned at, struct judgement *ret);
bool check_ipoib_up(const struct review *r, unsigned at, struct judgement *ret);
bool check_ipoib_address(const struct review *r, unsigned at, struct judgement *ret);

bool check_modules(const struct review *r, unsigned at, struct judgement *ret);
bool check_stack(const struct review *r, unsigned at, struct judgement *ret);
bool check_abi(const struct review *r, unsigned at, struct judgement *ret);
bool check_userland(const struct review *r, unsigned at, struct judgement *ret);
bool check_userland_match(const struct review *r, unsigned at, struct judgement *ret);
bool check_peer_memory(const struct review *r, unsigned at, struct judgement *ret);
bool check_dkms(const struct review *r, unsigned at, struct judgement *ret);
bool check_memlock_session(const struct review *r, unsigned at, struct judgement *ret);
bool check_memlock_service(const struct review *r, unsigned at, struct judgement *ret);

bool check_traffic(const struct review *r, unsigned at, struct judgement *ret);
