/* The model of a scale set: merged, judged, its secrets sealed. */
#include "scaleset.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "base/text.h"
#include "lab/fabric/fabric.h"
#include "lab/fabric/version.h"
#include "lab/vm/distro.h"

enum { CAPACITY_MAX = 60, BASE64 = sodium_base64_VARIANT_ORIGINAL };

#define PROFILE "properties.virtualMachineProfile.extensionProfile.extensions"

/* ---- secrets --------------------------------------------------------------------------------- */

static json_t *seal(const struct arm *a, const json_t *secret)
{
	AUTO_BUF struct buf clear = { 0 };
	unsigned char *box;
	char *text;
	size_t len;
	json_t *ret;

	if (json_write(secret, false, &clear) < 0)
		return NULL;
	len = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + clear.len;
	box = malloc(len);
	text = malloc(sodium_base64_ENCODED_LEN(len, BASE64));
	if (!box || !text) {
		free(box);
		free(text);
		return NULL;
	}
	randombytes_buf(box, crypto_secretbox_NONCEBYTES);
	(void)crypto_secretbox_easy(box + crypto_secretbox_NONCEBYTES,
				    (const unsigned char *)clear.data, clear.len, box, a->seal_key);
	explicit_bzero(clear.data, clear.len);
	(void)sodium_bin2base64(text, sodium_base64_ENCODED_LEN(len, BASE64), box, len, BASE64);
	ret = json_string(text);
	free(box);
	free(text);
	return ret;
}

json_t *scaleset_secret(const struct arm *a, const json_t *document, const char *extension)
{
	const char *text = json_string_value(
		json_object_get(json_object_get(document, "secrets"), extension));
	size_t size = text ? strlen(text) : 0, len = 0;
	AUTO_FREE unsigned char *box = malloc(size + 1), *clear = malloc(size + 1);
	const size_t extra = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;

	if (!text || !box || !clear ||
	    sodium_base642bin(box, size, text, size, NULL, &len, NULL, BASE64) < 0 || len < extra ||
	    crypto_secretbox_open_easy(clear, box + crypto_secretbox_NONCEBYTES,
				       len - crypto_secretbox_NONCEBYTES, box, a->seal_key) < 0)
		return NULL;
	return json_parse((const char *)clear, len - extra, NULL, 0);
}

/* Secrets leave the model; one that is not given again under the same name stays. */
static void seal_all(const struct arm *a, json_t *document, const json_t *before)
{
	json_t *secrets = json_object(), *ext;
	size_t i;

	json_array_foreach(json_at(json_object_get(document, "model"), PROFILE), i, ext)
	{
		json_t *properties = json_object_get(ext, "properties");
		const json_t *given = json_object_get(properties, "protectedSettings");
		const char *name = json_text_at(ext, "name", "");
		json_t *kept = json_object_get(json_object_get(before, "secrets"), name);

		if (json_is_object(given))
			json_object_set_new(secrets, name, seal(a, given));
		else if (kept)
			json_object_set(secrets, name, kept);
		(void)json_object_del(properties, "protectedSettings");
	}
	json_object_set_new(document, "secrets", secrets);
}

/* ---- merging --------------------------------------------------------------------------------- */

/* What the request does not say stays: az leaves out the image when it adds an extension. */
static void merge(json_t *into, const json_t *from)
{
	json_t *value;
	const char *key;

	json_object_foreach((json_t *)from, key, value)
	{
		json_t *there = json_object_get(into, key);

		if (text_eq(key, "identity"))
			continue; /* see identify */
		if (json_is_object(there) && json_is_object(value) && !text_eq(key, "settings"))
			merge(there, value);
		else if (!json_is_null(value))
			json_object_set_new(into, key, json_deep_copy(value));
	}
}

