/* act/fetch/download.h - gets one file from an address: with resume, retries, redirects, space and
 * digest judged by us; the bytes come by act/fetch/transfer.h, or from a file of this machine.
 *
 * https is always allowed; http only where a digest or a signature is known, and never after https.
 * At most 10 redirects. Ends that may be otherwise in a while (no connection, too slow, 408, 429,
 * 5xx) are tried again, 5 times in a row without a new byte, with growing pauses or as Retry-After
 * says; 401, 403, 404, 407 and bad certificates are not. While it grows the file is PATH.part, from
 * which a later call goes on where a digest is known. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/url.h"
#include "facts/settings.h"

struct host;

struct download_context {
	const struct host *host;
	const struct settings *settings;
	const char *stage;       /* under which progress and waits are shown */
	int deadline_s;          /* of all of it */
	bool (*stop)(void *ctx); /* true gives up (FAULT_TAKEN_OVER); may be NULL */
	void *stop_ctx;
};

struct download {
	const char *url;    /* http, https, file, or an absolute path of this machine */
	const char *sha256; /* "" if none is known */
	const char *whose;  /* who says so: "the catalogue"; may be NULL where none is known */
	bool is_signed;     /* the caller holds it against a signature: it may come by http */
	int64_t bytes;      /* that it will have, for progress; 0 or -1 if it is not known */
	const char *path;   /* of the file, below the host's root; its directory is there */
};

/* Get it. A file of the name is replaced, when the new one is complete and right. *ret_sha256 is
 * what it has. FAULT_DOWNLOAD_DIGEST: it was another, and is removed. */
int download_get(const struct download_context *c, const struct download *d,
		 char ret_sha256[static DIGEST_TEXT_SIZE], struct error *err);

struct download_size {
	int64_t bytes; /* -1 if the server does not tell */
};

/* Ask whether it could be had, without getting it. The same faults. */
int download_ask(const struct download_context *c, const char *url, struct download_size *ret,
		 struct error *err);

/* The address with what opens it: sasToken for what lies below the settings' own addresses, by
 * https alone. FAULT_SETTINGS if it cannot be put together. */
int download_address(const struct settings *s, const char *url, char *ret, size_t size,
		     struct error *err);

/* May the managed identity's token go there: https, below one of the settings' own addresses, and
 * Azure's blob storage? */
bool download_wants_identity(const struct settings *s, const char *url);
