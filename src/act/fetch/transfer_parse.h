/* act/fetch/transfer_parse.h - what one try to get a file came to: the heads of the answers, and
 * the exit codes of curl and wget. Pure.
 *
 * Source: RFC 9110, sections 10.2 and 15; curl(1), "EXIT CODES"; wget(1), "EXIT STATUS". */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/url.h"

/* The last answer of those that came: a proxy's answer to CONNECT stands before it. */
struct answer {
	int status;        /* 0 if there was none */
	int64_t length;    /* of the body, -1 if it is not told */
	int64_t total;     /* of the whole file where a part was asked for, -1 if it is not told */
	int retry_after_s; /* 0 if it is not told in seconds */
	char location[URL_SIZE]; /* "" if none, or if it is too long */
};

/* Read what `curl --dump-header` or `wget --server-response` writes; other lines are skipped. */
void answer_parse(const char *text, size_t len, struct answer *ret);

struct judgement {
	enum fault fault; /* FAULT_NONE: done */
	bool again;       /* may be otherwise in a while */
	bool redirect;    /* go on at answer.location */
	bool too_far;     /* the part that was asked for lies behind the end: begin anew */
};

/* `code` is the exit code; `proxied`: a proxy was to be used. */
void judgement_of_curl(int code, const struct answer *a, bool proxied, struct judgement *ret);
void judgement_of_wget(int code, const struct answer *a, bool proxied, struct judgement *ret);
