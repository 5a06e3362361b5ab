/* What the agents of VMs reported, as the Resource Manager words it: instance views. */
#include "inner.h"

#include "base/text.h"
#include "lab/daemon/extension.h"
#include "lab/fabric/fabric.h"

json_t *arm_status(const char *code, const char *level, const char *shown, const char *message,
		   const char *time)
{
	return json_pack("{s:s, s:s, s:s, s:o, s:o}", "code", code, "level", level, "displayStatus",
			 shown, "message", json_text_or_null(message), "time",
			 json_text_or_null(time));
}

/* What a state of the agent's is called. Where it has reported none (an extension without settings
 * has none), the handler's word is all there is. */
static json_t *status_of(const json_t *row)
{
	static const struct {
		const char *said, *code, *level, *shown;
	} states[] = {
		{ "success", "succeeded", "Info", "Provisioning succeeded" },
		{ "error", "failed", "Error", "Provisioning failed" },
		{ "transitioning", "transitioning", "Info", "Transitioning" },
		{ "warning", "transitioning", "Warning", "Transitioning" },
		{ "Succeeded", "succeeded", "Info", "Provisioning succeeded" },
		{ "Failed", "failed", "Error", "Provisioning failed" },
		{ NULL, "transitioning", "Info", "Transitioning" },
	};
	const json_t *status = json_at(row, "report.status");
	const char *state = json_text_at(row, "provisioningState", "");
	/* A handler that failed before it wrote a status has one of the agent's making. */
	const char *said = text_eq(state, "Failed") ? state : json_text_at(status, "status", state);
	AUTO_JSON json_t *code = NULL;
	size_t i = 0;

	while (states[i].said && !text_eq(states[i].said, said))
		i++;
	code = json_sprintf("ProvisioningState/%s%s%.0lld", states[i].code,
			    json_int_at(status, "code", 0) ? "/" : "",
			    json_int_at(status, "code", 0));
	return arm_status(json_string_value(code), states[i].level, states[i].shown,
			  extension_said(json_object_get(row, "report")),
			  json_text_at(row, "report.time", ""));
}

static json_t *substatus_of(const json_t *sub)
{
	const char *said = json_text_at(sub, "status", "");
	AUTO_JSON json_t *code = json_sprintf("ComponentStatus/%s/%s",
					      json_text_at(sub, "name", ""), said);

	return arm_status(json_string_value(code), text_eq(said, "error") ? "Error" : "Info", said,
			  json_text_at(sub, "formattedMessage.message", ""), "");
}

json_t *arm_extension_view(const json_t *row)
{
	json_t *substatuses = json_array(), *sub;
	size_t i;

	json_array_foreach(json_at(row, "report.status.substatus"), i, sub)
		json_array_append_new(substatuses, substatus_of(sub));
	return json_pack("{s:O, s:o, s:O, s:[o], s:o}", "name", json_object_get(row, "name"),
			 "type",
			 json_sprintf("%s.%s", json_text_at(row, "publisher", ""),
				      json_text_at(row, "type", "")),
			 "typeHandlerVersion", json_object_get(row, "version"), "statuses",
			 status_of(row), "substatuses", substatuses);
}

static json_t *handlers_json(const json_t *report)
{
	json_t *list = json_array(), *handler;
	size_t i;

	json_array_foreach(json_at(report, "status.aggregateStatus.handlerAggregateStatus"), i,
			   handler)
	{
		const char *state = json_text_at(handler, "status", "NotReady");
		bool ready = text_eq(state, "Ready");

		json_array_append_new(
			list,
			json_pack("{s:s, s:s, s:o}", "type",
				  json_text_at(handler, "handlerName", ""), "typeHandlerVersion",
				  json_text_at(handler, "handlerVersion", ""), "status",
				  arm_status(ready ? "ProvisioningState/succeeded"
						   : "ProvisioningState/failed",
					     ready ? "Info" : "Error", state,
					     json_text_at(handler, "formattedMessage.message", ""),
					     json_text_at(report, "time", ""))));
	}
	return list;
}

static json_t *agent_json(const json_t *report)
{
	const json_t *agent = json_at(report, "status.aggregateStatus.guestAgentStatus");
	bool ready = text_eq(json_text_at(agent, "status", ""), "Ready");

	return json_pack(
		"{s:s, s:[o], s:o}", "vmAgentVersion", json_text_at(agent, "version", "Unknown"),
		"statuses",
		arm_status(ready ? "ProvisioningState/succeeded" : "ProvisioningState/Unavailable",
			   ready ? "Info" : "Warning", ready ? "Ready" : "Not Ready",
			   ready ? json_text_at(agent, "formattedMessage.message", "")
				 : "VM status blob is found but not yet populated.",
			   json_text_at(report, "time", "")),
		"extensionHandlers", handlers_json(report));
}

static json_t *power_of(const struct arm *a, const json_t *vm)
{
	AUTO_JSON json_t *shown = NULL, *code = NULL, *text = NULL;
	struct error err = { 0 };
	const char *state;

	(void)a->ask(a->ask_ctx, "vm show", json_pack("{s:O}", "name", json_object_get(vm, "name")),
		     &shown, &err);
	state = json_text_at(shown, "state", "stopped");
	code = json_sprintf("PowerState/%s", state);
	text = json_sprintf("VM %s", state);
	return arm_status(json_string_value(code), "Info", json_string_value(text), "", "");
}

json_t *arm_vm_view(const struct arm *a, const json_t *vm)
{
	AUTO_JSON json_t *report = fabric_vm_report(a->fabric, json_text_at(vm, "name", ""));
	const json_t *agent = json_at(report, "status.aggregateStatus.guestAgentStatus");
	json_t *views = json_array(), *ext;
	size_t i;

	json_array_foreach(json_object_get(vm, "extensions"), i, ext)
	{
		AUTO_JSON json_t *row = extension_row(a->fabric, json_text_at(vm, "name", ""), ext);

		json_array_append_new(views, arm_extension_view(row));
	}
	return json_pack(
		"{s:s, s:o, s:o, s:s, s:o, s:[], s:o, s:[o, o]}", "computerName",
		json_text_at(vm, "name", ""), "osName",
		json_text_or_null(json_text_at(agent, "osName", "")), "osVersion",
		json_text_or_null(json_text_at(agent, "osVersion", "")), "hyperVGeneration", "V2",
		"vmAgent", agent_json(report), "disks", "extensions", views, "statuses",
		arm_status("ProvisioningState/succeeded", "Info", "Provisioning succeeded", "", ""),
		power_of(a, vm));
}
