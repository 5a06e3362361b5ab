/* Reads the agent's reports: is an extension done, how did it end, what does it say. */
#include "extension.h"

#include <errno.h>

#include "base/text.h"
#include "lab/fabric/fabric.h"

static bool handler_failed(const json_t *report)
{
	return text_eq(json_text_at(report, "handler.status", ""), "NotReady") &&
	       json_int_at(report, "handler.code", 0) != 0;
}

/* What the agent puts in the place of a status that the handler did not write. */
static bool is_placeholder(const json_t *report)
{
	return text_starts(json_text_at(report, "status.formattedMessage.message", ""),
			   "This status is being reported by the Guest Agent");
}

const char *extension_said(const json_t *report)
{
	const char *said = json_text_at(report, "status.formattedMessage.message", NULL);

	if (said == NULL || (handler_failed(report) && is_placeholder(report)))
		said = json_text_at(report, "handler.formattedMessage.message", "");
	return said;
}

enum extension_end extension_verdict(const json_t *report, bool processed)
{
	const char *status = json_text_at(report, "status.status", NULL);
	const char *handler = json_text_at(report, "handler.status", "");
	bool failed = handler_failed(report);

	if (report == NULL)
		return EXTENSION_GONE;
	if (!json_bool_at(report, "current", false))
		/* A handler that cannot even be installed never reports a sequence number. */
		return processed && failed && status == NULL ? EXTENSION_ERROR : EXTENSION_PENDING;
	if (text_eq(status, "success"))
		return EXTENSION_SUCCESS;
	if (text_eq(status, "error") ||
	    (failed && (!text_eq(status, "transitioning") || is_placeholder(report))))
		return EXTENSION_ERROR;
	/* Without settings there is no status: then the handler's word is all there is. */
	return status == NULL && text_eq(handler, "Ready") ? EXTENSION_SUCCESS : EXTENSION_PENDING;
}

static bool is_processed(struct fabric *f, const char *vm)
{
	AUTO_JSON json_t *shown = fabric_vm_show(f, vm), *report = fabric_vm_report(f, vm);

	return json_int_at(report, "incarnation", -1) >= json_int_at(shown, "incarnation", 0);
}

enum extension_end extension_judge(struct fabric *f, const char *vm, const char *name, char *said,
				   size_t size)
{
	AUTO_JSON json_t *report = fabric_extension_report(f, vm, name);
	enum extension_end end = extension_verdict(report, is_processed(f, vm));
	bool old = end == EXTENSION_PENDING && !json_bool_at(report, "current", false);

	if (said != NULL) /* what is said of an earlier request is no news */
		(void)text_copy(said, size, old ? "" : extension_said(report));
	return end;
}

json_t *extension_row(struct fabric *f, const char *vm, const json_t *ext)
{
	static const char *const states[] = { [EXTENSION_PENDING] = "Updating",
					      [EXTENSION_SUCCESS] = "Succeeded",
					      [EXTENSION_ERROR] = "Failed",
					      [EXTENSION_GONE] = "Deleting" };
	const char *name = json_text_at(ext, "name", "");
	AUTO_JSON json_t *report = fabric_extension_report(f, vm, name);
	enum extension_end end = extension_verdict(report, is_processed(f, vm));
	json_t *row = json_object();

	if (text_eq(json_text_at(ext, "state", ""), "uninstall"))
		end = EXTENSION_GONE;
	json_object_set_new(row, "name", json_string(name));
	json_object_set_new(
		row, "provisioningState",
		json_string(end == EXTENSION_PENDING && json_at(report, "handler") == NULL
				    ? "Creating"
				    : states[end]));
	json_object_set(row, "publisher", json_object_get(ext, "publisher"));
	json_object_set(row, "type", json_object_get(ext, "type"));
	json_object_set(row, "typeHandlerVersion", json_object_get(ext, "requested"));
	json_object_set(row, "autoUpgradeMinorVersion", json_object_get(ext, "autoUpgrade"));
	json_object_set(row, "version", json_object_get(ext, "version"));
	json_object_set(row, "seqNo", json_object_get(ext, "seqNo"));
	json_object_set(row, "settings", json_object_get(ext, "settings"));
	json_object_set_new(row, "report", report != NULL ? json_incref(report) : json_null());
	return row;
}
