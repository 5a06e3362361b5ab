/* Carries deployments out: each resource is put once those that it depends on have succeeded. */
#include "deployment.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"

enum task_state { NOT_STARTED, RUNNING, SUCCEEDED, FAILED };

static const char *const state_names[] = { "NotStarted", "Running", "Succeeded", "Failed" };

struct task {
	enum task_state state;
	char operation[ARM_UUID_SIZE];
	time_t began;
};

/* One that runs; of the engine's thread alone, once it is in arm->runs. */
struct arm_run {
	struct arm *arm;
	char name[PART_SIZE];
	time_t began;
	struct template t;
	struct task *tasks;
	bool complete;
	json_t *going; /* mode Complete: [{"id","operation","state"}] of what is taken away; NULL
			* before that begins */
	struct arm_run *next;
};

static void run_free(struct arm_run *run)
{
	if (!run)
		return;
	template_free(&run->t);
	json_decref(run->going);
	free(run->tasks);
	free(run);
}

int deployment_start(struct arm *a, const char *name, bool complete, struct template *t)
{
	struct arm_run *run = calloc(1, sizeof *run);

	if (!run)
		return -ENOMEM;
	run->tasks = calloc(t->nresources + 1, sizeof *run->tasks);
	if (!run->tasks) {
		free(run);
		return -ENOMEM;
	}
	run->arm = a;
	(void)TEXT_COPY(run->name, name);
	run->began = time(NULL);
	run->complete = complete;
	run->t = *t;
	*t = (struct template) { 0 };
	(void)pthread_mutex_lock(&a->lock);
	run->next = a->runs;
	a->runs = run;
	(void)pthread_mutex_unlock(&a->lock);
	return 0;
}

/* ---- what is kept of it -----------------------------------------------------------------------
 */

static json_t *since(time_t began)
{
	return json_sprintf("PT%lldS", (long long)(time(NULL) - began));
}

/* Takes the error, which may be NULL. */
static void note_task(struct arm *a, struct arm_run *run, size_t i, enum task_state state,
		      json_t *error)
{
	json_t *document, *task;
	char now[ARM_TIME_SIZE];

	run->tasks[i].state = state;
	arm_now(now);
	(void)pthread_mutex_lock(&a->lock);
	document = arm_document(a, DEPLOYMENT, run->name);
	task = json_array_get(json_object_get(document, "tasks"), i);
	if (task) {
		json_object_set_new(task, "state", json_string(state_names[state]));
		json_object_set_new(task, "time", json_string(now));
		json_object_set_new(task, "duration", since(run->tasks[i].began));
		if (error)
			json_object_set(task, "error", error);
		(void)arm_document_save(a, DEPLOYMENT, document, NULL);
	}
	(void)pthread_mutex_unlock(&a->lock);
	json_decref(error);
}

static json_t *failure(const json_t *document)
{
	json_t *details = json_array(), *task;
	size_t i;

	json_array_foreach(json_object_get(document, "tasks"), i, task)
	{
		if (json_object_get(task, "error"))
			json_array_append(details, json_object_get(task, "error"));
	}
	return json_pack("{s:s, s:s, s:o}", "code", "DeploymentFailed", "message",
			 "At least one resource deployment operation failed. Please list "
			 "deployment operations for details. Please see "
			 "https://aka.ms/DeployOperations for usage details.",
			 "details", details);
}

static json_t *resources_of(const struct template *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->nresources; i++)
		json_array_append_new(list, json_pack("{s:O}", "id",
						      json_object_get(t->resources[i].head, "id")));
	return list;
}

/* A resource of this template counts once it is there as it will be. */
static json_t *refer(void *ctx, const char *id, bool full, struct error *err)
{
	const struct arm_run *run = ctx;
	struct deployment_asking asking = { run->arm, &run->t };

	for (size_t i = 0; i < run->t.nresources; i++) {
		const json_t *head = run->t.resources[i].head;

		if ((!text_eq_nocase(json_text_at(head, "id", ""), id) &&
		     !text_eq_nocase(json_text_at(head, "name", ""), id)) ||
		    run->tasks[i].state == SUCCEEDED)
			continue;
		(void)error_set(err, FAULT_USAGE, EAGAIN, "ResourceNotFound: '%.300s' is not there",
				id);
		return NULL;
	}
	return deployment_reference(&asking, id, full, err);
}

