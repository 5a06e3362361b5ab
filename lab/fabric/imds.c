/* Instance metadata: /metadata/instance and its parts, as JSON or as text.
 *
 * Source: "Azure Instance Metadata Service for Linux virtual machines" (Microsoft Learn): header,
 * version, errors, endpoints, and since which version a field is there. */
#include <string.h>

#include "base/text.h"

#include "http.h"

/* Ascending: the last three are the "newest-versions" of an error. */
static const char *const versions[] = {
	"2017-03-01", "2017-04-02", "2017-08-01", "2017-10-01", "2017-12-01", "2018-02-01",
	"2018-04-02", "2018-10-01", "2019-02-01", "2019-03-11", "2019-04-30", "2019-06-01",
	"2019-06-04", "2019-08-01", "2019-08-15", "2019-11-01", "2020-06-01", "2020-07-15",
	"2020-09-01", "2020-10-01", "2020-12-01", "2021-01-01", "2021-02-01", "2021-03-01",
	"2021-05-01", "2021-10-01", "2021-11-01", "2021-11-15", "2021-12-13", "2023-07-01",
	"2023-11-15", "2025-04-07",
};

/* Fields of compute that the first versions did not have. */
static const struct {
	const char *field, *since;
} later[] = {
	{ "placementGroupId", "2017-08-01" },  { "subscriptionId", "2017-08-01" },
	{ "resourceGroupName", "2017-08-01" }, { "tags", "2017-08-01" },
	{ "vmScaleSetName", "2017-12-01" },    { "zone", "2017-12-01" },
	{ "azEnvironment", "2018-10-01" },     { "provider", "2018-10-01" },
	{ "resourceId", "2019-03-11" },        { "storageProfile", "2019-06-01" },
	{ "tagsList", "2019-06-04" },          { "securityProfile", "2020-06-01" },
	{ "osProfile", "2020-07-15" },
};

static void refuse(struct answer *ret, int status, const char *what)
{
	json_t *j AUTO_JSON = json_pack("{s:s}", "error", what);

	answer_json(ret, status, j);
}

static void refuse_version(struct answer *ret, bool given)
{
	size_t n = ARRAY_SIZE(versions);
	json_t *j AUTO_JSON = json_pack(
		"{s:s,s:[s,s,s]}", "error",
		given ? "Bad request. api-version is invalid or was not specified in the request. "
			"For more information refer to aka.ms/azureimds"
		      : "Bad request. api-version was not specified in the request. For more "
			"information refer to aka.ms/azureimds",
		"newest-versions", versions[n - 1], versions[n - 2], versions[n - 3]);

	answer_json(ret, 400, j);
}

bool imds_version_known(const char *version)
{
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		if (text_eq(version, versions[i]))
			return true;
	}
	return false;
}

/* What every request needs, so that no proxy and no redirected browser gets an answer. */
static bool headers_ok(const struct request *r, struct answer *ret)
{
	if (!text_eq_nocase(request_header(r, "Metadata"), "true")) {
		refuse(ret, 400, "Bad request. Required metadata header not specified");
		return false;
	}
	if (request_header(r, "X-Forwarded-For")) {
		refuse(ret, 400, "Bad request. Request contains an X-Forwarded-For header");
		return false;
	}
	return true;
}

static bool version_ok(const struct request *r, struct answer *ret)
{
	const char *version = request_query(r, "api-version");

	if (imds_version_known(version))
		return true;
	refuse_version(ret, version != NULL);
	return false;
}

/* ---- the document -------------------------------------------------------------------------- */

static json_t *guest_value(const struct guest *vm, const char *key)
{
	json_t *text = json_object_get(json_object_get(vm->doc, "vm"), key);

	return text ? json_incref(text) : json_string("");
}

static json_t *resource_id(const struct guest *vm)
{
	return json_sprintf("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Compute/"
			    "virtualMachines/%s",
			    json_text_at(vm->doc, "vm.subscription", ""),
			    json_text_at(vm->doc, "vm.resourceGroup", ""), vm->name);
}

static json_t *image_reference(const struct guest *vm)
{
	return json_pack("{s:s,s:o,s:o,s:o,s:o}", "id", "", "publisher",
			 guest_value(vm, "publisher"), "offer", guest_value(vm, "offer"), "sku",
			 guest_value(vm, "sku"), "version", guest_value(vm, "imageVersion"));
}

static json_t *compute_make(const struct guest *vm)
{
	static const struct {
		const char *imds, *own;
	} fields[] = {
		{ "location", "location" },
		{ "name", "name" },
		{ "offer", "offer" },
		{ "publisher", "publisher" },
		{ "resourceGroupName", "resourceGroup" },
		{ "sku", "sku" },
		{ "subscriptionId", "subscription" },
		{ "version", "imageVersion" },
		{ "vmId", "vmId" },
		{ "vmScaleSetName", "scaleSet" },
		{ "vmSize", "size" },
	};
	json_t *j = json_pack(
		"{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:[],s:{s:s,s:s},s:o,s:{s:o,s:{s:s},s:[]}}",
		"azEnvironment", "AzurePublicCloud", "osType", "Linux", "placementGroupId", "",
		"platformFaultDomain", "0", "platformUpdateDomain", "0", "provider",
		"Microsoft.Compute", "tags", "", "zone", "", "tagsList", "securityProfile",
		"secureBootEnabled", "false", "virtualTpmEnabled", "false", "resourceId",
		resource_id(vm), "storageProfile", "imageReference", image_reference(vm), "osDisk",
		"osType", "Linux", "dataDisks");

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		(void)json_object_set_new(j, fields[i].imds, guest_value(vm, fields[i].own));
	(void)json_object_set_new(j, "osProfile",
				  json_pack("{s:s,s:o,s:s}", "adminUsername", "azureuser",
					    "computerName", guest_value(vm, "hostname"),
					    "disablePasswordAuthentication", "true"));
	return j;
}