static json_t *document_new(const char *name)
{
	char id[ARM_UUID_SIZE];
	json_t *disk = json_pack("{s:{s:s, s:s}, s:{s:s, s:s, s:s, s:s}}", "osDisk", "createOption",
				 "FromImage", "caching", "ReadWrite", "imageReference", "publisher",
				 distros[0].publisher, "offer", distros[0].offer, "sku",
				 distros[0].sku, "version", "latest");

	arm_uuid(id);
	return json_pack("{s:s, s:s, s:{s:s, s:{s:{s:s}, s:{s:o}}}, s:i, s:i, s:{}, s:[]}", "name",
			 name, "uniqueId", id, "model", "location", ARM_LOCATION, "properties",
			 "upgradePolicy", "mode", "Manual", "virtualMachineProfile",
			 "storageProfile", disk, "generation", 0, "nextInstance", 0, "secrets",
			 "instances");
}

/* ---- judging --------------------------------------------------------------------------------- */

static const json_t *extension_named(const json_t *list, const char *name)
{
	json_t *ext;
	size_t i;

	json_array_foreach((json_t *)list, i, ext)
	{
		if (text_eq_nocase(json_text_at(ext, "name", ""), name))
			return ext;
	}
	return NULL;
}

static bool is_ready(const json_t *ext, const json_t *done)
{
	json_t *name;
	size_t i;

	json_array_foreach(json_at(ext, "properties.provisionAfterExtensions"), i, name)
	{
		if (!extension_named(done, json_string_value(name)))
			return false;
	}
	return true;
}

json_t *scaleset_extensions(const json_t *document)
{
	const json_t *all = json_at(json_object_get(document, "model"), PROFILE);
	json_t *done = json_array(), *ext;
	size_t i, before;

	do {
		before = json_array_size(done);
		json_array_foreach((json_t *)all, i, ext)
		{
			if (!extension_named(done, json_text_at(ext, "name", "")) &&
			    is_ready(ext, done))
				json_array_append(done, ext);
		}
	} while (json_array_size(done) > before);
	if (json_array_size(done) == json_array_size(all))
		return done;
	json_decref(done);
	return NULL;
}

static bool is_published(const struct arm *a, const json_t *properties)
{
	AUTO_JSON json_t *catalogue = fabric_catalogue(a->fabric);
	json_t *entry;
	size_t i;

	json_array_foreach(catalogue, i, entry)
	{
		if (text_eq_nocase(json_text_at(entry, "publisher", ""),
				   json_text_at(properties, "publisher", "")) &&
		    text_eq_nocase(json_text_at(entry, "type", ""),
				   json_text_at(properties, "type", "")))
			return ext_version_resolve(
				json_object_get(entry, "versions"),
				json_text_at(properties, "typeHandlerVersion", ""),
				json_bool_at(properties, "autoUpgradeMinorVersion", false));
	}
	return false;
}

static int judge_extension(const struct arm *a, const json_t *all, const json_t *ext,
			   struct arm_answer *ret)
{
	const json_t *properties = json_object_get(ext, "properties");
	const char *name = json_text_at(ext, "name", "");
	json_t *before;
	size_t i;

	if (!arm_name_is_good(name) || !json_text_at(properties, "publisher", NULL) ||
	    !json_text_at(properties, "type", NULL) ||
	    !json_text_at(properties, "typeHandlerVersion", NULL)) {
		arm_refuse(ret, 400, "InvalidParameter",
			   "Required parameter 'name', 'publisher', 'type' or "
			   "'typeHandlerVersion' of an extension is missing (null).");
		return -1;
	}
	if (!is_published(a, properties)) {
		arm_refuse(ret, 400, "ExtensionVersionNotFound",
			   "The requested version '%s' of '%s.%s' was not found.",
			   json_text_at(properties, "typeHandlerVersion", ""),
			   json_text_at(properties, "publisher", ""),
			   json_text_at(properties, "type", ""));
		return -1;
	}
	json_array_foreach(json_object_get(properties, "provisionAfterExtensions"), i, before)
	{
		if (extension_named(all, json_string_value(before)))
			continue;
		arm_refuse(ret, 400, "InvalidParameter",
			   "The extension '%s' is to be provisioned after '%s', which is not in "
			   "the extension profile.",
			   name, json_is_string(before) ? json_string_value(before) : "?");
		return -1;
	}
	return 0;
}

