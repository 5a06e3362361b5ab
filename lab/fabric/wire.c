/* The wire server: goal state and what hangs on it, and the posts of the agent. */
#include <errno.h>
#include <string.h>

#include "base/text.h"

#include "certificates.h"
#include "goalstate.h"
#include "http.h"
#include "xml.h"

static const char versions_text[] =
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
	"<Versions><Preferred><Version>2015-04-05</Version></Preferred><Supported>"
	"<Version>2015-04-05</Version><Version>2012-11-30</Version><Version>2012-09-15</Version>"
	"<Version>2012-05-15</Version><Version>2011-12-31</Version><Version>2011-10-15</Version>"
	"<Version>2011-08-31</Version><Version>2011-04-07</Version><Version>2010-12-15</Version>"
	"<Version>2010-28-10</Version></Supported></Versions>\n";

static const char *const supported[] = {
	"2015-04-05", "2012-11-30", "2012-09-15", "2012-05-15", "2011-12-31",
	"2011-10-15", "2011-08-31", "2011-04-07", "2010-12-15", "2010-28-10",
};

static const char error_template[] =
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
	"<Error xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">"
	"<Code>{code}</Code><Message>{message}</Message><Details></Details></Error>\n";

static void refuse(struct answer *ret, int status, const char *code, const char *message)
{
	const struct xml_slot slots[] = { { "code", code }, { "message", message } };
	struct buf b AUTO_BUF = { 0 };

	if (xml_fill(&b, error_template, slots, ARRAY_SIZE(slots)) < 0)
		ret->status = 0;
	else
		answer_text(ret, status, "text/xml; charset=utf-8", buf_text(&b));
}

static void answer_xml(struct answer *ret, int rc, const struct buf *xml)
{
	if (rc < 0)
		refuse(ret, 500, "InternalError", strerror(-rc));
	else
		answer_text(ret, 200, "text/xml; charset=utf-8", buf_text(xml));
}

/* Everything but the list of versions names the version that it speaks. */
static bool version_ok(const struct request *r, struct answer *ret)
{
	const char *version = request_header(r, "x-ms-version");

	for (size_t i = 0; version && i < ARRAY_SIZE(supported); i++) {
		if (text_eq(version, supported[i]))
			return true;
	}
	refuse(ret, 400, "MissingOrIncorrectVersionHeader",
	       "The versioning header is not specified or was specified incorrectly.");
	return false;
}

static void serve_versions(struct fabric *f, struct guest *vm, const struct request *r,
			   struct answer *ret)
{
	answer_text(ret, 200, "text/xml; charset=utf-8", versions_text);
}

static void serve_goalstate(struct fabric *f, struct guest *vm, const struct request *r,
			    struct answer *ret)
{
	struct buf xml AUTO_BUF = { 0 };

	if (version_ok(r, ret))
		answer_xml(ret, goalstate_main(f, vm, guest_wire_goal(vm), &xml), &xml);
}

/* A URL of an older incarnation, or of a container that this VM no longer is, is gone. */
static bool url_current(const struct guest *vm, const struct request *r, struct answer *ret)
{
	const char *container = json_text_at(vm->doc, "containerId", "");
	const char *incarnation = request_query(r, "incarnation");
	const char *at = r->path + strlen("/machine/");
	long n = -1;

	if (strncmp(at, container, strlen(container)) != 0 || at[strlen(container)] != '/') {
		refuse(ret, 404, "ResourceNotFound", "The specified resource does not exist.");
		return false;
	}
	if (!incarnation || text_to_long(incarnation, 10, &n) < 0) {
		refuse(ret, 400, "MissingOrInvalidRequiredQueryParameter",
		       "A required query parameter was not specified or was specified "
		       "incorrectly: incarnation.");
		return false;
	}
	if (n != json_int_at(guest_wire_goal(vm), "incarnation", 0)) {
		refuse(ret, 410, "ResourceNotAvailable",
		       "The resource requested is no longer available. Please refresh your cache.");
		return false;
	}
	return true;
}

