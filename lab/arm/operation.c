/* Long-running operations: what became of one is judged when somebody asks, from what agents
 * reported and what the lab has, so that it ends whether anybody polls or not. */
#include "inner.h"

#include <sodium.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"

#define OPERATIONS                                                                                 \
	"/subscriptions/" ARM_SUBSCRIPTION "/providers/Microsoft.Compute/locations/" ARM_LOCATION

static const struct {
	const char *kind;
	arm_judge_fn *judge;
} judges[] = {
	{ "extension-put", arm_judge_extension_put },
	{ "extension-delete", arm_judge_extension_delete },
	{ "scale-set", arm_judge_scale_set },
	{ "scale-set-delete", arm_judge_scale_set_delete },
	{ "vm-put", arm_judge_vm_put },
	{ "vm-delete", arm_judge_vm_delete },
};

void arm_now(char ret[static ARM_TIME_SIZE])
{
	struct timespec now;
	char second[21];

	(void)clock_gettime(CLOCK_REALTIME, &now);
	time_text((int64_t)now.tv_sec * 1000, second);
	(void)text_format(ret, ARM_TIME_SIZE, "%.19s.%07ld+00:00", second, now.tv_nsec / 100);
}

void arm_uuid(char ret[static ARM_UUID_SIZE])
{
	unsigned char b[16];

	randombytes_buf(b, sizeof b);
	(void)text_format(ret, ARM_UUID_SIZE,
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

void arm_operation_begin(struct arm_request *r, json_t *operation, struct arm_answer *ret)
{
	const char *version = arm_query(r, "api-version");
	char since[ARM_TIME_SIZE];

	arm_uuid(ret->operation_id);
	arm_now(since);
	json_object_set_new(operation, "id", json_string(ret->operation_id));
	json_object_set_new(operation, "since", json_string(since));
	remember(r->arm, ret->operation_id, operation);
	(void)TEXT_FORMAT(ret->operation, "%s" OPERATIONS "/operations/%s?api-version=%s",
			  r->origin, ret->operation_id, version);
	if (!text_eq(r->method, "PUT"))
		(void)TEXT_FORMAT(ret->location,
				  "%s" OPERATIONS "/operationresults/%s?api-version=%s", r->origin,
				  ret->operation_id, version);
}

static json_t *find(struct arm *a, const char *id)
{
	json_t *operation;

	(void)pthread_mutex_lock(&a->lock);
	operation = json_incref(json_object_get(a->operations, id));
	(void)pthread_mutex_unlock(&a->lock);
	return operation;
}

static enum arm_end judge(struct arm *a, const json_t *operation, json_t **ret_error)
{
	*ret_error = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(judges); i++)
		if (text_eq(judges[i].kind, json_text_at(operation, "kind", "")))
			return judges[i].judge(a, operation, ret_error);
	return ARM_SUCCEEDED;
}

enum arm_end arm_operation_judge(struct arm *a, const char *id, json_t **ret_error)
{
	AUTO_JSON json_t *operation = find(a, id);

	return judge(a, operation, ret_error);
}

static json_t *need(struct arm_request *r, struct arm_answer *ret)
{
	json_t *operation = find(r->arm, r->parts[2]);

	if (!operation)
		arm_refuse(ret, 404, "NotFound", "There is no operation '%s'.", r->parts[2]);
	return operation;
}

static void serve_operation(struct arm_request *r, struct arm_answer *ret)
{
	static const char *const ends[] = {
		[ARM_RUNNING] = "InProgress", [ARM_SUCCEEDED] = "Succeeded", [ARM_FAILED] = "Failed"
	};
	AUTO_JSON json_t *operation = need(r, ret), *error = NULL;
	char until[ARM_TIME_SIZE];
	enum arm_end end;
	json_t *body;

	if (!operation)
		return;
	end = judge(r->arm, operation, &error);
	body = json_pack("{s:O, s:O, s:s}", "startTime", json_object_get(operation, "since"),
			 "name", json_object_get(operation, "id"), "status", ends[end]);
	arm_now(until);
	if (end != ARM_RUNNING)
		json_object_set_new(body, "endTime", json_string(until));
	if (end == ARM_FAILED)
		json_object_set(body, "error", error);
	arm_say(ret, 200, body);
}

/* A client that polls Location alone learns here how it ended. */
static void serve_result(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *operation = need(r, ret), *error = NULL;
	enum arm_end end;

	if (!operation)
		return;
	end = judge(r->arm, operation, &error);
	if (end == ARM_FAILED)
		arm_say(ret, 409, json_pack("{s:O}", "error", error));
	else
		ret->status = end == ARM_RUNNING                                          ? 202
			      : text_ends(json_text_at(operation, "kind", ""), "-delete") ? 204
											  : 200;
	if (end == ARM_RUNNING)
		(void)TEXT_FORMAT(ret->location, "%s%s?api-version=%s", r->origin, r->path,
				  arm_query(r, "api-version"));
}

const struct arm_route arm_operation_routes[] = {
	{ "GET", "/subscriptions/{}/providers/Microsoft.Compute/locations/{}/operations/{}", false,
	  serve_operation },
	{ "GET", "/subscriptions/{}/providers/Microsoft.Compute/locations/{}/operationresults/{}",
	  false, serve_result },
	{ 0 },
};
