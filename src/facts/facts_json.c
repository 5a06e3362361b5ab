/* facts/facts_json.c - the document ib-vmext/facts/1: one table for each struct of facts.h. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "facts/facts.h"
#include "facts/names.h"
#include "facts/record_rows.h"

#define SCHEMA "ib-vmext/facts/1"

static const struct record_field vm_fields[] = {
	PLAIN(vm_facts, "azure", BOOL, azure),
	WORD(vm_facts, "metadata", metadata, names_metadata_state),
	TEXT(vm_facts, "size", size),
	TEXT(vm_facts, "publisher", publisher),
	TEXT(vm_facts, "offer", offer),
	TEXT(vm_facts, "sku", sku),
	TEXT(vm_facts, "imageVersion", image_version),
	PLAIN(vm_facts, "secureBoot", TRISTATE, secure_boot),
	TEXT(vm_facts, "placementGroup", placement_group),
};

static const struct record_field os_fields[] = {
	TEXT(os_facts, "id", id),
	TEXT(os_facts, "version", version),
	TEXT(os_facts, "like", like),
	TEXT(os_facts, "pretty", pretty),
};

static const struct record_field kernel_fields[] = {
	TEXT(kernel_facts, "release", release),
	TEXT(kernel_facts, "machine", machine),
	PLAIN(kernel_facts, "secureBoot", TRISTATE, secure_boot),
	TEXT(kernel_facts, "lockdown", lockdown),
	TEXT(kernel_facts, "flavour", flavour),
	TEXT(kernel_facts, "initramfs", initramfs),
	PLAIN(kernel_facts, "signedOnly", TRISTATE, signed_only),
	PLAIN(kernel_facts, "headers", TRISTATE, headers),
	PLAIN(kernel_facts, "dpllFfo", TRISTATE, dpll_ffo),
};

static const struct record_field hyperv_fields[] = {
	PLAIN(hyperv_facts, "vmbus", TRISTATE, vmbus),
	PLAIN(hyperv_facts, "pci", TRISTATE, pci),
};

static const struct record_field nic_fields[] = {
	TEXT(nic_facts, "address", address),
	PLAIN(nic_facts, "vendor", ID, vendor),
	PLAIN(nic_facts, "device", ID, device),
	PLAIN(nic_facts, "class", ID, class_code),
	TEXT(nic_facts, "generation", generation),
	WORD(nic_facts, "linkLayer", link_layer, names_link_layer),
	TEXT(nic_facts, "driver", driver),
	PLAIN(nic_facts, "linkGtpsX10", NUMBER, link_gtps_x10),
	PLAIN(nic_facts, "linkWidth", NUMBER, link_width),
	PLAIN(nic_facts, "numaNode", INDEX, numa_node),
	PLAIN(nic_facts, "mostGtpsX10", NUMBER, most_gtps_x10),
	PLAIN(nic_facts, "mostWidth", NUMBER, most_width),
};

static const struct record_field pkey[] = { { NULL, RECORD_PKEY } };

static const struct record_field counter_fields[] = {
	PLAIN(counter_facts, "known", BOOL, known),
	PLAIN(counter_facts, "linkDowned", BYTES, link_downed),
	PLAIN(counter_facts, "linkErrorRecovery", BYTES, link_error_recovery),
	PLAIN(counter_facts, "symbolError", BYTES, symbol_error),
	PLAIN(counter_facts, "receiveErrors", BYTES, receive_errors),
	PLAIN(counter_facts, "transmitDiscards", BYTES, transmit_discards),
};

static const struct record_field node_fields[] = {
	TEXT(node_facts, "name", name),
	PLAIN(node_facts, "there", TRISTATE, there),
	PLAIN(node_facts, "mode", NUMBER, mode),
	PLAIN(node_facts, "group", NUMBER, group),
};

static const struct record_field port_fields[] = {
	TEXT(port_facts, "device", device),
	PLAIN(port_facts, "port", NUMBER, number),
	TEXT(port_facts, "pci", pci),
	WORD(port_facts, "state", state, names_port_state),
	WORD(port_facts, "physState", phys_state, names_port_phys_state),
	PLAIN(port_facts, "rateGbps", NUMBER, rate_gbps),
	WORD(port_facts, "linkLayer", link_layer, names_link_layer),
	PLAIN(port_facts, "lid", NUMBER, lid),
	PLAIN(port_facts, "smLid", NUMBER, sm_lid),
	LIST(port_facts, "pkeys", pkeys, npkeys, pkey),
	TEXT(port_facts, "netdev", netdev),
	TEXT(port_facts, "guid", guid),
	OBJECT(port_facts, "counters", counters, counter_fields),
	OBJECT(port_facts, "uverbs", uverbs, node_fields),
	OBJECT(port_facts, "umad", umad, node_fields),
	PLAIN(port_facts, "uverbsAbi", NUMBER, uverbs_abi),
	TEXT(port_facts, "netdevState", netdev_state),
	PLAIN(port_facts, "addressed", TRISTATE, addressed),
	TEXT(port_facts, "ipv4", ipv4),
	TEXT(port_facts, "assignedIpv4", assigned_ipv4),
};

static const struct record_field module_fields[] = {
	TEXT(module_facts, "name", name),
	PLAIN(module_facts, "loaded", BOOL, loaded),
	PLAIN(module_facts, "builtIn", BOOL, built_in),
	TEXT(module_facts, "path", path),
	TEXT(module_facts, "vermagic", vermagic),
	TEXT(module_facts, "srcversion", srcversion),
	TEXT(module_facts, "loadedSrcversion", loaded_srcversion),
	PLAIN(module_facts, "isSigned", TRISTATE, is_signed),
	PLAIN(module_facts, "blacklisted", BOOL, blacklisted),
};

static const struct record_field user_fields[] = {
	TEXT(module_user, "name", name),
	TEXT(module_user, "holds", holds),
};

static const struct record_field dkms_fields[] = {
	TEXT(dkms_facts, "name", name),
	TEXT(dkms_facts, "version", version),
	TEXT(dkms_facts, "kernel", kernel),
	WORD(dkms_facts, "state", state, names_dkms_state),
};

static const struct record_field image_fields[] = {
	TEXT(kernel_image, "release", release),
	PLAIN(kernel_image, "newer", BOOL, newer),
};

static const struct record_field limit_fields[] = {
	TEXT(limit_facts, "sessionSoft", session_soft),
	TEXT(limit_facts, "sessionHard", session_hard),
	TEXT(limit_facts, "serviceSoft", service_soft),
	PLAIN(limit_facts, "mostOpenFiles", BYTES, most_open_files),
};

static const struct record_field assigned_fields[] = {
	TEXT(assigned_address, "mac", mac),
	TEXT(assigned_address, "ipv4", ipv4),
};
static const struct record_field assigned[] = { PART(NULL, assigned_fields) };

static const struct record_field agent_fields[] = {
	TEXT(agent_facts, "version", version),
	PLAIN(agent_facts, "enableRdma", TRISTATE, enable_rdma),
};

static const struct record_field network_fields[] = {
	TEXT(network_facts, "defaultNetdev", default_netdev),
	TEXT(network_facts, "defaultDriver", default_driver),
	PLAIN(network_facts, "overlapsRdma", TRISTATE, overlaps_rdma),
	PLAIN(network_facts, "cloudInit", TRISTATE, cloud_init),
	PLAIN(network_facts, "cloudInitNetwork", TRISTATE, cloud_init_network),
	TEXT(network_facts, "cloudInitVersion", cloud_init_version),
	PLAIN(network_facts, "networkManager", BOOL, network_manager),
	PLAIN(network_facts, "networkd", BOOL, networkd),
	PLAIN(network_facts, "netplan", BOOL, netplan),
	PLAIN(network_facts, "hasIfconfig", TRISTATE, has_ifconfig),
};

static const struct record_field kvp_fields[] = {
	PLAIN(facts, "malformed", BOOL, kvp.malformed),
	PLAIN(facts, "ipoibPairs", NUMBER, kvp.ipoib_pairs),
	PLAIN(facts, "networkDirect", BOOL, kvp.network_direct),
	LIST(facts, "assigned", kvp.assigned, kvp.nassigned, assigned),
};

static const struct record_field policy_fields[] = {
	TEXT(package_policy_facts, "excludes", excludes),
	TEXT(package_policy_facts, "locks", locks),
	TEXT(package_policy_facts, "pins", pins),
	TEXT(package_policy_facts, "proxy", proxy),
	TEXT(package_policy_facts, "mirrors", mirrors),
};

static const struct record_field package_fields[] = {
	TEXT(package_facts, "name", name),
	TEXT(package_facts, "version", version),
	PLAIN(package_facts, "halfInstalled", BOOL, half_installed),
};

static const struct record_field driver_fields[] = {
	WORD(facts, "kind", driver.kind, names_driver_kind),
	TEXT(facts, "version", driver.version),
};

static const struct record_field root_space_fields[] = {
	PLAIN(facts, "freeBytes", BYTES, root_space.free_bytes),
	PLAIN(facts, "totalBytes", BYTES, root_space.total_bytes),
};

static const struct record_field space_fields[] = {
	TEXT(space_facts, "path", path),
	PLAIN(space_facts, "freeBytes", BYTES, free_bytes),
	PLAIN(space_facts, "totalBytes", BYTES, total_bytes),
	PLAIN(space_facts, "noexec", TRISTATE, noexec),
	PLAIN(space_facts, "readOnly", TRISTATE, read_only),
};

static const struct record_field pack_fields[] = {
	TEXT(pack_facts, "file", file),
	TEXT(pack_facts, "path", path),
	WORD(pack_facts, "driver", driver, names_driver_kind),
	TEXT(pack_facts, "version", version),
	TEXT(pack_facts, "kernel", kernel),
	PLAIN(pack_facts, "fits", BOOL, fits),
	TEXT(pack_facts, "why", why),
	PLAIN(pack_facts, "isSigned", TRISTATE, is_signed),
	PLAIN(pack_facts, "modulesSigned", TRISTATE, modules_signed),
	PLAIN(pack_facts, "modules", NUMBER, nmodules),
	PLAIN(pack_facts, "bytes", BYTES, bytes),
};

static const struct record_field traffic_fields[] = {
	WORD(traffic_facts, "kind", kind, names_traffic_kind),
	WORD(traffic_facts, "end", end, names_traffic_end),
	TEXT(traffic_facts, "device", device),
	PLAIN(traffic_facts, "port", NUMBER, port),
	TEXT(traffic_facts, "peer", peer),
	TEXT(traffic_facts, "program", program),
	TEXT(traffic_facts, "command", command),
	PLAIN(traffic_facts, "rateMbps", NUMBER, rate_mbps),
	PLAIN(traffic_facts, "messages", BYTES, messages),
	PLAIN(traffic_facts, "seconds", NUMBER, seconds),
	PLAIN(traffic_facts, "checked", BOOL, checked),
	TEXT(traffic_facts, "why", why),
};

static const struct record_field naming_fields[] = {
	PLAIN(naming_facts, "canRename", TRISTATE, can_rename),
	TEXT(naming_facts, "renamer", renamer),
};

static const struct record_field openibd_fields[] = {
	PLAIN(openibd_facts, "enabled", TRISTATE, enabled),
	PLAIN(openibd_facts, "settles", TRISTATE, settles),
};

static const struct record_field nic[] = { PART(NULL, nic_fields) };
static const struct record_field port[] = { PART(NULL, port_fields) };
static const struct record_field module[] = { PART(NULL, module_fields) };
static const struct record_field package[] = { PART(NULL, package_fields) };
static const struct record_field space[] = { PART(NULL, space_fields) };
static const struct record_field user[] = { PART(NULL, user_fields) };
static const struct record_field dkms[] = { PART(NULL, dkms_fields) };
static const struct record_field image[] = { PART(NULL, image_fields) };
static const struct record_field own_file[] = { TEXT(own_file, NULL, path) };
static const struct record_field pack[] = { PART(NULL, pack_fields) };
static const struct record_field traffic[] = { PART(NULL, traffic_fields) };

static const struct record_field fact_fields[] = {
	OBJECT(facts, "vm", vm, vm_fields),
	OBJECT(facts, "os", os, os_fields),
	OBJECT(facts, "kernel", kernel, kernel_fields),
	OBJECT(facts, "hyperv", hyperv, hyperv_fields),
	LIST(facts, "nics", nics, nnics, nic),
	LIST(facts, "ports", ports, nports, port),
	LIST(facts, "modules", modules, nmodules, module),
	PLAIN(facts, "modulesKnown", BOOL, modules_known),
	LIST(facts, "packages", packages, npackages, package),
	PLAIN(facts, "packagesKnown", BOOL, packages_known),
	TEXT(facts, "packageManager", package_manager),
	PART("driver", driver_fields),
	{ "rootSpace", RECORD_OBJECT, TABLE(root_space_fields), .optional = true,
	  .known_offset = offsetof(struct facts, root_space.known) },
	LIST(facts, "spaces", spaces, nspaces, space),
	LIST(facts, "users", users, nusers, user),
	LIST(facts, "dkms", dkms, ndkms, dkms),
	LIST(facts, "kernels", kernels, nkernels, image),
	OBJECT(facts, "limits", limits, limit_fields),
	PLAIN(facts, "verbsAbi", NUMBER, verbs_abi),
	OBJECT(facts, "agent", agent, agent_fields),
	OBJECT(facts, "network", network, network_fields),
	{ "kvp", RECORD_OBJECT, TABLE(kvp_fields), .optional = true,
	  .known_offset = offsetof(struct facts, kvp.known) },
	OBJECT(facts, "policy", policy, policy_fields),
	TEXT(facts, "selinux", selinux),
	PLAIN(facts, "ipoibLoad", TRISTATE, ipoib_load),
	PLAIN(facts, "dpkgInterrupted", BOOL, dpkg_interrupted),
	TEXT(facts, "pendingKernel", pending_kernel),
	TEXT(facts, "ofedText", ofed_text),
	PLAIN(facts, "systemd", BOOL, systemd),
	PLAIN(facts, "systemdVersion", NUMBER, systemd_version),
	OBJECT(facts, "openibd", openibd, openibd_fields),
	OBJECT(facts, "naming", naming, naming_fields),
	LIST(facts, "ownFiles", own_files, nown_files, own_file),
	LIST(facts, "packs", packs, npacks, pack),
	TEXT(facts, "packsWhy", packs_why),
	LIST(facts, "traffic", traffic, ntraffic, traffic),
};

json_t *facts_to_json(const struct facts *f)
{
	AUTO_JSON json_t *body = record_to_json(fact_fields, ARRAY_SIZE(fact_fields), f);
	json_t *document = json_pack("{s:s}", "schema", SCHEMA);

	if (body == NULL || json_object_update(document, body) != 0) {
		json_decref(document);
		return NULL;
	}
	return document;
}

int facts_from_json(const json_t *j, struct facts *ret, char *why, size_t why_size)
{
	struct facts f;

	memset(&f, 0, sizeof f);
	if (!text_eq(json_text_at(j, "schema", SCHEMA), SCHEMA)) {
		(void)text_format(why, why_size, "schema: is not %s", SCHEMA);
		return -EINVAL;
	}
	if (record_from_json(fact_fields, ARRAY_SIZE(fact_fields), j, &f, why, why_size) < 0)
		return -EINVAL;
	memcpy(ret, &f, sizeof f);
	return 0;
}
