/* Long-running operations on extensions: what became of one is read from the agent's reports when
 * somebody asks, so that it ends whether anybody polls or not. */
#include "inner.h"

#include <sodium.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"
#include "lab/daemon/extension.h"
#include "lab/fabric/fabric.h"

static void now_text(char ret[static 40])
{
	struct timespec now;
	char second[21];

	(void)clock_gettime(CLOCK_REALTIME, &now);
	time_text((int64_t)now.tv_sec * 1000, second);
	(void)text_format(ret, 40, "%.19s.%07ld+00:00", second, now.tv_nsec / 100);
}

static void id_make(char ret[static 40])
{
	unsigned char b[16];

	randombytes_buf(b, sizeof b);
	(void)text_format(ret, 40,
			  "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
			  b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
			  b[12], b[13], b[14], b[15]);
}

/* The oldest go: nobody polls for so long. */
static void remember(struct arm *a, const char *id, json_t *operation)
{
	(void)pthread_mutex_lock(&a->lock);
	if (json_object_size(a->operations) >= OPERATIONS_MAX)
		json_object_del(a->operations,
				json_object_iter_key(json_object_iter(a->operations)));
	(void)json_object_set_new(a->operations, id, operation);
	(void)pthread_mutex_unlock(&a->lock);
}

void arm_operation_begin(struct arm_request *r, enum operation_kind kind, const char *vm,
			 const char *extension, struct arm_answer *ret)
{
	const char *version = arm_query(r, "api-version");
	char id[40], since[40];

	id_make(id);
	now_text(since);
	remember(r->arm, id,
		 json_pack("{s:s, s:i, s:s, s:s, s:s}", "id", id, "kind", (int)kind, "vm", vm,
			   "extension", extension, "since", since));
	(void)TEXT_FORMAT(ret->operation,
			  "%s/subscriptions/%s/providers/Microsoft.Compute/locations/" ARM_LOCATION
			  "/operations/%s?api-version=%s",
			  r->origin, ARM_SUBSCRIPTION, id, version);
	if (kind == OPERATION_DELETE)
		(void)TEXT_FORMAT(
			ret->location,
			"%s/subscriptions/%s/providers/Microsoft.Compute/locations/" ARM_LOCATION
			"/operationresults/%s?api-version=%s",
			r->origin, ARM_SUBSCRIPTION, id, version);
}

static json_t *find(struct arm_request *r, struct arm_answer *ret)
{
	json_t *operation;

	(void)pthread_mutex_lock(&r->arm->lock);
	operation = json_incref(json_object_get(r->arm->operations, r->parts[2]));
	(void)pthread_mutex_unlock(&r->arm->lock);
	if (!operation)
		arm_refuse(ret, 404, "NotFound", "There is no operation '%s'.", r->parts[2]);
	return operation;
}

/* The words that Azure's users search for. */
static json_t *error_of(const struct arm *a, const char *vm, const char *extension,
			const char *said)
{
	AUTO_JSON json_t *shown = fabric_vm_show(a->fabric, vm);
	const char *publisher = "", *type = "";
	json_t *ext;
	size_t i;

	json_array_foreach(json_object_get(shown, "extensions"), i,
			   ext) if (text_eq_nocase(json_text_at(ext, "name", ""), extension))
	{
		publisher = json_text_at(ext, "publisher", "");
		type = json_text_at(ext, "type", "");
	}
	return json_pack("{s:s, s:o}", "code", "VMExtensionProvisioningError", "message",
			 json_sprintf("VM has reported a failure when processing extension '%s' "
				      "(publisher '%s' and type '%s'). Error message: '%s'. More "
				      "information on troubleshooting is available at "
				      "https://aka.ms/vmextensionlinuxtroubleshoot. ",
				      extension, publisher, type, said));
}

static enum extension_end end_of(const struct arm *a, const json_t *operation, char *said,
				 size_t size)
{
	enum extension_end end = extension_judge(a->fabric, json_text_at(operation, "vm", ""),
						 json_text_at(operation, "extension", ""), said,
						 size);

	if (json_int_at(operation, "kind", 0) == OPERATION_DELETE && end != EXTENSION_GONE)
		return EXTENSION_PENDING;
	return end;
}

static void serve_operation(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *operation = find(r, ret);
	char said[1200] = "", until[40];
	enum extension_end end;
	json_t *body;

	if (!operation)
		return;
	end = end_of(r->arm, operation, said, sizeof said);
	body = json_pack("{s:O, s:O, s:s}", "startTime", json_object_get(operation, "since"),
			 "name", json_object_get(operation, "id"), "status",
			 end == EXTENSION_PENDING ? "InProgress"
			 : end == EXTENSION_ERROR ? "Failed"
						  : "Succeeded");
	now_text(until);
	if (end != EXTENSION_PENDING)
		json_object_set_new(body, "endTime", json_string(until));
	if (end == EXTENSION_ERROR)
		json_object_set_new(body, "error",
				    error_of(r->arm, json_text_at(operation, "vm", ""),
					     json_text_at(operation, "extension", ""), said));
	arm_say(ret, 200, body);
}

static void serve_result(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *operation = find(r, ret);

	if (operation)
		ret->status = end_of(r->arm, operation, NULL, 0) == EXTENSION_PENDING ? 202 : 204;
}

const struct arm_route arm_operation_routes[] = {
	{ "GET", "/subscriptions/{}/providers/Microsoft.Compute/locations/{}/operations/{}", false,
	  serve_operation },
	{ "GET", "/subscriptions/{}/providers/Microsoft.Compute/locations/{}/operationresults/{}",
	  false, serve_result },
	{ 0 },
};
