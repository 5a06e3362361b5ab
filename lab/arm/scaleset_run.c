/* Brings the instances of scale sets to what they want: VMs made and taken away, the model's
 * extensions asked for, batch by batch where an upgrade is rolling. */
#include "scaleset.h"

#include <errno.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"
#include "lab/fabric/fabric.h"

/* ---- how it stands --------------------------------------------------------------------------- */

static enum arm_end extensions_end(struct arm *a, const char *name, json_t **ret_error)
{
	AUTO_JSON json_t *vm = fabric_vm_show(a->fabric, name);
	enum arm_end all = ARM_SUCCEEDED;
	json_t *ext;
	size_t i;

	json_array_foreach(json_object_get(vm, "extensions"), i, ext)
	{
		enum arm_end end = ARM_RUNNING;

		if (!text_eq(json_text_at(ext, "state", ""), "uninstall"))
			end = arm_extension_end(a, name, json_text_at(ext, "name", ""), ret_error);
		if (end == ARM_FAILED)
			return end;
		if (end == ARM_RUNNING)
			all = end;
	}
	return all;
}

enum arm_end scaleset_instance_end(struct arm *a, const json_t *instance, json_t **ret_error)
{
	const char *vm = json_text_at(instance, "vm", "");
	json_t *error = json_object_get(instance, "error");
	enum arm_end end;

	if (error) {
		*ret_error = json_incref(error);
		return ARM_FAILED;
	}
	if (!json_bool_at(instance, "made", false) || json_bool_at(instance, "deleting", false))
		return ARM_RUNNING;
	end = arm_machine_end(a, vm, ret_error);
	if (end != ARM_SUCCEEDED)
		return end;
	if (json_int_at(instance, "applied", -1) < json_int_at(instance, "want", 0))
		return ARM_RUNNING;
	return extensions_end(a, vm, ret_error);
}

/* Stops at the first that failed, once none runs any more. */
enum arm_end scaleset_end(struct arm *a, const json_t *document, long long generation,
			  json_t **ret_error)
{
	const json_t *rolling = json_object_get(document, "rolling");
	bool failed = false, runs = false;
	json_t *instance;
	size_t i;

	if (json_int_at(rolling, "generation", -1) >= generation) {
		runs = text_eq(json_text_at(rolling, "status", ""), "RollingForward");
		failed = text_eq(json_text_at(rolling, "status", ""), "Faulted");
		if (failed)
			*ret_error = json_incref(json_object_get(rolling, "error"));
	}
	json_array_foreach(json_object_get(document, "instances"), i, instance)
	{
		json_t *error = NULL;
		enum arm_end end = ARM_SUCCEEDED;

		if (json_int_at(instance, "want", 0) >= generation ||
		    json_bool_at(instance, "deleting", false))
			end = scaleset_instance_end(a, instance, &error);
		runs |= end == ARM_RUNNING;
		if (end == ARM_FAILED && !failed) {
			*ret_error = json_incref(error);
			failed = true;
		}
		json_decref(error);
	}
	if (!runs)
		return failed ? ARM_FAILED : ARM_SUCCEEDED;
	if (failed)
		json_decref(*ret_error);
	*ret_error = NULL;
	return ARM_RUNNING;
}

enum arm_end arm_judge_scale_set(struct arm *a, const json_t *operation, json_t **ret_error)
{
	AUTO_JSON json_t *document = NULL;

	(void)pthread_mutex_lock(&a->lock);
	document = json_deep_copy(arm_document(a, SCALE_SET, json_text_at(operation, "set", "")));
	(void)pthread_mutex_unlock(&a->lock);
	return scaleset_end(a, document, json_int_at(operation, "generation", 0), ret_error);
}

enum arm_end arm_judge_scale_set_delete(struct arm *a, const json_t *operation, json_t **ret_error)
{
	bool there;

	(void)ret_error;
	(void)pthread_mutex_lock(&a->lock);
	there = arm_document(a, SCALE_SET, json_text_at(operation, "set", "")) != NULL;
	(void)pthread_mutex_unlock(&a->lock);
	return there ? ARM_RUNNING : ARM_SUCCEEDED;
}

/* ---- one instance ---------------------------------------------------------------------------- */

/* Change the instance in the document that is kept; `value` is taken, NULL: the instance goes. */
static void note(struct arm *a, const char *set, const char *id, const char *key, json_t *value)
{
	json_t *document, *instances, *instance;
	size_t i;

	(void)pthread_mutex_lock(&a->lock);
	document = arm_document(a, SCALE_SET, set);
	instances = json_object_get(document, "instances");
	json_array_foreach(instances, i, instance)
	{
		if (!text_eq(json_text_at(instance, "id", ""), id))
			continue;
		if (value)
			json_object_set(instance, key, value);
		else
			json_array_remove(instances, i);
		(void)arm_document_save(a, SCALE_SET, document, NULL);
		break;
	}
	(void)pthread_mutex_unlock(&a->lock);
	json_decref(value);
}

