/* Serves the routes with libmicrohttpd over TLS, a thread a connection. */
#include "inner.h"

#include <errno.h>
#include <microhttpd.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"
#include "lab/fabric/fabric.h"
#include "lab/fabric/listen.h"
#include "lab/fabric/uri.h"
#include "lenient.h"

#define ARM_PAGE_SIZE "Standard_HB120rs_v3"
#define ARM_PAGE_SET                                                                               \
	"/subscriptions/" ARM_SUBSCRIPTION "/resourceGroups/" ARM_RESOURCE_GROUP                   \
	"/providers/Microsoft.Compute/virtualMachineScaleSets/myVMSS"
#define ARM_OWN_VERSION "2022-08-01" /* in what the lab asks of itself */

enum { CONNECTION_TIMEOUT_S = 60, CONNECTIONS_MAX = 512 };

/* A request while it is being read. */
struct pending {
	struct arm_request request;
	char path[ARM_URL_MAX];
	bool too_long, too_big;
};

const char *arm_query(const struct arm_request *r, const char *name)
{
	if (!r->connection)
		return text_eq(name, "api-version") ? ARM_OWN_VERSION : NULL;
	return MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *arm_header(const struct arm_request *r, const char *name)
{
	return r->connection ? MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name)
			     : NULL;
}

void arm_say(struct arm_answer *a, int status, json_t *body)
{
	json_decref(a->body);
	a->status = body ? status : 500;
	a->body = body;
}

void arm_refuse(struct arm_answer *a, int status, const char *code, const char *fmt, ...)
{
	char message[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	a->operation[0] = a->location[0] = '\0';
	arm_say(a, status,
		json_pack("{s:{s:s, s:o}}", "error", "code", code, "message",
			  json_text_or_null(message)));
}

void arm_refuse_absent(const struct arm_request *r, struct arm_answer *a, const char *fmt, ...)
{
	char resource[300];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(resource, sizeof resource, fmt, ap);
	va_end(ap);
	arm_refuse(a, 404, "ResourceNotFound",
		   "The Resource '%s' under resource group '%s' was not found. For more details "
		   "please go to https://aka.ms/ARMResourceNotFoundFix",
		   resource, r->parts[PART_GROUP]);
}

json_t *arm_body(struct arm_request *r, struct arm_answer *a)
{
	AUTO_BUF struct buf strict = { .max = 2 * REQUEST_MAX };
	char why[160] = "";
	json_t *j = NULL;

	if (lenient_json(buf_text(&r->body), r->body.len, &strict) == 0)
		j = json_parse(buf_text(&strict), strict.len, why, sizeof why);
	if (json_is_object(j))
		return j;
	arm_refuse(a, 400, "InvalidRequestContent", "The request content was invalid: %s",
		   j ? "it is no object" : why);
	json_decref(j);
	return NULL;
}

/* ---- routing --------------------------------------------------------------------------------- */

static const struct arm_route *route_find(struct arm_request *r, bool *known)
{
	static const struct arm_route *const tables[] = {
		arm_login_routes,    arm_identity_routes,  arm_group_routes,
		arm_compute_routes,  arm_machine_routes,   arm_scaleset_routes,
		arm_instance_routes, arm_extension_routes, arm_deployment_routes,
		arm_inert_routes,    arm_image_routes,     arm_operation_routes
	};

	*known = false;
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct arm_route *row = tables[i]; row->method; row++) {
			if (!route_fits(row->path, r->path, r->parts))
				continue;
			*known = true;
			if (text_eq(row->method, r->method))
				return row;
		}
	return NULL;
}

/* False with the answer set. */
static bool is_allowed(const struct arm_request *r, struct arm_answer *ret)
{
	static const struct {
		int rc;
		const char *code, *message;
	} refusals[] = {
		{ -EKEYEXPIRED, "ExpiredAuthenticationToken", "The access token expired." },
		{ -EACCES, "InvalidAuthenticationToken", "The access token is invalid." },
		{ -EXDEV, "InvalidAuthenticationTokenAudience",
		  "The access token has been obtained for wrong audience or resource. It should "
		  "exactly match with one of the allowed audiences "
		  "'https://management.core.windows.net/', 'https://management.azure.com/'." },
	};
	const char *token = bearer_token(arm_header(r, "Authorization"));
	int rc = token ? arm_token_check(r->arm, token, TOKEN_AUDIENCE) : 0;

	if (rc == -EXDEV) /* the name that instance metadata is asked for */
		rc = arm_token_check(r->arm, token, "https://management.azure.com/");

	if (!token)
		arm_refuse(ret, 401, "AuthenticationFailed",
			   "Authentication failed. The 'Authorization' header is missing.");
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		if (rc == refusals[i].rc)
			arm_refuse(ret, 401, refusals[i].code, "%s", refusals[i].message);
	return token && rc == 0;
}