static int judge_extensions(struct arm *a, const json_t *document, struct arm_answer *ret)
{
	const json_t *all = json_at(json_object_get(document, "model"), PROFILE);
	AUTO_JSON json_t *ordered = scaleset_extensions(document);
	struct error err = { 0 };
	json_t *ext;
	size_t i;

	if (json_array_size(all) > 0) /* packages may have come since */
		(void)a->ask(a->ask_ctx, "dist scan", NULL, NULL, &err);
	json_array_foreach((json_t *)all, i, ext)
	{
		if (judge_extension(a, all, ext, ret) < 0)
			return -1;
	}
	if (ordered)
		return 0;
	arm_refuse(ret, 400, "InvalidParameter",
		   "The extensions' provisionAfterExtensions wait for each other.");
	return -1;
}

static int judge(struct arm *a, const json_t *document, const json_t *before,
		 struct arm_answer *ret)
{
	const json_t *model = json_object_get(document, "model");
	const char *size = json_text_at(model, "sku.name", NULL);
	const char *mode = json_text_at(model, "properties.upgradePolicy.mode", "");
	long long capacity = json_int_at(model, "sku.capacity", -1);

	if (!size || capacity < 0 || capacity > CAPACITY_MAX)
		arm_refuse(ret, 400, "InvalidParameter",
			   "A scale set needs sku.name, and a sku.capacity of 0 to %d in this lab.",
			   CAPACITY_MAX);
	else if (text_eq_nocase(json_text_at(model, "properties.orchestrationMode", "Uniform"),
				"Flexible"))
		arm_refuse(ret, 400, "InvalidParameter",
			   "The lab knows the orchestration mode Uniform only.");
	else if (!text_eq_nocase(mode, "Manual") && !text_eq_nocase(mode, "Automatic") &&
		 !text_eq_nocase(mode, "Rolling"))
		arm_refuse(ret, 400, "InvalidParameter",
			   "The value of parameter upgradePolicy.mode is invalid.");
	else if (before && !text_eq_nocase(size, json_text_at(before, "model.sku.name", "")))
		arm_refuse(ret, 409, "OperationNotAllowed",
			   "Unable to resize the scale set to '%s': a VM of the lab keeps its "
			   "size.",
			   size);
	else if (arm_image(json_at(model, "properties.virtualMachineProfile.storageProfile."
					  "imageReference"),
			   ret))
		return judge_extensions(a, document, ret);
	return -1;
}

/* ---- instances, as many as the capacity says ---------------------------------------------------
 */

