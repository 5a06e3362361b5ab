/* plan/prebuilt.c - a vendor's row whose modules come from a pack: nothing is compiled, and the
 * packages are those of user space alone. */
#include "plan/room.h"

#include <string.h>

#include "base/text.h"
#include "catalogue/catalogue.h"

#define DOCA_ALL       "doca-ofed"
#define DOCA_USERSPACE "doca-ofed-userspace"
#define MLNX_USERSPACE "--user-space-only"

/* Options of mlnxofedinstall that only matter where modules are compiled. */
static bool is_of_building(const char *option)
{
	return text_eq(option, "--add-kernel-support") || text_eq(option, "--dkms") ||
	       text_eq(option, "--kernel-sources");
}

static void options_derive(const char *options, char *ret, size_t size)
{
	size_t len;

	(void)text_copy(ret, size, MLNX_USERSPACE);
	for (options += strspn(options, " "); *options != '\0';
	     options += len, options += strspn(options, " ")) {
		char word[128];
		size_t used = strlen(ret);

		len = strcspn(options, " ");
		(void)TEXT_FORMAT(word, "%.*s", (int)len, options);
		if (!is_of_building(word)) {
			(void)text_format(ret + used, size - used, " %s", word);
			continue;
		}
		if (text_eq(word, "--kernel-sources")) { /* and its value */
			len += strspn(options + len, " ");
			len += strcspn(options + len, " ");
		}
	}
}

/* The service openibd is of the packages with the modules: modules-load.d loads them in its place.
 */
static void row_derive(const struct driver_row *row, const struct pack_facts *pack,
		       struct prebuilt *ret)
{
	ret->row = *row;
	ret->pack = pack;
	ret->row.builds = false;
	ret->row.build_packages = "";
	ret->row.services = "";
	ret->row.seconds = -1;
	if (text_eq(row->route, "doca-ofed"))
		ret->row.packages = DOCA_USERSPACE;
	options_derive(row->options, ret->options, sizeof ret->options);
	(void)TEXT_FORMAT(ret->why,
			  "%.120s holds the %u modules of %.20s %.40s for this very kernel: "
			  "nothing is compiled",
			  pack->file, pack->nmodules, row->route, row->version);
}

/* Rows whose modules are not compiled gain nothing, and of another list of packages it is not known
 * which are of user space. */
static bool row_gains(const struct inputs *in, const struct driver_row *row,
		      const struct pack_facts *pack)
{
	return row->builds && text_eq(row->route, driver_kind_name(pack->driver)) &&
	       text_eq(row->version, pack->version) &&
	       (text_eq(row->route, "mlnx-ofed") || text_eq(row->packages, DOCA_ALL)) &&
	       driver_row_matches(row, in->facts, NULL, 0);
}

static bool pack_loads(const struct inputs *in, const struct pack_facts *pack)
{
	return pack->modules_signed == TRI_YES || !kernel_wants_signatures(in->facts);
}

bool prebuilt_next(const struct inputs *in, unsigned *at, struct prebuilt *ret)
{
	const struct catalogue *c = in->catalogue;

	for (; *at < in->facts->npacks * c->ndrivers; ++*at) {
		const struct pack_facts *pack = &in->facts->packs[*at / c->ndrivers];
		const struct driver_row *row = &c->drivers[*at % c->ndrivers];

		if (!pack->fits || !pack_loads(in, pack) || !row_gains(in, row, pack))
			continue;
		row_derive(row, pack, ret);
		++*at;
		return true;
	}
	return false;
}

/* Why is this pack of no use? */
static void pack_explain(const struct inputs *in, const struct pack_facts *pack,
			 struct candidate *c)
{
	if (!pack->fits)
		candidate_refuse(c, "%.110s: %.120s", pack->file, pack->why);
	else if (!pack_loads(in, pack))
		candidate_refuse(c,
				 "kernel %.90s loads signed modules only, and those of %.120s are "
				 "signed by nobody",
				 in->facts->kernel.release, pack->file);
	else
		candidate_refuse(c,
				 "the catalogue compiles no %s %.60s for this machine, which "
				 "%.120s is of",
				 driver_kind_name(pack->driver), pack->version, pack->file);
}

/* One for the running kernel is nearest to being of use. */
static const struct pack_facts *pack_nearest(const struct facts *f)
{
	for (unsigned i = 0; i < f->npacks; i++)
		if (text_eq(f->packs[i].kernel, f->kernel.release))
			return &f->packs[i];
	return &f->packs[0];
}

void prebuilt_explain(const struct inputs *in, struct candidate *c)
{
	const struct settings *s = in->settings;

	if (s->prebuilt[0] == '\0')
		return;
	if (in->facts->npacks > 0)
		pack_explain(in, pack_nearest(in->facts), c);
	else if (s->prebuilt[0] != '/' && strstr(s->prebuilt, "://") == NULL)
		candidate_refuse(c, "prebuilt is neither an absolute path nor a URL");
	else if (in->facts->packs_why[0] != '\0')
		candidate_refuse(c, "no pack could be fetched: %.200s", in->facts->packs_why);
	else if (s->prebuilt[0] != '/')
		candidate_refuse(c, "no pack has been fetched from where prebuilt leads to: apply "
				    "does, or ib-vmext pack fetch");
	else
		candidate_refuse(c, "no pack lies where prebuilt leads to");
}

/* The step. Items: the pack's file. */
void prebuilt_step(const struct pack_facts *pack, struct step *ret)
{
	*ret = (struct step) {
		.kind = STEP_PREBUILT, .id = "prebuilt", .nitems = 1, .nchanges = 2
	};
	(void)TEXT_COPY(ret->items[0], pack->path);
	(void)TEXT_FORMAT(ret->what,
			  "put the modules of %.20s %.40s in place, built before for %.80s",
			  driver_kind_name(pack->driver), pack->version, pack->kernel);
	(void)TEXT_FORMAT(ret->changes[0], "%u modules for kernel %.90s, %llu MiB", pack->nmodules,
			  pack->kernel, (unsigned long long)((pack->bytes + (1 << 20) - 1) >> 20));
	(void)TEXT_FORMAT(ret->changes[1], "index of the modules of kernel %.90s (depmod)",
			  pack->kernel);
	(void)TEXT_COPY(ret->undo, "the modules are removed, or their former files put back, and "
				   "the index is made again");
}

/* The warning. */

static bool one_kernel(const struct inputs *in, const struct driver_row *row, char *what,
		       size_t size)
{
	(void)row;
	if (in->pack == NULL)
		return false;
	(void)text_format(what, size,
			  "the modules are for kernel %.90s alone: another kernel has none of "
			  "%s, and DKMS no source to make them of",
			  in->pack->kernel, driver_kind_name(in->pack->driver));
	return true;
}

const struct rule rules_of_packs[] = {
	{ "prebuilt-one-kernel", RULE_WARNS, one_kernel, FAULT_NONE },
	{ 0 },
};