static int config_render(const struct fabric *f, const struct guest *vm, const char *type,
			 struct buf *ret)
{
	const json_t *goal = guest_wire_goal(vm);

	if (text_eq_nocase(type, "hostingEnvironmentConfig"))
		return goalstate_hosting(vm, goal, ret);
	if (text_eq_nocase(type, "sharedConfig"))
		return goalstate_shared(vm, goal, ret);
	if (text_eq_nocase(type, "extensionsConfig"))
		return goalstate_extensions(f, vm, goal, ret);
	return -ENOENT;
}

static void serve_config(struct fabric *f, struct guest *vm, const struct request *r,
			 struct answer *ret)
{
	struct buf xml AUTO_BUF = { 0 };
	int rc;

	if (!version_ok(r, ret) || !url_current(vm, r, ret))
		return;
	rc = config_render(f, vm, request_query(r, "type"), &xml);
	if (rc == -ENOENT)
		refuse(ret, 404, "ResourceNotFound", "The specified resource does not exist.");
	else
		answer_xml(ret, rc, &xml);
}

static void serve_certificates(struct fabric *f, struct guest *vm, const struct request *r,
			       struct answer *ret)
{
	const char *transport = request_header(r, "x-ms-guest-agent-public-x509-cert");
	struct buf data AUTO_BUF = { 0 }, xml AUTO_BUF = { 0 };
	struct error err = { 0 };

	if (!version_ok(r, ret) || !url_current(vm, r, ret))
		return;
	if (!transport) {
		refuse(ret, 400, "MissingRequiredHeader",
		       "Required header is missing: x-ms-guest-agent-public-x509-cert");
		return;
	}
	if (certificate_bundle(json_object_get(vm->doc, "certificate"), transport,
			       request_header(r, "x-ms-cipher-name"), &data, &err) < 0) {
		refuse(ret, 400, "InvalidHeaderValue", err.what);
		return;
	}
	answer_xml(ret, goalstate_certificates(guest_wire_goal(vm), buf_text(&data), &xml), &xml);
}

static void serve_post(struct fabric *f, struct guest *vm, const struct request *r,
		       struct answer *ret)
{
	if (version_ok(r, ret))
		answer_text(ret, 200, NULL, "");
}

static void serve_role_properties(struct fabric *f, struct guest *vm, const struct request *r,
				  struct answer *ret)
{
	if (version_ok(r, ret))
		answer_text(ret, 202, NULL, "");
}

static void serve_health_service(struct fabric *f, struct guest *vm, const struct request *r,
				 struct answer *ret)
{
	answer_text(ret, 200, NULL, "");
}

static void not_found(struct answer *ret, int status)
{
	if (status == 405)
		refuse(ret, 405, "UnsupportedHttpVerb", "The resource doesn't support the verb.");
	else
		refuse(ret, 404, "ResourceNotFound", "The specified resource does not exist.");
}

static const struct route routes[] = {
	{ "GET", "/", "versions", "wire.versions", PLACE_NONE, serve_versions },
	{ "GET", "/machine", "goalstate", "wire.goalstate", PLACE_GOALSTATE, serve_goalstate },
	{ "GET", "/machine/*", "config", "wire.config", PLACE_NONE, serve_config },
	{ "GET", "/machine/*", "certificates", "wire.certificates", PLACE_NONE,
	  serve_certificates },
	{ "POST", "/machine", "health", "wire.health", PLACE_NONE, serve_post },
	{ "POST", "/machine", "telemetrydata", "wire.telemetry", PLACE_NONE, serve_post },
	{ "POST", "/machine", "roleProperties", "wire.roleproperties", PLACE_NONE,
	  serve_role_properties },
	{ "POST", "/HealthService", NULL, "wire.healthservice", PLACE_NONE, serve_health_service },
};

const struct route_table wire_routes = { routes, ARRAY_SIZE(routes), PLACE_WIRE, "wire",
					 not_found };