static void make(struct arm *a, const json_t *document, const json_t *instance)
{
	const char *set = json_text_at(document, "name", ""),
		   *id = json_text_at(instance, "id", "");
	struct arm_answer answer = { 0 };
	struct machine_wish w = {
		.name = json_text_at(instance, "vm", ""),
		.size = json_text_at(document, "model.sku.name", ""),
		.scale_set = set,
		.image = arm_image(json_at(document, "model.properties.virtualMachineProfile."
						     "storageProfile.imageReference"),
				   &answer),
		.identity = json_object_get(document, "identity"),
	};

	if (w.image && arm_machine_make(a, &w, &answer) == 0)
		note(a, set, id, "made", json_true());
	else if (answer.status != 503) /* 503: the lab is not up yet */
		note(a, set, id, "error", json_incref(json_object_get(answer.body, "error")));
	json_decref(answer.body);
}

static void take_away(struct arm *a, const json_t *document, const json_t *instance)
{
	const char *vm = json_text_at(instance, "vm", "");
	AUTO_JSON json_t *shown = fabric_vm_show(a->fabric, vm);
	struct error err = { 0 };

	if (!shown || !json_bool_at(instance, "made", false))
		note(a, json_text_at(document, "name", ""), json_text_at(instance, "id", ""), "",
		     NULL);
	else if (a->ask(a->ask_ctx, "vm delete", json_pack("{s:s, s:b}", "name", vm, "wait", 0),
			NULL, &err) < 0 &&
		 err.sys != ENOENT)
		LOG(a->log, WARNING, "lab.scale-set", "%s: %s", vm, err.what);
}

static bool is_of_the_model(const json_t *extensions, const char *name)
{
	json_t *ext;
	size_t i;

	json_array_foreach((json_t *)extensions, i, ext)
	{
		if (text_eq_nocase(json_text_at(ext, "name", ""), name))
			return true;
	}
	return false;
}

/* What the model has no more goes. */
static void remove_others(struct arm *a, const char *name, const json_t *extensions)
{
	AUTO_JSON json_t *vm = fabric_vm_show(a->fabric, name);
	json_t *ext;
	size_t i;

	json_array_foreach(json_object_get(vm, "extensions"), i, ext)
	{
		if (!is_of_the_model(extensions, json_text_at(ext, "name", "")))
			(void)!fabric_remove_extension(a->fabric, name,
						       json_text_at(ext, "name", ""), NULL, NULL);
	}
}

static void apply(struct arm *a, const json_t *document, const json_t *instance)
{
	const char *vm = json_text_at(instance, "vm", ""),
		   *set = json_text_at(document, "name", "");
	const char *id = json_text_at(instance, "id", "");
	AUTO_JSON json_t *extensions = scaleset_extensions(document);
	json_t *ext;
	size_t i;

	remove_others(a, vm, extensions);
	json_array_foreach(extensions, i, ext)
	{
		const char *name = json_text_at(ext, "name", "");
		AUTO_JSON json_t *properties = json_copy(json_object_get(ext, "properties"));
		json_t *secret = scaleset_secret(a, document, name);
		struct arm_answer answer = { 0 };

		if (secret)
			json_object_set_new(properties, "protectedSettings", secret);
		if (arm_extension_ask(a, vm, name, properties, &answer) < 0) {
			note(a, set, id, "error",
			     json_incref(json_object_get(answer.body, "error")));
			json_decref(answer.body);
			break;
		}
	}
	note(a, set, id, "applied", json_incref(json_object_get(instance, "want")));
}

static void bring(struct arm *a, const json_t *document, const json_t *instance)
{
	bool made = json_bool_at(instance, "made", false);

	if (json_bool_at(instance, "deleting", false) || json_bool_at(document, "deleting", false))
		take_away(a, document, instance);
	else if (json_object_get(instance, "error"))
		return;
	else if (!made)
		make(a, document, instance);
	else if (json_int_at(instance, "applied", -1) < json_int_at(instance, "want", 0))
		apply(a, document, instance);
}

/* ---- a rolling upgrade -------------------------------------------------------------------------
 */

static long long percent(const json_t *document, const char *key)
{
	const json_t *policy = json_at(document,
				       "model.properties.upgradePolicy.rollingUpgradePolicy");

	return json_int_at(policy, key, 20);
}

/* "PT1M30S" */
static long pause_s(const json_t *document)
{
	const char *text = json_text_at(document,
					"model.properties.upgradePolicy.rollingUpgradePolicy."
					"pauseTimeBetweenBatches",
					"PT0S");
	long total = 0, n = 0;

	for (text += text_starts(text, "PT") ? 2 : 0; *text; text++) {
		if (*text >= '0' && *text <= '9') {
			n = n * 10 + (*text - '0');
			continue;
		}
		total += n * (*text == 'H' ? 3600 : *text == 'M' ? 60 : 1);
		n = 0;
	}
	return total;
}

