/* Renders a goal state as the host plugin's vmSettings. */
#include "goalstate.h"

#include "base/text.h"

#include "blob.h"

#define PLUGIN_VERSION "1.0.8.149" /* the agent wants at least 1.0.8.115 */

/* A JSON string of a signed URL; NULL when out of memory. */
static json_t *url_json(const struct fabric *f, const char *path, const char *permissions)
{
	struct buf url AUTO_BUF = { 0 };

	return blob_url(f, path, permissions, &url) < 0 ? NULL : json_string(buf_text(&url));
}

/* Here the public settings are text. */
static json_t *settings_json(const struct guest *vm, const json_t *ext)
{
	json_t *public = json_object_get(ext, "settings");
	json_t *secret = json_object_get(ext, "protectedSettings");
	struct buf text AUTO_BUF = { 0 };
	json_t *ret = json_object();

	if (json_is_object(public) && json_write(public, false, &text) == 0)
		(void)json_object_set_new(ret, "publicSettings", json_string(buf_text(&text)));
	if (json_is_string(secret)) {
		(void)json_object_set(ret, "protectedSettings", secret);
		(void)json_object_set(ret, "protectedSettingsCertThumbprint",
				      json_at(vm->doc, "certificate.thumbprint"));
	}
	return ret;
}

static json_t *extension_json(const struct fabric *f, const struct guest *vm, const json_t *ext)
{
	char handler[BLOB_PATH_MAX / 2] = "", path[BLOB_PATH_MAX] = "";
	json_t *settings = settings_json(vm, ext), *ret;

	(void)extension_handler_name(ext, handler, sizeof handler);
	(void)blob_manifest_path(handler, path, sizeof path);
	ret = json_pack("{s:s,s:s,s:o,s:o,s:s,s:b,s:b,s:b,s:b,s:I}", "name", handler, "version",
			json_text_at(ext, "version", ""), "location", url_json(f, path, "r"),
			"failoverLocation", url_json(f, path, "r"), "state",
			json_text_at(ext, "state", ""), "autoUpgrade",
			json_bool_at(ext, "autoUpgrade", false), "runAsStartupTask", 0, "isJson", 1,
			"useExactVersion", 1, "settingsSeqNo",
			(json_int_t)json_int_at(ext, "seqNo", 0));
	if (json_object_size(settings) > 0)
		(void)json_object_set_new(ret, "settings", json_pack("[O]", settings));
	json_decref(settings);
	return ret;
}

json_t *goalstate_vm_settings(const struct fabric *f, const struct guest *vm, const json_t *goal)
{
	char path[BLOB_PATH_MAX] = "";
	json_t *extensions = json_array(), *ext;
	size_t i;

	(void)blob_status_path(vm, path, sizeof path);
	json_array_foreach(json_object_get(goal, "extensions"), i, ext)(void)
		json_array_append_new(extensions, extension_json(f, vm, ext));
	return json_pack(
		"{s:s,s:s,s:s,s:s,s:I,s:s,s:{s:s,s:o},s:[{s:s,s:[o]}],s:o}", "hostGAPluginVersion",
		PLUGIN_VERSION, "vmSettingsSchemaVersion", "0.0", "activityId",
		json_text_at(goal, "activityId", ""), "correlationId",
		json_text_at(goal, "correlationId", ""), "extensionsLastModifiedTickCount",
		(json_int_t)json_int_at(goal, "created", 0), "extensionGoalStatesSource",
		f->fast_track ? "FastTrack" : "Fabric", "statusUploadBlob", "statusBlobType",
		json_bool_at(vm->doc, "vm.pageBlob", false) ? "PageBlob" : "BlockBlob", "value",
		url_json(f, path, "w"), "gaFamilies", "name", "Prod", "uris",
		url_json(f, GOALSTATE_AGENT_MANIFEST, "r"), "extensionGoalStates", extensions);
}
