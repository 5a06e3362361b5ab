/* catalogue/columns.h - the columns of sizes.json, adapters.json and drivers.json, said once for
 * the generator of the built-in tables (tools/gen-catalogue.c, tools/gen-drivers.c) and for the
 * reader of a replacement (catalogue/rows.c). Needs nothing that is made at build time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { COLUMN_LIST_MAX = 512 }; /* room for a list as one text */

/* The words that a column may hold, each list ended by NULL. */
static const char *const column_generations[] = { "Connect-IB", "CX2",     "CX3", "CX3-Pro", "CX4",
						  "CX5",        "CX6",     "CX7", "CX8",     "CX9",
						  "CX10",       "mlx5Gen", NULL };
static const char *const column_evidences[] = { "seen", "inferred", NULL };
static const char *const column_arches[] = { "x86_64", "aarch64", NULL };
static const char *const column_size_kinds[] = { "none", "sriov", "network-direct", "placeholder",
						 NULL };
static const char *const column_function_kinds[] = { "PF", "VF", NULL };
static const char *const column_routes[] = { "inbox",     "distro",   "doca-ofed",
					     "mlnx-ofed", "prebuilt", NULL };
static const char *const column_managers[] = { "apt", "dnf", "yum", "tdnf", "zypper", NULL };
static const char *const column_optional_modules[] = { "ib_ipoib", NULL };
static const char *const column_peers[] = { "yes", "dma-buf", "no", "unknown", NULL };

/* Members that are for readers of the data alone. */
static const char *const size_notes[] = { "retired", "evidenceDetail", "note", NULL };
static const char *const adapter_notes[] = { "model", "role",           "inbox", "mlnxOfed",
					     "doca",  "evidenceDetail", NULL };

/* The texts of a driver: X(key, member of struct driver_row, is a list, is needed, words). */
#define DRIVER_TEXTS(X)                                                                            \
	X("id", id, false, true, NULL)                                                             \
	X("route", route, false, true, column_routes)                                              \
	X("osIds", os_ids, true, true, NULL)                                                       \
	X("osVersions", os_versions, true, true, NULL)                                             \
	X("generations", generations, true, true, column_generations)                              \
	X("arch", arch, true, true, column_arches)                                                 \
	X("kernels", kernels, false, false, NULL)                                                  \
	X("flavours", flavours, true, false, NULL)                                                 \
	X("sizes", sizes, true, false, NULL)                                                       \
	X("packageManager", package_manager, false, true, column_managers)                         \
	X("packages", packages, true, true, NULL)                                                  \
	X("buildPackages", build_packages, true, false, NULL)                                      \
	X("modules", modules, true, true, NULL)                                                    \
	X("optionalModules", optional_modules, true, false, column_optional_modules)               \
	X("services", services, true, false, NULL)                                                 \
	X("version", version, false, false, NULL)                                                  \
	X("ofed", ofed, false, false, NULL)                                                        \
	X("url", url, false, false, NULL)                                                          \
	X("sha256", sha256, false, false, NULL)                                                    \
	X("repository", repository, false, false, NULL)                                            \
	X("key", key, false, false, NULL)                                                          \
	X("options", options, false, false, NULL)                                                  \
	X("peerMemory", peer_memory, false, true, column_peers)                                    \
	X("source", source, false, true, NULL)                                                     \
	X("why", why, false, true, NULL)

/* X(key, member): whole numbers, -1 where the data says null or nothing. */
#define DRIVER_NUMBERS(X)                                                                          \
	X("seconds", seconds)                                                                      \
	X("downloadBytes", download_bytes)                                                         \
	X("diskBytes", disk_bytes)

/* X(key, member): truth values, false where nothing stands. */
#define DRIVER_FLAGS(X)                                                                            \
	X("builds", builds)                                                                        \
	X("deprecated", deprecated)

/* What is wrong with a size whose columns do not fit each other, NULL if nothing. */
static inline const char *size_contradiction(const char *kind, long long ports, long long rate_gbps,
					     const char *generation)
{
	if (strcmp(kind, "sriov") == 0 && (ports == 0 || rate_gbps == 0 || generation[0] == '\0'))
		return "a size with InfiniBand needs generation, ports and rateGbps";
	if (strcmp(kind, "none") == 0 && (ports != 0 || rate_gbps != 0 || generation[0] != '\0'))
		return "a size without InfiniBand has no generation, ports or rateGbps";
	return NULL;
}

/* Four lower-case hexadecimal digits. */
static inline bool is_pci_id(const char *text)
{
	return strlen(text) == 4 && strspn(text, "0123456789abcdef") == 4;
}

/* Words of lower-case letters and digits, which may be versions: "doca-3.2.3-ubuntu-24.04-x86_64".
 */
static inline bool is_driver_id(const char *text)
{
	return text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-._")] == '\0';
}

static inline bool is_sha256(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}
