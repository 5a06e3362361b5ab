/* host/clock.c - the clocks of this machine. */
#include <time.h>

#include "host/host.h"

static int64_t now_ms(clockid_t id, clockid_t otherwise)
{
	struct timespec t = { 0 };

	if (clock_gettime(id, &t) < 0)
		(void)clock_gettime(otherwise, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t system_realtime(const struct clock *c)
{
	return now_ms(CLOCK_REALTIME, CLOCK_REALTIME);
}

static int64_t system_monotonic(const struct clock *c)
{
	return now_ms(CLOCK_BOOTTIME, CLOCK_MONOTONIC);
}

static void system_sleep(const struct clock *c, int64_t ms)
{
	struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	if (ms <= 0)
		return;
	while (nanosleep(&left, &left) < 0)
		; /* a signal came: sleep on for the rest */
}

const struct clock clock_system = {
	.realtime_ms = system_realtime,
	.monotonic_ms = system_monotonic,
	.sleep_ms = system_sleep,
};
