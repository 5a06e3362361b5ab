/* facts/setting_rows.c - every setting: its type, place, default and range. */
#include "facts/setting_rows.h"

#include "base/text.h"
#include "facts/settings.h"

/* In the order of the enums of settings.h. */
static const char *const driver_words[] = { "auto",   "mlnx-ofed", "doca-ofed",
					    "distro", "inbox",     NULL };
static const char *const prefer_words[] = { "vendor", "cheapest", NULL };
static const char *const reboot_words[] = { "ifNeeded", "never", NULL };
static const char *const ipoib_words[] = { "self", "agent", "off", NULL };
static const char *const verify_words[] = { "ports", "loopback", NULL };
static const char *const unsupported_words[] = { "fail", "skip", NULL };
static const char *const remove_words[] = { "keep", "undo", NULL };

#define AT(member)   .offset = offsetof(struct settings, member)
#define SIZE(member) .size = sizeof(((struct settings *)0)->member)

#define TEXT(key, member)                                                                          \
	{                                                                                          \
		key, SETTING_TEXT, AT(member), SIZE(member)                                        \
	}
#define SECRET(key, member)                                                                        \
	{                                                                                          \
		key, SETTING_TEXT, AT(member), SIZE(member), .is_protected = true                  \
	}
#define WORD(key, member, list)                                                                    \
	{                                                                                          \
		key, SETTING_WORD, AT(member), .words = (list)                                     \
	}
#define BOOL(key, member, value)                                                                   \
	{                                                                                          \
		key, SETTING_BOOL, AT(member), .standard = (value)                                 \
	}
#define SECONDS(key, member, greatest, value)                                                      \
	{                                                                                          \
		key, SETTING_INT, AT(member), .least = 0, .most = (greatest), .standard = (value)  \
	}

const struct setting_row setting_rows[] = {
	WORD("driver", driver, driver_words),
	TEXT("driverVersion", driver_version),
	WORD("prefer", prefer, prefer_words),
	TEXT("mirror", mirror),
	TEXT("catalogueUri", catalogue_uri),
	TEXT("offlineBundle", offline_bundle),
	TEXT("prebuilt", prebuilt),
	TEXT("proxy", proxy),
	TEXT("noProxy", no_proxy),
	TEXT("identity", identity),
	{ "trustedKeys", SETTING_TEXTS, AT(trusted_keys), SIZE(trusted_keys[0]),
	  .count_offset = offsetof(struct settings, ntrusted_keys),
	  .max = ARRAY_SIZE(((struct settings *)0)->trusted_keys) },
	TEXT("modulesKey", modules_key),
	TEXT("modulesCert", modules_cert),
	WORD("reboot", reboot, reboot_words),
	WORD("ipoib", ipoib, ipoib_words),
	BOOL("limits", limits, true),
	BOOL("persistentNames", persistent_names, false),
	WORD("verify", verify, verify_words),
	WORD("onUnsupported", on_unsupported, unsupported_words),
	WORD("onRemove", on_remove, remove_words),
	SECONDS("timeouts.adapter", timeouts.adapter_s, 3600, 300),
	SECONDS("timeouts.lock", timeouts.lock_s, 3600, 1800),
	SECONDS("timeouts.fabric", timeouts.fabric_s, 3600, 300),
	SECONDS("timeouts.total", timeouts.total_s, 21600, 4500),
	BOOL("force", force, false),
	{ "timestamp", SETTING_INT64, AT(timestamp) },
	SECRET("proxyUser", proxy_user),
	SECRET("proxyPassword", proxy_password),
	SECRET("sasToken", sas_token),
};

const size_t setting_row_count = ARRAY_SIZE(setting_rows);