static void finish(struct arm *a, struct arm_run *run, bool well)
{
	struct error err = { 0 };
	json_t *outputs = well ? template_outputs(&run->t, refer, run, &err) : NULL;
	json_t *document, *properties;

	(void)pthread_mutex_lock(&a->lock);
	document = arm_document(a, DEPLOYMENT, run->name);
	properties = json_object_get(document, "properties");
	if (outputs) {
		json_object_set_new(properties, "outputs", outputs);
		json_object_set_new(properties, "outputResources", resources_of(&run->t));
	} else if (properties) {
		json_object_set_new(properties, "error",
				    well ? deployment_error(&err) : failure(document));
	}
	if (properties) {
		json_object_set_new(properties, "duration", since(run->began));
		json_object_set_new(properties, "provisioningState",
				    json_string(outputs ? "Succeeded" : "Failed"));
		(void)arm_document_save(a, DEPLOYMENT, document, NULL);
	} else {
		json_decref(outputs);
	}
	(void)pthread_mutex_unlock(&a->lock);
	LOG(a->log, INFO, "lab.deployment", "deployment %s %s", run->name,
	    outputs ? "succeeded" : "failed");
}

/* ---- one step ---------------------------------------------------------------------------------
 */

static bool is_ready(const struct arm_run *run, size_t i)
{
	json_t *need;
	size_t k;

	json_array_foreach(json_object_get(run->t.resources[i].head, "dependsOn"), k, need)
	{
		for (size_t j = 0; j < run->t.nresources; j++)
			if (text_eq_nocase(json_text_at(run->t.resources[j].head, "id", ""),
					   json_string_value(need)) &&
			    run->tasks[j].state != SUCCEEDED)
				return false;
	}
	return true;
}

/* Put a resource. `last`: nothing else runs that could make what it refers to. */
static void start(struct arm *a, struct arm_run *run, size_t i, bool last)
{
	struct arm_answer answer = { 0 };
	struct error err = { 0 };
	AUTO_JSON json_t *body = template_body(&run->t, i, refer, run, &err);

	if (!body && err.sys == EAGAIN && !last)
		return;
	run->tasks[i].began = time(NULL);
	if (!body) {
		note_task(a, run, i, FAILED, deployment_error(&err));
		return;
	}
	arm_call(a, "PUT", json_text_at(run->t.resources[i].head, "id", ""), body, &answer);
	if (answer.status >= 300)
		note_task(a, run, i, FAILED, json_incref(json_object_get(answer.body, "error")));
	else
		note_task(a, run, i, RUNNING, NULL);
	(void)TEXT_COPY(run->tasks[i].operation, answer.operation_id);
	json_decref(answer.body);
}

/* How a deployment inside of this one stands. */
static enum arm_end nested_end(struct arm *a, const char *name, json_t **ret_error)
{
	const json_t *properties;
	const char *state;

	(void)pthread_mutex_lock(&a->lock);
	properties = json_object_get(arm_document(a, DEPLOYMENT, name), "properties");
	state = json_text_at(properties, "provisioningState", "Failed");
	*ret_error = text_eq(state, "Failed") ? json_deep_copy(json_object_get(properties, "error"))
					      : NULL;
	(void)pthread_mutex_unlock(&a->lock);
	return text_eq(state, "Running")     ? ARM_RUNNING
	       : text_eq(state, "Succeeded") ? ARM_SUCCEEDED
					     : ARM_FAILED;
}

static void look_at(struct arm *a, struct arm_run *run, size_t i)
{
	json_t *error = NULL;
	enum arm_end end =
		template_is_nested(&run->t, i)
			? nested_end(a, json_text_at(run->t.resources[i].head, "name", ""), &error)
			: arm_operation_judge(a, run->tasks[i].operation, &error);

	if (end != ARM_RUNNING)
		note_task(a, run, i, end == ARM_SUCCEEDED ? SUCCEEDED : FAILED, error);
}

static size_t count(const struct arm_run *run, enum task_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < run->t.nresources; i++)
		n += run->tasks[i].state == state;
	return n;
}

/* ---- the mode Complete -------------------------------------------------------------------------
 */

static json_t *last_part(const char *id)
{
	const char *slash = strrchr(id, '/');

	return json_string(slash ? slash + 1 : id);
}

/* A task of the document, for who asks what is done. */
static void note_going(struct arm *a, const struct arm_run *run, size_t i, json_t *error)
{
	const json_t *one = json_array_get(run->going, i);
	json_t *document, *tasks, *task;
	char now[ARM_TIME_SIZE], uuid[ARM_UUID_SIZE];

	arm_now(now);
	arm_uuid(uuid);
	(void)pthread_mutex_lock(&a->lock);
	document = arm_document(a, DEPLOYMENT, run->name);
	tasks = json_object_get(document, "tasks");
	task = json_array_get(tasks, run->t.nresources + i);
	if (tasks && !task) {
		task = json_pack("{s:s, s:s, s:O, s:O, s:o, s:[]}", "operationId", uuid,
				 "operation", "Delete", "id", json_object_get(one, "id"), "type",
				 json_object_get(one, "type"), "name",
				 last_part(json_text_at(one, "id", "")), "dependsOn");
		json_array_append_new(tasks, task);
	}
	if (task) {
		json_object_set(task, "state", json_object_get(one, "state"));
		json_object_set_new(task, "time", json_string(now));
		if (error)
			json_object_set(task, "error", error);
		(void)arm_document_save(a, DEPLOYMENT, document, NULL);
	}
	(void)pthread_mutex_unlock(&a->lock);
	json_decref(error);
}

