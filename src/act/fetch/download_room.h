/* act/fetch/download_room.h - shared by the files of download only: one download on its way. */
#pragma once

#include "act/fetch/download.h"

struct fetch {
	const struct download_context *c;
	const char *start;              /* the address that was given */
	char url[URL_SIZE];             /* where we are after redirects */
	char shown[300];                /* what may be said of it */
	char part[300];                 /* below the root */
	int fd;                         /* of part; -1 when only asking */
	bool has_digest, peek, by_http; /* by_http: it need not come by https */
	bool keys; /* still at the address that was given: what opens it may go there */
	int redirects, tries, all_tries, max_tries;
	int64_t until_ms, total, said_ms, said_bytes;
};

/* What opens the file; secret. */
struct fetch_keys {
	char headers[2][4200];
};

/* Fill in the headers, and put into `url` what its query needs. Asks the metadata service where an
 * identity is set. */
int fetch_keys_get(const struct fetch *f, struct fetch_keys *ret, char *url, size_t size,
		   struct error *err);

/* Take the protected settings out of a sentence. */
void fetch_redact(const struct fetch *f, char *text);
