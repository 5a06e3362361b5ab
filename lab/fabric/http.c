/* Serves the routing tables with libmicrohttpd, one thread a connection. */
#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fnmatch.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/text.h"
#include "listen.h"
#include "uri.h"

enum { CONNECTION_TIMEOUT_S = 120, SILENCE_MAX_MS = 600000 };

struct listener {
	struct fabric *fabric;
	enum fabric_service service;
	const struct route_table *table;
	struct MHD_Daemon *daemon;
	int port;
	char address[ADDRESS_SIZE];
};

/* A request while it is being read. */
struct pending {
	struct request request;
	bool too_big;
};

static const struct route_table *const tables[FABRIC_SERVICES] = {
	[FABRIC_WIRE] = &wire_routes,
	[FABRIC_PLUGIN] = &plugin_routes,
	[FABRIC_IMDS] = &imds_routes,
	[FABRIC_BLOB] = &blob_routes,
};

const char *request_header(const struct request *r, const char *name)
{
	return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

const char *request_query(const struct request *r, const char *name)
{
	return MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, name);
}

void answer_text(struct answer *a, int status, const char *type, const char *text)
{
	a->status = status;
	a->type = type;
	buf_clear(&a->body);
	if (buf_add_text(&a->body, text) < 0)
		a->status = 0;
}

void answer_json(struct answer *a, int status, const json_t *j)
{
	a->status = status;
	a->type = "application/json; charset=utf-8";
	buf_clear(&a->body);
	if (json_write(j, false, &a->body) < 0)
		a->status = 0;
}

void answer_header(struct answer *a, const char *name, const char *value)
{
	if (a->nheaders == HEADERS_MAX)
		return;
	a->headers[a->nheaders].name = name;
	(void)TEXT_COPY(a->headers[a->nheaders].value, value);
	a->nheaders++;
}

/* The row for a request; NULL with 404 or 405 in *status. A HEAD is a GET without its body. */
static const struct route *route_find(const struct route_table *t, const struct request *r,
				      int *status)
{
	const char *method = text_eq(r->method, "HEAD") ? "GET" : r->method;
	const char *comp = request_query(r, "comp");

	*status = 404;
	for (size_t i = 0; i < t->count; i++) {
		const struct route *row = &t->rows[i];

		if (fnmatch(row->path, r->path, FNM_NOESCAPE) != 0 ||
		    (row->comp && !text_eq_nocase(row->comp, comp)))
			continue;
		if (text_eq(row->method, method))
			return row;
		*status = 405;
	}
	return NULL;
}

static void count(struct guest *vm, const char *counter)
{
	json_int_t n = json_integer_value(json_object_get(vm->counts, counter));

	(void)json_object_set_new(vm->counts, counter, json_integer(n + 1));
}

/* What goes wrong with this request; the service's own trouble comes first. */
static struct trouble trouble_for(struct guest *vm, const struct route_table *t,
				  const struct route *row)
{
	struct trouble *place = &vm->troubles[t->place];

	if (place->kind == TROUBLE_NONE && row && row->place != PLACE_NONE)
		place = &vm->troubles[row->place];
	return trouble_take(place);
}

/* Wait, but not longer than the fabric runs or the client is there. Returns whether to go on. */
static bool pause_for(const struct fabric *f, const struct request *r, int ms)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct pollfd fds[] = {
		{ .fd = f->stop_fd, .events = POLLIN },
		{ .fd = info ? info->connect_fd : -1, .events = POLLRDHUP },
	};

	return poll(fds, ARRAY_SIZE(fds), ms) == 0;
}

/* Linux sends a RST for an established connection that is "connected" to nothing. */
static void connection_reset(const struct request *r)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct sockaddr nothing = { .sa_family = AF_UNSPEC };

	if (info)
		(void)connect(info->connect_fd, &nothing, sizeof nothing);
}

/* Suffer the trouble. Returns whether the request is to be answered as usual. */
static bool trouble_suffer(const struct fabric *f, const struct trouble *t, const struct request *r,
			   struct answer *ret)
{
	switch (t->kind) {
	case TROUBLE_STATUS:
		answer_text(ret, t->status, "text/plain", "trouble on demand\n");
		return false;
	case TROUBLE_DELAY:
		if (pause_for(f, r, t->delay_ms))
			return true;
		ret->status = 0;
		return false;
	case TROUBLE_SILENT:
		(void)pause_for(f, r, SILENCE_MAX_MS);
		ret->status = 0;
		return false;
	case TROUBLE_RESET:
		connection_reset(r);
		ret->status = 0;
		return false;
	default:
		return true;
	}
}

/* The lock is held. */
static void log_request(const struct listener *l, const struct guest *vm, const struct request *r,
			int status)
{
	LOG(l->fabric->log, DEBUG, "lab.request", "%s %s: %s %s -> %d", vm ? vm->name : r->peer,
	    l->table->name, r->method, r->path, status);
}

