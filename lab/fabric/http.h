/* fabric/http.h - the glue to libmicrohttpd: who asks, what for, and the routing tables. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "inner.h"

struct MHD_Connection;

enum { BODY_MAX = 8 << 20, HEADERS_MAX = 4, URL_MAX = 2048 };

struct request {
	enum fabric_service service;
	const char *method;
	char path[URL_MAX]; /* without a trailing slash, but for the root */
	char peer[ADDRESS_SIZE];
	struct buf body;
	struct MHD_Connection *connection;
};

struct answer {
	int status;       /* 0: close the connection without an answer */
	const char *type; /* of the body; a literal */
	struct buf body;
	int file; /* sent instead of the body if >= 0; closed by the glue */
	struct {
		const char *name; /* a literal */
		char value[160];
	} headers[HEADERS_MAX];
	size_t nheaders;
};

/* One row of a routing table; the first that fits serves, with the fabric's lock held. An asterisk
 * in `path` stands for anything, slashes too; `comp` is that of the query, in any case. */
struct route {
	const char *method;
	const char *path;
	const char *comp;         /* NULL: whatever it is */
	const char *counter;      /* for fabric_counts */
	enum trouble_place place; /* besides the service's own */
	void (*serve)(struct fabric *f, struct guest *vm, const struct request *r,
		      struct answer *ret);
};

struct route_table {
	const struct route *rows;
	size_t count;
	enum trouble_place place; /* of the whole service */
	const char *name;         /* of the service, in counters and the log */
	void (*not_found)(struct answer *ret, int status); /* renders 404 and 405 */
};

/* One a service: wire.c, hostplugin.c, imds.c, blob.c. */
extern const struct route_table wire_routes, plugin_routes, imds_routes, blob_routes;

/* NULL if the request has none. Names of headers match without regard to case. */
const char *request_header(const struct request *r, const char *name);
const char *request_query(const struct request *r, const char *name);

/* Replace the body. */
void answer_text(struct answer *a, int status, const char *type, const char *text);
void answer_json(struct answer *a, int status, const json_t *j);
void answer_header(struct answer *a, const char *name, const char *value);

bool imds_version_known(const char *version); /* imds.c; NULL is none */
/* GET /metadata/identity/oauth2/token. identity.c */
void identity_serve_token(struct fabric *f, struct guest *vm, const struct request *r,
			  struct answer *ret);

/* Open a listener. `port` may be FABRIC_ANY_PORT. */
NODISCARD int listener_open(struct fabric *f, enum fabric_service service, const char *address,
			    int port, struct error *err);
void listener_close(struct listener *l); /* NULL is fine; waits for its threads */
int listener_port(const struct listener *l);
const char *listener_address(const struct listener *l);
