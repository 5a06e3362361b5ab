/* plan/candidates.c - every route to a working driver, eligible or not, and why. */
#include "plan/room.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "catalogue/catalogue.h"

/* The order in which eligible routes are preferred; keep stands before all. */
static const char *const routes_by_preference[][5] = {
	[PREFER_VENDOR] = { "prebuilt", "doca-ofed", "mlnx-ofed", "distro", "inbox" },
	[PREFER_CHEAPEST] = { "inbox", "distro", "prebuilt", "doca-ofed", "mlnx-ofed" },
};

bool version_begins(const char *version, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(version, prefix, len) != 0)
		return false;
	return len == 0 || !isdigit((unsigned char)prefix[len - 1]) ||
	       !isdigit((unsigned char)version[len]);
}

bool package_is_whole(const struct facts *f, const char *name)
{
	const struct package_facts *package = facts_package(f, name);

	return package != NULL && !package->half_installed;
}

bool module_is_in(const struct facts *f, const char *name)
{
	const struct module_facts *module = facts_module(f, name);

	return module != NULL && (module->loaded || module->built_in);
}

bool module_is_missing(const struct facts *f, const char *name)
{
	const struct module_facts *module = facts_module(f, name);

	return f->modules_known && !module_is_in(f, name) &&
	       (module == NULL || module->path[0] == '\0');
}

static PRINTF(2, 3) void refuse(struct candidate *c, const char *fmt, ...)
{
	va_list ap;

	c->eligible = false;
	va_start(ap, fmt);
	(void)vsnprintf(c->why, sizeof c->why, fmt, ap);
	va_end(ap);
}

/* The first word of the list that the predicate holds for. */
static bool list_find(const char *list, bool (*is)(const struct facts *f, const char *name),
		      bool wanted, const struct facts *f, char *ret, size_t size)
{
	while (list_next(&list, ret, size))
		if (is(f, ret) == wanted)
			return true;
	return false;
}

static struct candidate *candidate_add(struct plan *p, const char *route)
{
	struct candidate *c = &p->candidates[p->ncandidates++];

	*c = (struct candidate) { .estimate = { -1, -1, -1, "unknown" } };
	(void)TEXT_COPY(c->route, route);
	(void)TEXT_COPY(c->peer_memory, "unknown");
	return c;
}

/* Find the first row of the route that serves this machine. If none does, *ret is as it was and the
 * reason is left in *c. */
static enum route_end row_find(const struct inputs *in, const char *route, struct candidate *c,
			       const struct driver_row **ret)
{
	const struct os_facts *os = &in->facts->os;
	enum route_end end = ROUTE_NO_ROW;

	for (size_t i = 0; i < in->catalogue->ndrivers; i++) {
		const struct driver_row *row = &in->catalogue->drivers[i];
		bool first = end == ROUTE_NO_ROW;

		if (!text_eq(row->route, route) || !driver_row_is_for_os(row, os))
			continue;
		end = ROUTE_UNSERVED;
		if (driver_row_matches(row, in->facts, first ? c->why : NULL, sizeof c->why)) {
			*ret = row;
			return ROUTE_FITS;
		}
	}
	if (end == ROUTE_NO_ROW)
		refuse(c, "no row of the catalogue for %s %s",
		       os->id[0] != '\0' ? os->id : "an unknown distribution", os->version);
	return end;
}

/* keep */

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

static bool settings_ask_for(const struct settings *s, const char *route)
{
	return s->driver == CHOICE_AUTO || text_eq(driver_choice_name(s->driver), route);
}

/* Without a row there is no list to hold the stack against: the verbs module must do. */
static bool stack_is_whole(const struct facts *f, const struct driver_row *row, struct candidate *c)
{
	const char *modules = row != NULL ? row->modules : "ib_uverbs";
	char name[64];

	if (row != NULL &&
	    list_find(row->packages, package_is_whole, false, f, name, sizeof name)) {
		refuse(c, "the package %s is not installed, or not completely", name);
		return false;
	}
	if (list_find(modules, module_is_in, false, f, name, sizeof name)) {
		refuse(c, "the module %s is not loaded", name);
		return false;
	}
	return true;
}

static bool stack_serves(const struct inputs *in, const struct driver_row *row, struct candidate *c)
{
	const struct facts *f = in->facts;

	if (f->driver.kind == DRIVER_NONE) {
		refuse(c, "no driver is installed");
		return false;
	}
	if (!functions_have_ports(f)) {
		refuse(c, "%s %s shows no InfiniBand port for some function",
		       driver_kind_name(f->driver.kind), f->driver.version);
		return false;
	}
	return stack_is_whole(f, row, c);
}

