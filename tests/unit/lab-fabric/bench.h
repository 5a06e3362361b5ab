/* A fabric on loopback for a test, and a client that says exactly what a row says. */
#pragma once

#include "fabric.h"

#include "base/buf.h"

struct bench {
	struct fabric *fabric;
	char dir[64];    /* of the state; removed by bench_stop */
	bool fast_track; /* of the next bench_restart */
};

/* What makes each start cheap: the document of vm1, whose key takes its time to make (under
 * valgrind very much so). Group fixtures for cmocka; the state is what bench_start takes. */
int bench_seed(void **state);
int bench_unseed(void **state);

/* Starts with the VM vm1 (127.0.0.1) and the package Lab.Sample in versions 1.1.0, 1.1.1, 1.2.0. */
void bench_start(struct bench *b, const struct buf *seed);
void bench_restart(struct bench *b); /* over the same state, packages published again */
void bench_stop(struct bench *b);

struct reply {
	int status; /* 0: the server closed without one, -1: it reset, -2: it did not answer in time
		     */
	struct buf text;  /* status line, headers and body */
	const char *body; /* in text; "" if there is none */
};

void reply_free(struct reply *r);
#define AUTO_REPLY CLEANUP(reply_free)

/* Send text as it is from `from` (an address of loopback) and read until the server closes, at most
 * `wait_ms`. */
struct reply bench_send(const struct bench *b, enum fabric_service service, const char *from,
			const char *text, size_t len, int wait_ms);

/* One request of vm1: "GET /path", header lines that end in \r\n (or ""), a body (or ""). */
struct reply bench_ask(const struct bench *b, enum fabric_service service, const char *line,
		       const char *headers, const char *body);

/* The text between two markers in a reply, copied; "" if they are not there. */
void reply_between(const struct reply *r, const char *before, const char *after, char *ret,
		   size_t size);

/* The same, where the text is XML: the five entities are undone. */
void reply_xml(const struct reply *r, const char *before, const char *after, char *ret,
	       size_t size);
