/* plan/keep.c - is what is installed right for this machine already? */
#include "plan/room.h"

#include <string.h>

#include "base/text.h"
#include "catalogue/catalogue.h"

/* Has every InfiniBand function a port? A port that does not say whose it is stands for any. */
static bool functions_have_ports(const struct facts *f)
{
	unsigned without = 0, free_ports = 0;

	for (unsigned i = 0; i < f->nports; i++)
		if (f->ports[i].link_layer == LINK_LAYER_INFINIBAND && f->ports[i].pci[0] == '\0')
			free_ports++;
	for (unsigned i = 0; i < f->nnics; i++) {
		bool has = !nic_is_infiniband(&f->nics[i]);

		for (unsigned k = 0; k < f->nports && !has; k++)
			has = f->ports[k].link_layer == LINK_LAYER_INFINIBAND &&
			      text_eq(f->ports[k].pci, f->nics[i].address);
		without += !has;
	}
	return without <= free_ports;
}

/* A stack works without them; what works is not replaced for their sake. */
static bool package_is_tool(const char *name)
{
	static const char tools[] = "infiniband-diags,perftest,ibverbs-utils,libibverbs-utils,"
				    "rdmacm-utils,librdmacm-utils,mlnx-tools,ofed-scripts";

	return list_has(tools, name);
}

/* A package of this very kernel ("%r") shows in the modules that it brings. */
static bool package_is_lacking(const struct facts *f, const char *name)
{
	const struct package_facts *package = facts_package(f, name);

	if (package != NULL)
		return package->half_installed;
	return f->packages_known && strstr(name, "%r") == NULL && !package_is_tool(name);
}

/* Without a row there is no list to hold the stack against, and a vendor's may have come by another
 * way than the row's packages: the verbs module must do. */
static bool stack_is_whole(const struct facts *f, const struct driver_row *row, struct candidate *c)
{
	bool listed = row != NULL && !row_is_vendors(row);
	char name[160];

	if (listed && list_find(row->packages, package_is_lacking, true, f, name, sizeof name)) {
		candidate_refuse(c, "the package %s is not installed, or not completely", name);
		return false;
	}
	if (list_find(listed ? row->modules : "ib_uverbs", module_is_in, false, f, name,
		      sizeof name)) {
		candidate_refuse(c, "the module %s is not loaded", name);
		return false;
	}
	return true;
}

/* ROUTE_FITS; ROUTE_UNSERVED where the stack shows its ports, but a part of it is missing. */
static enum route_end stack_judge(const struct facts *f, const struct driver_row *row,
				  struct candidate *c)
{
	if (f->driver.kind == DRIVER_NONE) {
		candidate_refuse(c, "no driver is installed");
		return ROUTE_NO_ROW;
	}
	if (!functions_have_ports(f)) {
		candidate_refuse(c, "%s %s shows no InfiniBand port for some function",
				 driver_kind_name(f->driver.kind), f->driver.version);
		return ROUTE_NO_ROW;
	}
	return stack_is_whole(f, row, c) ? ROUTE_FITS : ROUTE_UNSERVED;
}

enum route_end keep_consider(const struct inputs *in, struct candidate *c,
			     const struct driver_row **ret_row)
{
	const struct facts *f = in->facts;
	const struct settings *s = in->settings;
	const char *kind = driver_kind_name(f->driver.kind);
	const struct driver_row *row = row_of_route(in, kind);
	enum route_end end;

	*ret_row = row;
	(void)TEXT_COPY(c->version, f->driver.version);
	if (row != NULL)
		(void)TEXT_COPY(c->peer_memory, row->peer_memory);
	end = stack_judge(f, row, c);
	if (end != ROUTE_FITS)
		return end;
	if (!settings_ask_for(s, kind)) {
		candidate_refuse(c, "%s serves this machine, but the settings ask for %s", kind,
				 driver_choice_name(s->driver));
		return ROUTE_NOT_ASKED;
	}
	if (!version_begins(f->driver.version, s->driver_version)) {
		candidate_refuse(c, "%s %s is installed, but the settings ask for version %s", kind,
				 f->driver.version, s->driver_version);
		return ROUTE_OTHER_VERSION;
	}
	c->eligible = true;
	c->estimate.seconds = c->estimate.download_bytes = c->estimate.disk_bytes = 0;
	(void)TEXT_COPY(c->estimate.basis, "catalogue");
	(void)TEXT_FORMAT(c->why, "%s %s serves this machine already", kind, f->driver.version);
	return ROUTE_FITS;
}
