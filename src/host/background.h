/* host/background.h - a program that runs beside others, such as the server of a test: started,
 * looked at, and taken down. It never outlives us, even where we are killed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"

struct background;
struct host;
struct run_result;
struct run_spec;

/* Start it; *ret is for background_free. spec->deadline_s and input are not looked at, and `spec`
 * has to live as long as the program. A program that there is not has ended at once, as
 * RUN_NOT_FOUND; in a world the recorded answer has come at once. Returns 0, or -1 with
 * FAULT_PROGRAM_FAILED. */
int background_start(const struct host *h, const struct run_spec *spec, struct background **ret,
		     struct error *err);

/* Has it ended by itself? Takes in what it has printed. */
bool background_is_over(struct background *b);

/* Let it end by itself within `patience_ms`; what is left of its group then gets SIGTERM, and 2 s
 * later SIGKILL. The result is `b`'s; RUN_TIMED_OUT where it had to be ended. */
const struct run_result *background_end(struct background *b, int64_t patience_ms);

/* Takes down at once what still runs. NULL is nothing. */
void background_free(struct background *b);

static inline void cleanup_background(struct background **b)
{
	background_free(*b);
}
#define AUTO_BACKGROUND CLEANUP(cleanup_background)