static void serve(struct listener *l, const struct request *r, struct answer *ret)
{
	struct fabric *f = l->fabric;
	struct trouble trouble = { .kind = TROUBLE_NONE };
	char other[32];
	int status = 404;
	const struct route *row = route_find(l->table, r, &status);
	struct guest *vm;
	bool usual;

	(void)TEXT_FORMAT(other, "%s.other", l->table->name);
	fabric_lock(f);
	vm = guest_by_address(f, r->peer);
	if (vm) {
		count(vm, row ? row->counter : other);
		trouble = trouble_for(vm, l->table, row);
	}
	fabric_unlock(f);
	if (!vm || !row)
		l->table->not_found(ret, vm ? status : 404);
	usual = trouble_suffer(f, &trouble, r, ret);
	fabric_lock(f);
	vm = guest_by_address(f, r->peer); /* again: it may have gone while we suffered */
	if (vm && row && usual)
		row->serve(f, vm, r, ret);
	log_request(l, vm, r, ret->status);
	fabric_unlock(f);
}

static struct MHD_Response *response_make(struct answer *a)
{
	struct stat st;
	struct MHD_Response *response;

	if (a->file < 0)
		return MHD_create_response_from_buffer(a->body.len, (void *)buf_text(&a->body),
						       MHD_RESPMEM_MUST_COPY);
	if (fstat(a->file, &st) < 0)
		return NULL;
	response = MHD_create_response_from_fd64((uint64_t)st.st_size, a->file);
	if (response)
		a->file = -1; /* the library closes it */
	return response;
}

static enum MHD_Result answer_send(struct MHD_Connection *c, struct answer *a)
{
	struct MHD_Response *response;
	enum MHD_Result rc;

	if (a->status == 0)
		return MHD_NO;
	response = response_make(a);
	if (!response)
		return MHD_NO;
	if (a->type)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, a->type);
	for (size_t i = 0; i < a->nheaders; i++)
		(void)MHD_add_response_header(response, a->headers[i].name, a->headers[i].value);
	rc = MHD_queue_response(c, (unsigned)a->status, response);
	MHD_destroy_response(response);
	return rc;
}

static void peer_text(struct MHD_Connection *c, char ret[static ADDRESS_SIZE])
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr_in *in = info ? (const void *)info->client_addr : NULL;

	if (!in || in->sin_family != AF_INET ||
	    !inet_ntop(AF_INET, &in->sin_addr, ret, ADDRESS_SIZE))
		ret[0] = '\0';
}

static struct pending *pending_new(const struct listener *l, struct MHD_Connection *c,
				   const char *url, const char *method)
{
	struct pending *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->request.service = l->service;
	p->request.connection = c;
	p->request.method = method;
	p->request.body.max = BODY_MAX;
	p->too_big = uri_path(url, p->request.path, sizeof p->request.path) < 0;
	peer_text(c, p->request.peer);
	return p;
}

/* MHD_AccessHandlerCallback: once for the headers, once for each piece of the body, once at its
 * end. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *data_size, void **state)
{
	struct listener *l = cls;
	struct pending *p = *state;
	struct answer answer = { .status = 500, .file = -1 };
	enum MHD_Result rc;

	if (!p) {
		*state = pending_new(l, c, url, method);
		return *state ? MHD_YES : MHD_NO;
	}
	p->request.method = method;
	if (*data_size > 0) {
		if (p->too_big || buf_add(&p->request.body, data, *data_size) < 0)
			p->too_big = true;
		*data_size = 0;
		return MHD_YES;
	}
	if (p->too_big)
		answer_text(&answer, 413, "text/plain", "too long\n");
	else
		serve(l, &p->request, &answer);
	rc = answer_send(c, &answer);
	buf_free(&answer.body);
	cleanup_fd(&answer.file);
	return rc;
}

static void on_completed(void *cls, struct MHD_Connection *c, void **state,
			 enum MHD_RequestTerminationCode why)
{
	struct pending *p = *state;

	*state = NULL;
	if (!p)
		return;
	buf_free(&p->request.body);
	free(p);
}

int listener_open(struct fabric *f, enum fabric_service service, const char *address, int port,
		  struct error *err)
{
	struct listener *l = calloc(1, sizeof *l);
	struct listen_options o = { .address = address,
				    .port = port == FABRIC_ANY_PORT ? 0 : port,
				    .on_request = on_request,
				    .on_completed = on_completed,
				    .cls = l,
				    .timeout_s = CONNECTION_TIMEOUT_S };

	if (!l)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "out of memory");
	f->listeners[service] = l;
	l->fabric = f;
	l->service = service;
	l->table = tables[service];
	if (TEXT_COPY(l->address, address) < 0)
		return error_set(err, FAULT_USAGE, EINVAL, "%s is not an IPv4 address", address);
	return listen_start(&o, &l->daemon, &l->port, err);
}

void listener_close(struct listener *l)
{
	if (!l)
		return;
	if (l->daemon)
		MHD_stop_daemon(l->daemon);
	free(l);
}

int listener_port(const struct listener *l)
{
	return l->port;
}

const char *listener_address(const struct listener *l)
{
	return l->address;
}
