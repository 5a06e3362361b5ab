/* facts/settings.h - what the user asked for. data/settings.schema.json is the single source of
 * keys and defaults. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"

enum driver_choice {
	CHOICE_AUTO = 0,
	CHOICE_MLNX_OFED,
	CHOICE_DOCA_OFED,
	CHOICE_DISTRO,
	CHOICE_INBOX
};
enum prefer { PREFER_VENDOR = 0, PREFER_CHEAPEST };
enum reboot_policy { REBOOT_IF_NEEDED = 0, REBOOT_NEVER };
enum ipoib_policy { IPOIB_SELF = 0, IPOIB_AGENT, IPOIB_OFF };
enum verify_depth { VERIFY_PORTS = 0, VERIFY_LOOPBACK };
enum on_unsupported { UNSUPPORTED_FAIL = 0, UNSUPPORTED_SKIP };
enum on_remove { REMOVE_KEEP = 0, REMOVE_UNDO };

struct settings {
	enum driver_choice driver;
	char driver_version[64];
	enum prefer prefer;
	char mirror[512], catalogue_uri[512], offline_bundle[512], prebuilt[512];
	char proxy[512], no_proxy[512], identity[128];
	char trusted_keys[8][128];
	unsigned ntrusted_keys;
	char modules_key[256], modules_cert[256];
	enum reboot_policy reboot;
	enum ipoib_policy ipoib;
	bool limits, persistent_names;
	enum verify_depth verify;
	enum on_unsupported on_unsupported;
	enum on_remove on_remove;
	struct {
		int adapter_s, lock_s, fabric_s, total_s;
	} timeouts;
	bool force;
	int64_t timestamp;
	/* protected: never shown */
	char proxy_user[128], proxy_password[256], sas_token[1024];
};

void settings_defaults(struct settings *ret);

/* Read the public object over the defaults; NULL or null is the empty object. Bad type, unknown or
 * duplicate key, value out of range, contradictory keys: -1 with FAULT_SETTINGS, naming the key's
 * path and the nearest valid name or value. */
int settings_read_public(const json_t *j, struct settings *into, struct error *err);
int settings_read_protected(const json_t *j, struct settings *into, struct error *err);

/* The public ones, as they would be given. */
json_t *settings_to_json(const struct settings *s);

const char *driver_choice_name(enum driver_choice choice);
