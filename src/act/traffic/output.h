/* act/traffic/output.h - reads what the programs of the traffic test print. Pure.
 *
 * Source: perftest (src/perftest_parameters.c, print_full_bw_report), rdma-core
 * (libibverbs/examples/rc_pingpong.c). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct traffic_output {
	uint64_t messages;
	uint32_t rate_mbps; /* average; 0 where it rounds to nothing */
};

/* The last line of ib_write_bw's table, whatever its unit. Returns 0, or -EINVAL and leaves *ret as
 * it was. */
int output_parse_bw(const char *text, size_t len, struct traffic_output *ret);

/* "1000 iters in 0.01 seconds = 11.07 usec/iter" of ibv_rc_pingpong, and the rate of the line
 * before it. Returns 0; -EINVAL and leaves *ret as it was, also where it says that data came out of
 * order. */
int output_parse_pingpong(const char *text, size_t len, struct traffic_output *ret);

/* Does this help text name the option ("--pkey_index")? */
bool output_has_option(const char *help, size_t len, const char *option);

/* The line that says why it failed: the one that tells most, else the last; "" if there is none.
 * White space is single, and what is not printable ASCII is '?'. */
void output_reason(const char *text, size_t len, char *ret, size_t size);
