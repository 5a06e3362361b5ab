/* Subscription and resource group: the lab has one of each. */
#include "inner.h"

#include "base/text.h"

static json_t *group_json(void)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:{s:s}}", "id",
			 "/subscriptions/" ARM_SUBSCRIPTION "/resourceGroups/" ARM_RESOURCE_GROUP,
			 "name", ARM_RESOURCE_GROUP, "type", "Microsoft.Resources/resourceGroups",
			 "location", ARM_LOCATION, "properties", "provisioningState", "Succeeded");
}

bool arm_need_group(struct arm_request *r, struct arm_answer *ret)
{
	if (text_eq_nocase(r->parts[PART_GROUP], ARM_RESOURCE_GROUP))
		return true;
	arm_refuse(ret, 404, "ResourceGroupNotFound", "Resource group '%s' could not be found.",
		   r->parts[PART_GROUP]);
	return false;
}

static void serve_group(struct arm_request *r, struct arm_answer *ret)
{
	if (arm_need_group(r, ret))
		arm_say(ret, 200, group_json());
}

static void serve_groups(struct arm_request *r, struct arm_answer *ret)
{
	(void)r;
	arm_say(ret, 200, json_pack("{s:[o]}", "value", group_json()));
}

void arm_resources_add(struct arm *a, json_t *list)
{
	arm_vms_add(a, list);
	arm_scalesets_add(a, list);
	arm_inert_add(a, list);
	arm_identities_add(a, list);
}

static void serve_resources(struct arm_request *r, struct arm_answer *ret)
{
	json_t *list = json_array();

	arm_resources_add(r->arm, list);
	arm_say(ret, 200, json_pack("{s:o}", "value", list));
}

static void serve_resources_of_group(struct arm_request *r, struct arm_answer *ret)
{
	if (arm_need_group(r, ret))
		serve_resources(r, ret);
}

const struct arm_route arm_group_routes[] = {
	{ "GET", "/subscriptions/{}/resourceGroups", false, serve_groups },
	{ "GET", ARM_GROUP, false, serve_group },
	{ "GET", "/subscriptions/{}/resources", false, serve_resources },
	{ "GET", ARM_GROUP "/resources", false, serve_resources_of_group },
	{ 0 },
};
