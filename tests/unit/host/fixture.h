/* tests/unit/host/fixture.h - what each test of this folder includes: cmocka, and worlds made for
 * one test. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "host/host.h"

struct world {
	char dir[64];
	int fd;
};

/* An empty directory with root/ in it; world_drop removes it. */
void world_make(struct world *w);
void world_drop(struct world *w);

/* Write a file below DIR, with the directories that it needs. */
void world_put(const struct world *w, const char *path, const char *text);
void world_put_dir(const struct world *w, const char *path);
void world_put_link(const struct world *w, const char *path, const char *target);

/* Write world.json with these members beside the schema ("\"dirs\":[]", may be ""), and open the
 * world. */
void world_start(const struct world *w, const char *members, struct host *ret);

/* A clock of the test: it stands until `step_ms` is set, which each look at it adds; a sleep only
 * counts. */
struct test_clock {
	struct clock clock;
	int64_t now_ms, step_ms, slept_ms;
	unsigned sleeps;
};
void test_clock_init(struct test_clock *c);
