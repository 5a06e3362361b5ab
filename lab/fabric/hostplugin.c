/* The host plugin: vmSettings, extension artifacts, status and logs by way of the host. */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "base/text.h"

#include "blob.h"
#include "goalstate.h"
#include "http.h"

static void refuse(struct answer *ret, int status, const char *code)
{
	answer_text(ret, status, "text/plain", code);
}

/* The host knows a VM by its container and role configuration; other names are stale. The words
 * are those that the agent looks for (restutil.py). */
static bool names_current(const struct guest *vm, const struct request *r, bool config,
			  struct answer *ret)
{
	const char *container = request_header(r, "x-ms-containerid");
	const char *given = request_header(r, "x-ms-host-config-name");
	char name[256];

	if (!text_eq(container, json_text_at(vm->doc, "containerId", ""))) {
		refuse(ret, 400, "InvalidContainerConfiguration");
		return false;
	}
	(void)goalstate_config_name(vm, name, sizeof name);
	if (config && !text_eq(given, name)) {
		refuse(ret, 410, "RequestRoleConfigFileNotFound");
		return false;
	}
	return true;
}

static bool version_ok(const struct request *r, struct answer *ret)
{
	if (text_eq(request_header(r, "x-ms-version"), "2015-09-01"))
		return true;
	refuse(ret, 400, "MissingOrIncorrectVersionHeader");
	return false;
}

static void serve_versions(struct fabric *f, struct guest *vm, const struct request *r,
			   struct answer *ret)
{
	answer_text(ret, 200, "application/json", "[\"2015-09-01\"]");
}

static void serve_health(struct fabric *f, struct guest *vm, const struct request *r,
			 struct answer *ret)
{
	answer_text(ret, 200, NULL, "");
}

static void serve_vm_settings(struct fabric *f, struct guest *vm, const struct request *r,
			      struct answer *ret)
{
	/* Fast Track is what has passed by the wire server. */
	const json_t *goal = f->fast_track ? json_object_get(vm->doc, "goal") : guest_wire_goal(vm);
	char etag[24];

	if (!version_ok(r, ret) || !names_current(vm, r, true, ret))
		return;
	(void)TEXT_FORMAT(etag, "%lld", json_int_at(goal, "incarnation", 0));
	answer_header(ret, "ETag", etag);
	if (text_eq(request_header(r, "If-None-Match"), etag)) {
		answer_text(ret, 304, NULL, "");
		return;
	}
	json_t *settings AUTO_JSON = goalstate_vm_settings(f, vm, goal);

	answer_json(ret, 200, settings);
}

static void serve_artifact(struct fabric *f, struct guest *vm, const struct request *r,
			   struct answer *ret)
{
	const char *location = request_header(r, "x-ms-artifact-location");
	struct blob_ref ref;

	if (!version_ok(r, ret) || !names_current(vm, r, true, ret))
		return;
	if (!location || blob_ref_parse(f, location, &ref) < 0)
		refuse(ret, 400, "InvalidArtifactLocation");
	else
		blob_get(f, vm, &ref, ret);
}

/* The value of one of the headers that the agent wants sent on. */
static const char *header_at(const json_t *headers, const char *name)
{
	size_t i;
	json_t *header;

	json_array_foreach(headers, i, header)
	{
		if (text_eq_nocase(json_text_at(header, "headerName", ""), name))
			return json_string_value(json_object_get(header, "headerValue"));
	}
	return NULL;
}

static int content_decode(const json_t *doc, struct buf *ret)
{
	const char *text = json_text_at(doc, "content", "");
	size_t max = strlen(text), len = 0;
	AUTO_FREE unsigned char *data = malloc(max + 1);

	if (!data)
		return -ENOMEM;
	if (sodium_base642bin(data, max, text, max, "\r\n", &len, NULL,
			      sodium_base64_VARIANT_ORIGINAL) != 0)
		return -EINVAL;
	return len > 0 ? buf_add(ret, data, len) : 0;
}

static void serve_status(struct fabric *f, struct guest *vm, const struct request *r,
			 struct answer *ret)
{
	json_t *doc AUTO_JSON = NULL;
	struct buf content AUTO_BUF = { 0 };
	struct blob_ref ref;

	if (!version_ok(r, ret) || !names_current(vm, r, true, ret))
		return;
	doc = json_parse(buf_text(&r->body), r->body.len, NULL, 0);
	if (!json_is_object(doc) || content_decode(doc, &content) < 0 ||
	    blob_ref_parse(f, json_text_at(doc, "requestUri", ""), &ref) < 0) {
		refuse(ret, 400, "InvalidStatusRequest");
		return;
	}
	const json_t *headers = json_object_get(doc, "headers");
	const struct blob_put put = {
		.type = header_at(headers, "x-ms-blob-type"),
		.content_length = header_at(headers, "x-ms-blob-content-length"),
		.page_write = header_at(headers, "x-ms-page-write"),
		.range = header_at(headers, "x-ms-range"),
	};

	blob_put(f, vm, &ref, &put, &content, ret);
}

/* The log itself is not kept. */
static void serve_log(struct fabric *f, struct guest *vm, const struct request *r,
		      struct answer *ret)
{
	if (version_ok(r, ret) && names_current(vm, r, false, ret))
		answer_text(ret, 200, NULL, "");
}

static void not_found(struct answer *ret, int status)
{
	refuse(ret, status, status == 405 ? "MethodNotAllowed" : "NotFound");
}

static const struct route routes[] = {
	{ "GET", "/versions", NULL, "plugin.versions", PLACE_NONE, serve_versions },
	{ "GET", "/health", NULL, "plugin.health", PLACE_NONE, serve_health },
	{ "GET", "/vmSettings", NULL, "plugin.vmsettings", PLACE_VMSETTINGS, serve_vm_settings },
	{ "GET", "/extensionArtifact", NULL, "plugin.artifact", PLACE_ARTIFACT, serve_artifact },
	{ "PUT", "/status", NULL, "plugin.status", PLACE_STATUS, serve_status },
	{ "PUT", "/vmAgentLog", NULL, "plugin.log", PLACE_NONE, serve_log },
};

const struct route_table plugin_routes = { routes, ARRAY_SIZE(routes), PLACE_PLUGIN, "plugin",
					   not_found };