static void add_instance(json_t *document)
{
	const char *name = json_text_at(document, "name", "");
	const char *prefix = json_text_at(
		document, "model.properties.virtualMachineProfile.osProfile.computerNamePrefix",
		name);
	long long id = json_int_at(document, "nextInstance", 0);
	char digits[7] = "", vm[40], plain[21] = "";
	long long rest = id;
	size_t n = 0;

	for (int i = 5; i >= 0; i--, rest /= 36)
		digits[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[rest % 36];
	/* A computer's name: no underscores. */
	for (; *prefix && n + 1 < sizeof plain; prefix++)
		if (strchr("_.()", *prefix) == NULL)
			plain[n++] = *prefix;
	(void)TEXT_FORMAT(vm, "%s%s", plain, digits);
	for (char *at = vm; *at; at++)
		*at = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
	json_array_append_new(json_object_get(document, "instances"),
			      json_pack("{s:o, s:s, s:b, s:O, s:i}", "id", json_sprintf("%lld", id),
					"vm", vm, "made", 0, "want",
					json_object_get(document, "generation"), "applied", -1));
	json_object_set_new(document, "nextInstance", json_integer(id + 1));
}

/* The newest go first. */
static void fit_capacity(json_t *document)
{
	long long capacity = json_int_at(document, "model.sku.capacity", 0), have = 0;
	json_t *instances = json_object_get(document, "instances"), *instance;
	size_t i;

	json_array_foreach(instances, i, instance)
		have += !json_bool_at(instance, "deleting", false);
	for (; have < capacity; have++)
		add_instance(document);
	for (i = json_array_size(instances); i-- > 0 && have > capacity;) {
		instance = json_array_get(instances, i);
		if (json_bool_at(instance, "deleting", false))
			continue;
		json_object_set_new(instance, "deleting", json_true());
		have--;
	}
}

bool scaleset_names(const json_t *ids, const char *id)
{
	json_t *item;
	size_t i;

	json_array_foreach((json_t *)ids, i, item)
	{
		if (text_eq(json_string_value(item), "*") || text_eq(json_string_value(item), id))
			return true;
	}
	return false;
}

static void want_newest(json_t *document, const json_t *ids)
{
	json_t *instance;
	size_t i;

	json_array_foreach(json_object_get(document, "instances"), i, instance)
	{
		if (!scaleset_names(ids, json_text_at(instance, "id", "")))
			continue;
		json_object_set(instance, "want", json_object_get(document, "generation"));
		(void)json_object_del(instance, "error");
	}
}

void scaleset_upgrade(struct arm *a, const char *name, const json_t *ids)
{
	json_t *document;

	(void)pthread_mutex_lock(&a->lock);
	document = arm_document(a, SCALE_SET, name);
	if (document) {
		want_newest(document, ids);
		(void)arm_document_save(a, SCALE_SET, document, NULL);
	}
	(void)pthread_mutex_unlock(&a->lock);
}

void scaleset_roll(json_t *document)
{
	json_object_set_new(document, "rolling",
			    json_pack("{s:s, s:O, s:[], s:i}", "status", "RollingForward",
				      "generation", json_object_get(document, "generation"),
				      "batch", "next", 0));
}

/* The model has changed: who takes it, and when. */
static void spread(json_t *document)
{
	const char *mode = json_text_at(document, "model.properties.upgradePolicy.mode", "Manual");
	AUTO_JSON json_t *all = json_pack("[s]", "*");

	if (text_eq_nocase(mode, "Automatic"))
		want_newest(document, all);
	if (text_eq_nocase(mode, "Rolling"))
		scaleset_roll(document);
}

static const json_t *profile_of(const json_t *document)
{
	return json_at(document, "model.properties.virtualMachineProfile");
}

/* A set's identity is that of each VM that is made from then on. */
static int identify(struct arm *a, json_t *document, const json_t *body, struct arm_answer *ret)
{
	const json_t *asked = json_object_get(body, "identity");
	json_t *made;

	if (!json_is_object(asked))
		return 0;
	made = arm_identity_make(a, asked, json_object_get(document, "identity"), ret);
	if (!made)
		return -1;
	if (json_is_null(made))
		(void)json_object_del(document, "identity");
	else
		json_object_set(document, "identity", made);
	json_decref(made);
	return 0;
}

int scaleset_change(struct arm_request *r, const json_t *body, bool *ret_new,
		    struct arm_answer *ret)
{
	struct arm *a = r->arm;
	AUTO_JSON json_t *before = NULL, *document = NULL;
	struct error err = { 0 };
	int rc;

	(void)pthread_mutex_lock(&a->lock);
	before = json_deep_copy(arm_document(a, SCALE_SET, r->parts[PART_SET]));
	(void)pthread_mutex_unlock(&a->lock);
	document = before ? json_deep_copy(before) : document_new(r->parts[PART_SET]);
	merge(json_object_get(document, "model"), body);
	if (judge(a, document, before, ret) < 0 || identify(a, document, body, ret) < 0)
		return -1;
	seal_all(a, document, before);
	(void)pthread_mutex_lock(&a->lock);
	/* The engine may have gone on meanwhile: what it knows of instances is the newer. */
	if (arm_document(a, SCALE_SET, r->parts[PART_SET]))
		json_object_set_new(
			document, "instances",
			json_deep_copy(json_object_get(
				arm_document(a, SCALE_SET, r->parts[PART_SET]), "instances")));
	if (!before || !json_equal((json_t *)profile_of(before), (json_t *)profile_of(document)) ||
	    !json_equal(json_object_get(before, "secrets"), json_object_get(document, "secrets"))) {
		json_object_set_new(document, "generation",
				    json_integer(json_int_at(document, "generation", 0) + 1));
		spread(document);
	}
	fit_capacity(document);
	rc = arm_document_save(a, SCALE_SET, document, &err);
	(void)pthread_mutex_unlock(&a->lock);
	*ret_new = !before;
	if (rc < 0)
		arm_refuse(ret, 500, "InternalServerError", "%s", err.what);
	return rc;
}