struct census {
	size_t all, upgraded, failed, running;
};

static struct census census_of(struct arm *a, const json_t *document, long long generation)
{
	struct census c = { 0 };
	json_t *instance;
	size_t i;

	json_array_foreach(json_object_get(document, "instances"), i, instance)
	{
		json_t *error = NULL;
		enum arm_end end;

		c.all++;
		if (json_int_at(instance, "want", 0) < generation)
			continue;
		end = scaleset_instance_end(a, instance, &error);
		json_decref(error);
		c.upgraded++;
		c.failed += end == ARM_FAILED;
		c.running += end == ARM_RUNNING;
	}
	return c;
}

static json_t *next_batch(const json_t *document, long long generation, size_t all)
{
	size_t room = all * (size_t)percent(document, "maxBatchInstancePercent") / 100, i;
	json_t *batch = json_array(), *instance;

	json_array_foreach(json_object_get(document, "instances"), i, instance)
	{
		if (json_array_size(batch) < (room > 0 ? room : 1) &&
		    json_int_at(instance, "want", 0) < generation)
			json_array_append(batch, json_object_get(instance, "id"));
	}
	return batch;
}

/* Takes the error, which may be NULL. */
static void roll_note(struct arm *a, const char *name, const char *status, json_t *batch,
		      json_t *error, long pause)
{
	json_t *document, *rolling;

	(void)pthread_mutex_lock(&a->lock);
	document = arm_document(a, SCALE_SET, name);
	rolling = json_object_get(document, "rolling");
	if (rolling) {
		json_object_set_new(rolling, "status", json_string(status));
		json_object_set_new(rolling, "next", json_integer((json_int_t)time(NULL) + pause));
		if (batch)
			json_object_set(rolling, "batch", batch);
		if (error)
			json_object_set(rolling, "error", error);
		(void)arm_document_save(a, SCALE_SET, document, NULL);
	}
	(void)pthread_mutex_unlock(&a->lock);
	json_decref(error);
}

static json_t *fault_of(const struct census *c, long long limit)
{
	return json_pack("{s:s, s:o}", "code",
			 "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade", "message",
			 json_sprintf("Rolling Upgrade failed after exceeding the "
				      "MaxUnhealthyUpgradedInstancePercent value defined in the "
				      "RollingUpgradePolicy. %zu%% of instances are in an "
				      "unhealthy state after being upgraded - more than the "
				      "threshold of %lld%%.",
				      100 * c->failed / c->upgraded, limit));
}

static void roll(struct arm *a, const json_t *document)
{
	const json_t *rolling = json_object_get(document, "rolling");
	const char *name = json_text_at(document, "name", "");
	long long generation = json_int_at(rolling, "generation", 0);
	long long limit = percent(document, "maxUnhealthyUpgradedInstancePercent");
	AUTO_JSON json_t *batch = NULL;
	struct census c;

	if (!text_eq(json_text_at(rolling, "status", ""), "RollingForward") ||
	    json_int_at(rolling, "next", 0) > (long long)time(NULL))
		return;
	c = census_of(a, document, generation);
	if (c.running > 0)
		return;
	if (c.upgraded > 0 && (long long)(100 * c.failed / c.upgraded) > limit) {
		roll_note(a, name, "Faulted", NULL, fault_of(&c, limit), 0);
		return;
	}
	batch = next_batch(document, generation, c.all);
	if (json_array_size(batch) == 0) {
		roll_note(a, name, "Completed", batch, NULL, 0);
		return;
	}
	LOG(a->log, INFO, "lab.scale-set", "%s: the next batch, %zu of %zu", name,
	    json_array_size(batch), c.all);
	scaleset_upgrade(a, name, batch);
	roll_note(a, name, "RollingForward", batch, NULL, pause_s(document));
}

/* ---- a step ------------------------------------------------------------------------------------
 */

void arm_scalesets_advance(struct arm *a)
{
	AUTO_JSON json_t *all = NULL, *copies = NULL;
	json_t *document, *instance;
	size_t i, k;

	(void)pthread_mutex_lock(&a->lock);
	all = arm_documents(a, SCALE_SET);
	copies = json_deep_copy(all);
	(void)pthread_mutex_unlock(&a->lock);
	json_array_foreach(copies, i, document)
	{
		const char *name = json_text_at(document, "name", "");

		json_array_foreach(json_object_get(document, "instances"), k, instance)
			bring(a, document, instance);
		roll(a, document);
		if (!json_bool_at(document, "deleting", false) || k > 0)
			continue;
		(void)pthread_mutex_lock(&a->lock);
		arm_document_drop(a, SCALE_SET, name);
		(void)pthread_mutex_unlock(&a->lock);
	}
}
