/* The catalogue of extensions, from what the lab's packages are. Answers are arrays, as the real
 * ones. */
#include "inner.h"

#include "base/text.h"
#include "lab/fabric/fabric.h"

#define PUBLISHERS "/subscriptions/{}/providers/Microsoft.Compute/locations/{}/publishers"
#define TYPES      PUBLISHERS "/{}/artifacttypes/vmextension/types"

static json_t *row(const char *under, const char *name)
{
	return json_pack("{s:o, s:s, s:s}", "id", json_sprintf("%s/%s", under, name), "name", name,
			 "location", ARM_LOCATION);
}

static bool has_name(const json_t *list, const char *name)
{
	json_t *item;
	size_t i;

	json_array_foreach(
		(json_t *)list, i,
		item) if (text_eq_nocase(json_text_at(item, "name", ""), name)) return true;
	return false;
}

/* The names at `key` of the packages of a publisher (NULL: of all), each once. */
static json_t *list_of(struct arm_request *r, const char *publisher, const char *key)
{
	AUTO_JSON json_t *catalogue = fabric_catalogue(r->arm->fabric);
	json_t *list = json_array(), *entry;
	size_t i;

	json_array_foreach(catalogue, i, entry)
	{
		const char *name = json_text_at(entry, key, "");

		if (publisher && !text_eq_nocase(json_text_at(entry, "publisher", ""), publisher))
			continue;
		if (!has_name(list, name))
			json_array_append_new(list, row(r->path, name));
	}
	return list;
}

static void serve_publishers(struct arm_request *r, struct arm_answer *ret)
{
	arm_say(ret, 200, list_of(r, NULL, "publisher"));
}

static void serve_types(struct arm_request *r, struct arm_answer *ret)
{
	arm_say(ret, 200, list_of(r, r->parts[2], "type"));
}

/* A new reference to the versions of a package, NULL with the answer set. */
static json_t *versions_of(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *catalogue = fabric_catalogue(r->arm->fabric);
	json_t *entry;
	size_t i;

	json_array_foreach(
		catalogue, i,
		entry) if (text_eq_nocase(json_text_at(entry, "publisher", ""), r->parts[2]) &&
			   text_eq_nocase(
				   json_text_at(entry, "type", ""),
				   r->parts[3])) return json_incref(json_object_get(entry,
										    "versions"));
	arm_refuse(ret, 404, "ArtifactNotFound", "The extension '%s.%s' was not found.",
		   r->parts[2], r->parts[3]);
	return NULL;
}

static void serve_versions(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *versions = versions_of(r, ret);
	json_t *list, *version;
	size_t i;

	if (!versions)
		return;
	list = json_array();
	json_array_foreach(versions, i, version)
		json_array_append_new(list, row(r->path, json_string_value(version)));
	arm_say(ret, 200, list);
}

static void serve_version(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *versions = versions_of(r, ret);
	json_t *version;
	size_t i;

	if (!versions)
		return;
	json_array_foreach(versions, i,
			   version) if (text_eq(json_string_value(version), r->parts[4]))
	{
		arm_say(ret, 200,
			json_pack("{s:s, s:s, s:s, s:{s:s, s:s, s:b, s:b}}", "id", r->path, "name",
				  r->parts[4], "location", ARM_LOCATION, "properties",
				  "operatingSystem", "Linux", "computeRole", "IaaS",
				  "vmScaleSetEnabled", true, "supportsMultipleExtensions", false));
		return;
	}
	arm_refuse(ret, 404, "ArtifactVersionNotFound", "There is no version '%s'.", r->parts[4]);
}

const struct arm_route arm_image_routes[] = {
	{ "GET", PUBLISHERS, false, serve_publishers },
	{ "GET", TYPES, false, serve_types },
	{ "GET", TYPES "/{}/versions", false, serve_versions },
	{ "GET", TYPES "/{}/versions/{}", false, serve_version },
	{ 0 },
};