static enum route_end keep_consider(const struct inputs *in, struct candidate *c,
				    const struct driver_row **ret_row)
{
	const struct facts *f = in->facts;
	const struct settings *s = in->settings;
	const char *kind = driver_kind_name(f->driver.kind);
	const struct driver_row *row = NULL;

	(void)row_find(in, kind, c, &row);
	*ret_row = row;
	(void)TEXT_COPY(c->version, f->driver.version);
	if (row != NULL)
		(void)TEXT_COPY(c->peer_memory, row->peer_memory);
	if (!stack_serves(in, row, c))
		return ROUTE_NO_ROW;
	if (!settings_ask_for(s, kind)) {
		refuse(c, "%s serves this machine, but the settings ask for %s", kind,
		       driver_choice_name(s->driver));
		return ROUTE_NOT_ASKED;
	}
	if (!version_begins(f->driver.version, s->driver_version)) {
		refuse(c, "%s %s is installed, but the settings ask for version %s", kind,
		       f->driver.version, s->driver_version);
		return ROUTE_OTHER_VERSION;
	}
	c->eligible = true;
	c->estimate.seconds = c->estimate.download_bytes = c->estimate.disk_bytes = 0;
	(void)TEXT_COPY(c->estimate.basis, "catalogue");
	(void)TEXT_FORMAT(c->why, "%s %s serves this machine already, nothing to do", kind,
			  f->driver.version);
	return ROUTE_FITS;
}

/* The other routes. */

/* A vendor's stack owns the same modules and packages: it has to go before the kernel's own comes.
 */
static bool vendor_is_in_the_way(const struct facts *f, const struct driver_row *row)
{
	return (f->driver.kind == DRIVER_MLNX_OFED || f->driver.kind == DRIVER_DOCA_OFED) &&
	       !text_eq(row->route, driver_kind_name(f->driver.kind));
}

/* The version that the route would leave; "" if only the package manager can know. */
static const char *route_version(const struct facts *f, const struct driver_row *row)
{
	if (row->version[0] != '\0')
		return row->version;
	return text_eq(row->route, driver_kind_name(f->driver.kind)) ? f->driver.version : "";
}

static enum route_end route_judge(const struct inputs *in, const struct driver_row *row,
				  struct candidate *c)
{
	const struct facts *f = in->facts;
	const struct settings *s = in->settings;
	char module[64];

	if (list_find(row->modules, module_is_missing, true, f, module, sizeof module)) {
		refuse(c, "kernel %s has no module %s", f->kernel.release, module);
		return ROUTE_BLOCKED;
	}
	if (vendor_is_in_the_way(f, row)) {
		refuse(c, "%s %s is installed and must be removed first",
		       driver_kind_name(f->driver.kind), f->driver.version);
		return ROUTE_BLOCKED;
	}
	c->eligible = true;
	if (!settings_ask_for(s, row->route)) {
		(void)TEXT_FORMAT(c->why, "it serves this machine, but the settings ask for %s",
				  driver_choice_name(s->driver));
		return ROUTE_NOT_ASKED;
	}
	if (!version_begins(route_version(f, row), s->driver_version)) {
		refuse(c, "it gives %s, but the settings ask for version %s",
		       c->version[0] != '\0' ? c->version : "the distribution's version",
		       s->driver_version);
		return ROUTE_OTHER_VERSION;
	}
	(void)TEXT_COPY(c->why, row->why);
	return ROUTE_FITS;
}

static enum route_end route_consider(const struct inputs *in, const char *route,
				     struct candidate *c, const struct driver_row **ret_row)
{
	const struct driver_row *row = NULL;
	enum route_end end = row_find(in, route, c, &row);

	*ret_row = row;
	if (row == NULL)
		return end;
	(void)TEXT_COPY(c->version, route_version(in->facts, row));
	(void)TEXT_COPY(c->peer_memory, row->peer_memory);
	if (row->seconds >= 0) {
		c->estimate.seconds = row->seconds;
		(void)TEXT_COPY(c->estimate.basis, "catalogue");
	}
	return route_judge(in, row, c);
}

void routes_consider(const struct inputs *in, struct plan *ret, struct routes *ret_routes)
{
	const char *const *order = routes_by_preference[in->settings->prefer];

	*ret_routes = (struct routes) { 0 };
	ret_routes->ends[0] = keep_consider(in, candidate_add(ret, "keep"), &ret_routes->rows[0]);
	for (size_t i = 0; i < ARRAY_SIZE(routes_by_preference[0]); i++) {
		unsigned n = ret->ncandidates;

		ret_routes->ends[n] = route_consider(in, order[i], candidate_add(ret, order[i]),
						     &ret_routes->rows[n]);
	}
}
