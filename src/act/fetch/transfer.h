/* act/fetch/transfer.h - one try to get a file over http or https: by the host's curl, else by its
 * wget.
 *
 * Neither follows a redirect by itself, reads a configuration of its own, or takes anything from
 * the environment. Addresses, credentials and headers go through a pipe (curl) or a file of mode
 * 0600 that is removed afterwards (wget): they are in no command line. Certificates are always
 * checked, by the host's own store. */
#pragma once

#include <stdint.h>

#include "act/fetch/proxy.h"
#include "act/fetch/transfer_parse.h"
#include "base/error.h"

struct host;

#define TRANSFER_WGETRC "var/lib/ib-vmext/wgetrc" /* below the root; while wget runs */

struct transfer {
	const char *url;
	const char *output; /* below the host's root; NULL: only ask (HEAD) */
	int64_t offset;     /* bytes of `output` that are there already */
	bool peek;          /* without output: GET of the first byte, for servers without HEAD */
	const struct proxy *proxy;
	const char *headers[4]; /* "name: value"; secret; may be NULL */
	int deadline_s;
	void (*tick)(void *ctx); /* about each second; may be NULL */
	void *ctx;
};

struct transfer_result {
	struct answer answer;
	struct judgement judgement;
	char why[240]; /* what the program said; may hold the address, not the credentials */
};

/* 0: it came to an end, which *ret judges. -1: FAULT_PROGRAM_MISSING if there is neither program,
 * FAULT_STATE_DIR if what wget needs cannot be written, and run()'s own. */
int transfer_run(const struct host *h, const struct transfer *t, struct transfer_result *ret,
		 struct error *err);

/* What curl reads from its stdin, and wget from its file. Returns 0 or -ENOMEM. */
int transfer_curl_config(const struct transfer *t, struct buf *ret);
int transfer_wget_config(const struct transfer *t, struct buf *ret);