static void compute_trim(json_t *compute, const char *version)
{
	for (size_t i = 0; i < ARRAY_SIZE(later); i++) {
		if (strcmp(version, later[i].since) < 0)
			(void)json_object_del(compute, later[i].field);
	}
}

static json_t *instance_make(const struct guest *vm, const char *version)
{
	json_t *compute = compute_make(vm);

	json_t *interface = json_pack("{s:{s:[{s:s,s:s}],s:[{s:s,s:s}]},s:{s:[]},s:o}", "ipv4",
				      "ipAddress", "privateIpAddress", vm->address,
				      "publicIpAddress", "", "subnet", "address", "10.7.0.0",
				      "prefix", "16", "ipv6", "ipAddress", "macAddress",
				      guest_value(vm, "mac"));

	compute_trim(compute, version);
	return json_pack("{s:o,s:{s:[o]}}", "compute", compute, "network", "interface", interface);
}

/* ---- rendering ----------------------------------------------------------------------------- */

static bool is_container(const json_t *j)
{
	return json_is_object(j) || json_is_array(j);
}

/* A leaf as it is, a container as the names in it, those of containers with a slash. */
static int text_render(const json_t *j, struct buf *ret)
{
	const char *key;
	json_t *value;
	int rc = 0;

	if (json_is_string(j))
		return buf_add_text(ret, json_string_value(j));
	for (size_t i = 0; i < json_array_size(j) && rc == 0; i++)
		rc = buf_add_format(ret, "%zu%s\n", i,
				    is_container(json_array_get(j, i)) ? "/" : "");
	json_object_foreach((json_t *)j, key, value)
	{
		if (rc == 0)
			rc = buf_add_format(ret, "%s%s\n", key, is_container(value) ? "/" : "");
	}
	return rc;
}

/* Walk "/compute/storageProfile". Returns a borrowed reference, NULL if there is no such thing. */
static const json_t *walk(const json_t *j, const char *path)
{
	while (j && *path == '/') {
		char part[64];
		size_t len = strcspn(++path, "/");
		long index = -1;

		if (len >= sizeof part)
			return NULL;
		memcpy(part, path, len);
		part[len] = '\0';
		path += len;
		if (json_is_object(j))
			j = json_object_get(j, part);
		else if (text_to_long(part, 10, &index) == 0 && index >= 0)
			j = json_array_get(j, (size_t)index);
		else
			j = NULL;
	}
	return j;
}

static void answer_part(const json_t *part, const char *format, struct answer *ret)
{
	struct buf text AUTO_BUF = { 0 };

	if (!part) {
		refuse(ret, 404, "Not found");
	} else if (text_eq_nocase(format, "text")) {
		int status = text_render(part, &text) < 0 ? 0 : 200;

		answer_text(ret, status, "text/plain; charset=utf-8", buf_text(&text));
	} else if (!is_container(part)) {
		refuse(ret, 400, "Bad request. A leaf is available in the format text only");
	} else {
		answer_json(ret, 200, part);
	}
}

static void serve_instance(struct fabric *f, struct guest *vm, const struct request *r,
			   struct answer *ret)
{
	if (!headers_ok(r, ret) || !version_ok(r, ret))
		return;
	json_t *instance AUTO_JSON = instance_make(vm, request_query(r, "api-version"));

	answer_part(walk(instance, r->path + strlen("/metadata/instance")),
		    request_query(r, "format"), ret);
}

static void serve_versions(struct fabric *f, struct guest *vm, const struct request *r,
			   struct answer *ret)
{
	json_t *list = json_array();

	if (headers_ok(r, ret)) {
		for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
			(void)json_array_append_new(list, json_string(versions[i]));
		json_t *j AUTO_JSON = json_pack("{s:O}", "apiVersions", list);

		answer_json(ret, 200, j);
	}
	json_decref(list);
}

static void not_found(struct answer *ret, int status)
{
	refuse(ret, status, status == 405 ? "Method not allowed" : "Not found");
}

static const struct route routes[] = {
	{ "GET", "/metadata/instance", NULL, "imds.instance", PLACE_NONE, serve_instance },
	{ "GET", "/metadata/instance/*", NULL, "imds.instance", PLACE_NONE, serve_instance },
	{ "GET", "/metadata/versions", NULL, "imds.versions", PLACE_NONE, serve_versions },
	{ "GET", "/metadata/identity/oauth2/token", NULL, "imds.token", PLACE_NONE,
	  identity_serve_token },
};

const struct route_table imds_routes = { routes, ARRAY_SIZE(routes), PLACE_IMDS, "imds",
					 not_found };