static void set_state(json_t *one, enum task_state state)
{
	json_object_set_new(one, "state", json_string(state_names[state]));
}

static void begin_going(struct arm *a, struct arm_run *run)
{
	AUTO_JSON json_t *all = json_array();
	json_t *document, *one;
	size_t i;

	arm_resources_add(a, all);
	(void)pthread_mutex_lock(&a->lock);
	document = arm_document(a, DEPLOYMENT, run->name);
	json_object_set_new(json_object_get(document, "properties"), "outputResources",
			    resources_of(&run->t));
	run->going = deployment_leftovers(a, all, document);
	(void)pthread_mutex_unlock(&a->lock);
	json_array_foreach(run->going, i, one)
	{
		struct arm_answer answer;

		arm_call(a, "DELETE", json_text_at(one, "id", ""), NULL, &answer);
		set_state(one, answer.status < 300 ? RUNNING : FAILED);
		json_object_set_new(one, "operation", json_string(answer.operation_id));
		note_going(a, run, i, json_incref(json_object_get(answer.body, "error")));
		json_decref(answer.body);
	}
}

static void look_at_going(struct arm *a, struct arm_run *run, size_t i)
{
	json_t *one = json_array_get(run->going, i), *error = NULL;
	enum arm_end end = arm_operation_judge(a, json_text_at(one, "operation", ""), &error);

	if (end == ARM_RUNNING)
		return;
	set_state(one, end == ARM_SUCCEEDED ? SUCCEEDED : FAILED);
	note_going(a, run, i, error);
}

static size_t count_going(const struct arm_run *run, enum task_state state)
{
	json_t *one;
	size_t i, n = 0;

	json_array_foreach(run->going, i, one)
		n += text_eq(json_text_at(one, "state", ""), state_names[state]);
	return n;
}

/* True once all that is to go is gone, or will not. */
static bool purge(struct arm *a, struct arm_run *run)
{
	if (!run->complete)
		return true;
	if (!run->going)
		begin_going(a, run);
	for (size_t i = 0; i < json_array_size(run->going); i++)
		if (text_eq(json_text_at(json_array_get(run->going, i), "state", ""),
			    state_names[RUNNING]))
			look_at_going(a, run, i);
	return count_going(run, RUNNING) == 0;
}

/* True once it is over. What runs is waited for, after a failure nothing more is begun. */
static bool advance(struct arm *a, struct arm_run *run)
{
	for (size_t i = 0; i < run->t.nresources; i++)
		if (run->tasks[i].state == RUNNING)
			look_at(a, run, i);
	for (size_t i = 0; i < run->t.nresources && count(run, FAILED) == 0; i++)
		if (run->tasks[i].state == NOT_STARTED && is_ready(run, i))
			start(a, run, i, count(run, RUNNING) == 0);
	if (count(run, RUNNING) > 0 || (count(run, FAILED) == 0 && count(run, NOT_STARTED) > 0))
		return false;
	if (count(run, FAILED) == 0 && !purge(a, run))
		return false;
	finish(a, run, count(run, FAILED) == 0 && count_going(run, FAILED) == 0);
	return true;
}

void arm_deployments_advance(struct arm *a)
{
	struct arm_run *all, **at;

	(void)pthread_mutex_lock(&a->lock);
	all = a->runs;
	a->runs = NULL;
	(void)pthread_mutex_unlock(&a->lock);
	for (at = &all; *at;) {
		struct arm_run *run = *at;

		if (!advance(a, run)) {
			at = &run->next;
			continue;
		}
		*at = run->next;
		run_free(run);
	}
	/* Behind those that came meanwhile. */
	(void)pthread_mutex_lock(&a->lock);
	for (at = &a->runs; *at;)
		at = &(*at)->next;
	*at = all;
	(void)pthread_mutex_unlock(&a->lock);
}

void arm_deployments_drop(struct arm *a)
{
	while (a->runs) {
		struct arm_run *run = a->runs;

		a->runs = run->next;
		run_free(run);
	}
}

/* What ran when the lab went down will not go on. */
void arm_deployments_load(struct arm *a)
{
	AUTO_JSON json_t *all = arm_documents(a, DEPLOYMENT);
	json_t *document;
	size_t i;

	json_array_foreach(all, i, document)
	{
		json_t *properties = json_object_get(document, "properties");

		if (!text_eq(json_text_at(properties, "provisioningState", ""), "Running"))
			continue;
		json_object_set_new(properties, "provisioningState", json_string("Failed"));
		json_object_set_new(properties, "error",
				    json_pack("{s:s, s:s}", "code", "DeploymentCanceled", "message",
					      "The lab went down while it ran."));
		(void)arm_document_save(a, DEPLOYMENT, document, NULL);
	}
}
