/* worlds DIR N - plans N machines, the worlds of DIR over and over, in one process: first with
 * their facts at hand, then reading each from the disk. Prints both as JSON, with this process's
 * VmHWM. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fs.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "facts/settings.h"
#include "host/host.h"
#include "plan/plan.h"
#include "probe/probe.h"

enum { PLANS_MAX = 10000000, WORLDS_MAX = 1000 };

struct bench {
	const char *dir;
	char names[WORLDS_MAX][128];
	struct facts *facts;
	unsigned count;
	struct settings settings;
};

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int take_name(void *ctx, const char *name)
{
	struct bench *b = ctx;
	char path[512];

	(void)TEXT_FORMAT(path, "%s/%s/world.json", b->dir, name);
	if (b->count < WORLDS_MAX && fs_exists(AT_FDCWD, path))
		(void)TEXT_COPY(b->names[b->count++], name);
	return 0;
}

/* Returns 0, or -1 after saying why. */
static int read_world(const struct bench *b, const char *name, struct facts *ret)
{
	const struct probe_options options = { .metadata = true };
	struct error err = { 0 };
	struct host h;
	char path[512];
	int rc;

	(void)TEXT_FORMAT(path, "%s/%s", b->dir, name);
	rc = host_open_world(&h, path, NULL, &err);
	if (rc == 0) {
		rc = probe_facts(&h, &options, ret, &err);
		host_close(&h);
	}
	if (rc < 0)
		fprintf(stderr, "worlds: %s: %s\n", name, err.what);
	return rc;
}

/* The sum of the codes: so that nothing of it can be left out. */
static long plan_one(const struct bench *b, const struct facts *known, struct facts *f,
		     struct plan *p)
{
	if (known)
		*f = *known;
	catalogue_classify(&catalogue_built_in, f);
	plan_build(f, &b->settings, &catalogue_built_in, p);
	return p->decision.exit_code;
}

static long high_water_kib(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[128];
	long kib = -1;

	while (f && fgets(line, sizeof line, f))
		if (strncmp(line, "VmHWM:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	if (f)
		(void)fclose(f);
	return kib;
}

static int run_bench(struct bench *b, long plans, struct facts *f, struct plan *p)
{
	double began = now_s(), planned, read;
	long codes = 0;

	for (long i = 0; i < plans; i++)
		codes += plan_one(b, &b->facts[i % b->count], f, p);
	planned = now_s() - began;
	began = now_s();
	for (long i = 0; i < plans; i++) {
		if (read_world(b, b->names[i % b->count], f) < 0)
			return 1;
		codes -= plan_one(b, NULL, f, p);
	}
	read = now_s() - began;
	if (codes != 0) {
		fprintf(stderr, "worlds: the same machines were judged differently\n");
		return 1;
	}
	printf("{\"worlds\":%u,\"plans\":%ld,\"seconds\":%.3f,\"perSecond\":%.0f,"
	       "\"readSeconds\":%.3f,\"readPerSecond\":%.0f,\"vmHwmKiB\":%ld}\n",
	       b->count, plans, planned, (double)plans / planned, read, (double)plans / read,
	       high_water_kib());
	return 0;
}

static int read_all(struct bench *b)
{
	if (fs_list(AT_FDCWD, b->dir, take_name, b) < 0 || b->count == 0) {
		fprintf(stderr, "worlds: there are no worlds in %s\n", b->dir);
		return -1;
	}
	b->facts = calloc(b->count, sizeof *b->facts);
	for (unsigned i = 0; b->facts && i < b->count; i++)
		if (read_world(b, b->names[i], &b->facts[i]) < 0)
			return -1;
	return b->facts ? 0 : -1;
}

int main(int argc, char **argv)
{
	long plans = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
	struct bench *b = calloc(1, sizeof *b);
	struct facts *f = calloc(1, sizeof *f);
	struct plan *p = calloc(1, sizeof *p);
	int rc = 1;

	if (plans < 1 || plans > PLANS_MAX || !b || !f || !p) {
		fprintf(stderr, "usage: worlds DIR N\n");
	} else {
		b->dir = argv[1];
		settings_defaults(&b->settings);
		rc = read_all(b) < 0 ? 1 : run_bench(b, plans, f, p);
	}
	if (b)
		free(b->facts);
	free(b);
	free(f);
	free(p);
	return rc;
}
