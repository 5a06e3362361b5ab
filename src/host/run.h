/* host/run.h - runs programs: argv, never a shell string; a fixed environment; a deadline; a
 * bounded tail of output.
 *
 * The child leads a process group of its own; at the deadline the group gets SIGTERM, 10 s later
 * SIGKILL, and what hangs in the kernel even then is left behind after 10 s more. It has umask 022,
 * the root as its directory, and signals at their defaults. What it leaves running (a daemon that a
 * package's script started) is not waited for, even while that holds the output open. Should we be
 * killed, the child lives on. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

struct host;

struct run_spec {
	const char *const *argv; /* NULL-terminated; argv[0] is looked up in the fixed PATH */
	const char *const *env;  /* NAME=value added to the fixed environment (PATH, LC_ALL=C,
				    HOME=/root); may be NULL */
	int deadline_s;          /* mandatory, > 0 */
	size_t keep;             /* tail bytes of stdout and of stderr to keep; 0: 64 KiB */
	const void *input;       /* written to stdin; NULL: /dev/null */
	size_t input_len;
	/* Each line of stdout and stderr as it comes, without its end (\n or \r), empty ones left
	 * out, one of more than 4095 bytes in parts; may be NULL. */
	void (*line)(void *ctx, const char *line);
	void *ctx;
	const int *keep_fds; /* descriptors that the child inherits, at the same numbers */
	size_t nkeep_fds;
	bool dies_with_us; /* gets SIGKILL where we are killed, and does not live on */
	bool quiet;        /* one of many queries: not worth a line in the log */
};

enum run_end { RUN_EXITED, RUN_SIGNALLED, RUN_TIMED_OUT, RUN_NOT_FOUND };

struct run_result {
	enum run_end end;
	int code; /* exit status for EXITED, signal for SIGNALLED, else 0 */
	struct buf out, err;
	bool cut; /* more than `keep` bytes came on one of them: its head is lost */
};

void run_result_free(struct run_result *r);
#define AUTO_RUN CLEANUP(run_result_free)

/* 0: the child came to some end, which `ret->end` names; free *ret. -1: it could not be started or
 * watched, *err is set (FAULT_PROGRAM_FAILED) and *ret is as it was. In a world: the recorded
 * answer to exactly this argv, else RUN_NOT_FOUND. */
int run(const struct host *h, const struct run_spec *spec, struct run_result *ret,
	struct error *err);

bool run_ok(const struct run_result *r); /* exited with 0 */

/* Run it, and want exit code 0. Else -1, and *err is FAULT_PROGRAM_MISSING where there is no such
 * program, `fault` for any other end; the sentence is "DOING: exit code 1: what it said". */
int run_or_fail(const struct host *h, const struct run_spec *spec, enum fault fault,
		const char *doing, struct error *err);

/* "exit code 100", "killed by signal 9", "no end after 30 s", "not found" into a fixed array. */
void run_end_text(const struct run_result *r, const struct run_spec *spec, char *ret, size_t size);

/* Note the command line in the log, as run() does. */
void run_log(const struct host *h, const struct run_spec *spec);
