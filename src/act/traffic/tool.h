/* act/traffic/tool.h - the program that sends the traffic, and its command line.
 *
 * Source: --help of perftest 4.5 (ib_write_bw) and rdma-core 44 (ibv_rc_pingpong), as Debian 12 has
 * them. Options that older ones lack are used where --help names them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "act/command.h"
#include "base/error.h"

struct host;
struct port_facts;
struct traffic_output;

struct tool {
	const char *name;   /* "ib_write_bw"; NULL: none is installed */
	uint16_t peer_port; /* where two nodes meet: another one for each program */
	bool measures_rate; /* for seconds; else it counts messages, and compares what came */
	bool gigabits, pkey_index; /* options of ib_write_bw */
	bool compares;             /* ... of ibv_rc_pingpong */
};

/* How a port is to be addressed. */
struct binding {
	const char *device;
	unsigned port;
	bool has_gid; /* on Ethernet: */
	unsigned gid_index;
	unsigned pkey_index; /* where it is not 0 */
};

/* The better one of those that are installed. Returns 0, also if there is none; -1 with *err set if
 * it cannot be run. */
int tool_find(const struct host *h, struct tool *ret, struct error *err);

/* What both ends share, as words; not to be moved. */
struct tool_words {
	char port[8], tcp[8], gid[8], seconds[8], pkey[24];
	struct command command;
};

/* The server's command line where `peer` is NULL, else the client's. Both programs' servers listen
 * on all addresses (ib_write_bw's --source_ip binds the client alone), for one connection. */
struct tool_call {
	const struct tool *tool;
	const struct binding *binding;
	const char *peer; /* an address */
	uint16_t tcp_port;
	unsigned seconds;
};

/* Fill *ret, for tool_words_free. Returns 0, or -1 if there is no memory. */
int tool_command(const struct tool_call *call, struct tool_words *ret, struct error *err);
void tool_words_free(struct tool_words *w);
#define AUTO_TOOL_WORDS CLEANUP(tool_words_free)

/* What it printed. Returns 0, or -EINVAL. */
int tool_parse(const struct tool *t, const char *text, size_t len, struct traffic_output *ret);
