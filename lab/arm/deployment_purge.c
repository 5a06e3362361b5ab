/* The mode Complete: what is in the group and no part of the template goes.
 *
 * Extensions and what else stands below another resource stay with it, as the service keeps them.
 * Source: "Azure Resource Manager deployment modes", "Deletion of Azure resources for complete mode
 * deployments". */
#include "deployment.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

#define DEPLOYMENT_PATH "/providers/" TEMPLATE_NESTED "/"

bool deployment_names(const json_t *ids, const char *id)
{
	json_t *item;
	size_t i;

	json_array_foreach((json_t *)ids, i, item)
	{
		if (text_eq_nocase(json_string_value(item), id))
			return true;
	}
	return false;
}

/* The name in an id of a deployment; NULL where it is another resource's. */
static const char *deployment_of(const char *id)
{
	const char *at = strcasestr(id, DEPLOYMENT_PATH);

	return at ? at + strlen(DEPLOYMENT_PATH) : NULL;
}

static void add_ids(struct arm *a, const json_t *document, unsigned depth, json_t *ids)
{
	json_t *item;
	size_t i;

	if (depth > DEPLOYMENT_DEPTH_MAX)
		return;
	json_array_foreach(json_at(document, "properties.outputResources"), i, item)
	{
		const char *id = json_text_at(item, "id", ""), *inner = deployment_of(id);

		if (inner)
			add_ids(a, arm_document(a, DEPLOYMENT, inner), depth + 1, ids);
		else
			json_array_append_new(ids, json_string(id));
	}
}

json_t *deployment_leftovers(struct arm *a, const json_t *all, const json_t *document)
{
	AUTO_JSON json_t *kept = json_array();
	json_t *list = json_array(), *item;
	size_t i;

	add_ids(a, document, 0, kept);
	json_array_foreach((json_t *)all, i, item)
	{
		if (!deployment_names(kept, json_text_at(item, "id", "")))
			json_array_append(list, item);
	}
	return list;
}