static bool is_of_the_lab(const struct arm_request *r, struct arm_answer *ret)
{
	if (!text_starts(r->path, "/subscriptions/") ||
	    text_eq_nocase(r->parts[0], ARM_SUBSCRIPTION))
		return true;
	arm_refuse(ret, 404, "SubscriptionNotFound", "The subscription '%s' could not be found.",
		   r->parts[0]);
	return false;
}

static void serve(struct arm_request *r, struct arm_answer *ret)
{
	bool known = false;
	const struct arm_route *row = route_find(r, &known);

	if (!row && !known)
		arm_refuse(ret, 404, "InvalidResourceType",
			   "The lab knows no resource at '%.300s'.", r->path);
	else if (!row)
		arm_refuse(ret, 405, "MethodNotAllowed", "The lab does not serve %s at '%.300s'.",
			   r->method, r->path);
	else if (row->open || !r->connection)
		row->serve(r, ret);
	else if (!is_allowed(r, ret) || !is_of_the_lab(r, ret))
		return;
	else if (!arm_query(r, "api-version"))
		arm_refuse(ret, 400, "MissingApiVersionParameter",
			   "The api-version query parameter (?api-version=) is required for all "
			   "requests.");
	else
		row->serve(r, ret);
}

void arm_call(struct arm *a, const char *method, const char *path, const json_t *body,
	      struct arm_answer *ret)
{
	struct arm_request *r = calloc(1, sizeof *r);

	*ret = (struct arm_answer) { .status = 500 };
	if (!r)
		return;
	*r = (struct arm_request) { .arm = a, .method = method, .path = path };
	r->body.max = 2 * REQUEST_MAX;
	(void)TEXT_FORMAT(r->origin, "https://localhost:%d", a->port);
	if (!body || json_write(body, false, &r->body) == 0)
		serve(r, ret);
	buf_free(&r->body);
	free(r);
}

bool arm_is_served(struct arm *a, const char *method, const char *path)
{
	struct arm_request *r = calloc(1, sizeof *r);
	bool known, served;

	if (!r)
		return false;
	*r = (struct arm_request) { .arm = a, .method = method, .path = path };
	served = route_find(r, &known) != NULL;
	free(r);
	return served;
}

/* ---- the library ----------------------------------------------------------------------------- */

static enum MHD_Result answer_send(struct MHD_Connection *c, struct arm_answer *a)
{
	AUTO_BUF struct buf text = { 0 };
	struct MHD_Response *response;
	enum MHD_Result rc;

	if (a->body && json_write(a->body, false, &text) < 0)
		return MHD_NO;
	response = MHD_create_response_from_buffer(text.len, (void *)buf_text(&text),
						   MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
				      "application/json; charset=utf-8");
	if (a->operation[0])
		(void)MHD_add_response_header(response, "Azure-AsyncOperation", a->operation);
	if (a->location[0])
		(void)MHD_add_response_header(response, "Location", a->location);
	if (a->operation[0] || a->location[0] || a->retry_after[0] ||
	    text_eq(json_text_at(a->body, "status", ""), "InProgress"))
		(void)MHD_add_response_header(response, "Retry-After", "1");
	rc = MHD_queue_response(c, (unsigned)a->status, response);
	MHD_destroy_response(response);
	return rc;
}

static struct pending *pending_new(struct arm *a, struct MHD_Connection *c, const char *url)
{
	struct pending *p = calloc(1, sizeof *p);
	const char *host = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Host");

	if (!p)
		return NULL;
	p->too_long = uri_path(url, p->path, sizeof p->path) < 0;
	p->request = (struct arm_request) {
		.arm = a, .path = p->path, .body = { .max = REQUEST_MAX }, .connection = c
	};
	if (host)
		(void)TEXT_FORMAT(p->request.origin, "https://%s", host);
	else
		(void)TEXT_FORMAT(p->request.origin, "https://localhost:%d", a->port);
	return p;
}

/* MHD_AccessHandlerCallback: once for the headers, once for each piece of the body, once at its
 * end. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *data_size, void **state)
{
	struct arm *a = cls;
	struct pending *p = *state;
	struct arm_answer answer = { .status = 500 };
	enum MHD_Result rc;

	if (!p) {
		*state = pending_new(a, c, url);
		return *state ? MHD_YES : MHD_NO;
	}
	p->request.method = method;
	if (*data_size > 0) {
		p->too_big |= buf_add(&p->request.body, data, *data_size) < 0;
		*data_size = 0;
		return MHD_YES;
	}
	if (p->too_long || p->too_big)
		arm_refuse(&answer, p->too_long ? 414 : 413, "RequestTooLarge",
			   "The request is longer than the lab takes.");
	else
		serve(&p->request, &answer);
	LOG(a->log, DEBUG, "lab.arm", "%s %s -> %d", method, p->path, answer.status);
	rc = answer_send(c, &answer);
	json_decref(answer.body);
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

static int listen_at(const struct arm_options *o, struct listen_options *l, struct arm *a,
		     struct error *err)
{
	int rc = listen_start(l, &a->daemon, &a->port, err);

	if (rc == 0 || o->port != ARM_USUAL_PORT || err->sys != EADDRINUSE)
		return rc;
	LOG(o->log, INFO, "lab.arm", "port %d is taken: the Resource Manager takes another",
	    ARM_PORT);
	l->port = 0;
	return listen_start(l, &a->daemon, &a->port, err);
}

/* The scale set that the page names. */
static void page_set(struct arm *a)
{
	AUTO_JSON json_t *body = json_pack(
		"{s:s, s:{s:s, s:s, s:i}, s:{s:{s:s}, s:b, s:b, s:{s:{s:s, s:s}}}}", "location",
		ARM_LOCATION, "sku", "name", ARM_PAGE_SIZE, "tier", "Standard", "capacity", 2,
		"properties", "upgradePolicy", "mode", "Manual", "overprovision", 0,
		"singlePlacementGroup", 1, "virtualMachineProfile", "osProfile",
		"computerNamePrefix", "myvmss", "adminUsername", "azureuser");
	struct arm_answer answer;

	arm_call(a, "GET", ARM_PAGE_SET, NULL, &answer);
	json_decref(answer.body);
	if (answer.status != 404)
		return;
	arm_call(a, "PUT", ARM_PAGE_SET, body, &answer);
	json_decref(answer.body);
}

int arm_start(const struct arm_options *o, struct arm **ret, struct error *err)
{
	struct arm *a = calloc(1, sizeof *a);
	struct listen_options l = { .address = "127.0.0.1",
				    .port = o->port == ARM_USUAL_PORT ? ARM_PORT
					    : o->port == ARM_ANY_PORT ? 0
								      : o->port,
				    .on_request = on_request,
				    .on_completed = on_completed,
				    .cls = a,
				    .timeout_s = CONNECTION_TIMEOUT_S,
				    .connections_max = CONNECTIONS_MAX };

	if (!a)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "out of memory");
	a->fabric = o->fabric;
	a->log = o->log;
	a->ask = o->ask;
	a->ask_ctx = o->ask_ctx;
	a->store = -1;
	a->operations = json_object();
	a->documents = json_object();
	(void)pthread_mutex_init(&a->lock, NULL);
	(void)pthread_cond_init(&a->stop, NULL);
	if (arm_tls_prepare(a, o->state, err) == 0 && arm_store_open(a, o->state, err) == 0 &&
	    arm_key_load(a, "token.key", a->token_secret, err) == 0 &&
	    arm_key_load(a, "seal.key", a->seal_key, err) == 0) {
		l.key = a->key;
		l.certificate = a->certificate;
		fabric_set_tokens(a->fabric, arm_identity_token, a);
		if (arm_engine_start(a, err) == 0 && listen_at(o, &l, a, err) == 0) {
			if (o->page)
				page_set(a);
			*ret = a;
			return 0;
		}
	}
	arm_stop(a);
	return -1;
}

void arm_stop(struct arm *a)
{
	if (!a)
		return;
	if (a->daemon)
		MHD_stop_daemon(a->daemon);
	arm_engine_stop(a);
	fabric_set_tokens(a->fabric, NULL, NULL);
	(void)pthread_cond_destroy(&a->stop);
	(void)pthread_mutex_destroy(&a->lock);
	json_decref(a->operations);
	json_decref(a->documents);
	cleanup_fd(&a->store);
	free(a->key);
	free(a->certificate);
	free(a);
}

int arm_token_check(const struct arm *a, const char *token, const char *audience)
{
	return token_check(a->token_secret, token, audience, time(NULL));
}

int arm_port(const struct arm *a)
{
	return a->port;
}
