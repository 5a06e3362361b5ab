/* probe/module.c - looks the modules of the RDMA stack up in what kernel and depmod say. */
#include "probe/module.h"

#include <string.h>

#include "base/text.h"
#include "host/host.h"
#include "probe/kernel.h"
#include "probe/slice.h"

enum { MODULES_FILE_MAX = 8 << 20 };

static const char *const module_names[] = {
	"ib_core",    "ib_uverbs",   "ib_umad",        "ib_cm",
	"iw_cm",      "rdma_cm",     "rdma_ucm",       "ib_ipoib",
	"mlx5_core",  "mlx5_ib",     "mlx4_core",      "mlx4_ib",
	"mlx4_en",    "mlx_compat",  "mana",           "mana_ib",
	"pci_hyperv", "hv_vmbus",    "hv_netvsc",      "nvidia",
	"gdrdrv",     "nv_peer_mem", "nvidia_peermem", "hv_network_direct",
	"mlx5_vdpa",  "mlx5_fwctl",  "mlx5_dpll",      "irdma",
	"rpcrdma",    "nvme_rdma",   "ib_iser",        "ib_isert",
	"ib_srp",     "ib_srpt",     "knem",           "xpmem",
};
_Static_assert(ARRAY_SIZE(module_names) <= FACTS_MODULES_MAX,
	       "facts.h has no room for all modules");

void module_set_init(struct module_set *ret)
{
	memset(ret, 0, sizeof *ret);
	for (size_t i = 0; i < ARRAY_SIZE(module_names); i++)
		(void)TEXT_COPY(ret->at[i].name, module_names[i]);
	ret->count = ARRAY_SIZE(module_names);
}

/* '-' and '_' are the same in a module's name; the kernel shows '_', file names have either. */
bool module_name_eq(struct slice name, const char *known)
{
	size_t i = 0;

	while (i < name.len && known[i] != '\0' &&
	       (name.text[i] == '-' ? '_' : name.text[i]) == known[i])
		i++;
	return i == name.len && known[i] == '\0';
}

static struct module_facts *find(struct module_set *set, struct slice name)
{
	for (size_t i = 0; i < set->count; i++) {
		/* modules.dep names thousands: few begin alike. */
		if (name.len > 0 && name.text[0] == set->at[i].name[0] &&
		    module_name_eq(name, set->at[i].name))
			return &set->at[i];
	}
	return NULL;
}

/* "kernel/drivers/x/mlx5_ib.ko.xz" -> "mlx5_ib" */
static struct slice name_of_path(struct slice path)
{
	const char *slash = path.len > 0 ? memrchr(path.text, '/', path.len) : NULL;
	struct slice name;

	if (slash != NULL)
		path = (struct slice) { slash + 1, path.len - (size_t)(slash + 1 - path.text) };
	return slice_cut(&path, '.', &name) ? name : path;
}

void module_parse_loaded(const char *text, size_t len, struct module_set *set)
{
	struct slice rest = { text, len }, line;

	while (slice_line(&rest, &line)) {
		struct slice name, field, state = { "Live", 4 };
		struct module_facts *module;

		if (!slice_word(&line, &name))
			continue;
		module = find(set, name);
		/* name, size, references, users, state: one that is still loading, or going, is not
		 * loaded. */
		for (int i = 0; i < 4 && slice_word(&line, &field); i++)
			state = i == 3 ? field : state;
		if (module != NULL)
			module->loaded = slice_eq(state, "Live");
	}
}

void module_parse_built_in(const char *text, size_t len, struct module_set *set)
{
	struct slice rest = { text, len }, line;

	while (slice_line(&rest, &line)) {
		struct module_facts *module = find(set, name_of_path(slice_trim(line)));

		if (module != NULL)
			module->built_in = true;
	}
}

void module_parse_dep(const char *text, size_t len, struct module_set *set)
{
	struct slice rest = { text, len }, line, path;

	while (slice_line(&rest, &line)) {
		struct module_facts *module;

		if (!slice_cut(&line, ':', &path))
			continue;
		path = slice_trim(path);
		module = find(set, name_of_path(path));
		if (module != NULL && module->path[0] == '\0' && path.len < sizeof module->path)
			SLICE_COPY(path, module->path);
	}
}

typedef void (*parser)(const char *text, size_t len, struct module_set *set);

struct reading {
	parser parse;
	struct module_set set;
};

static void take_lines(const char *text, size_t len, void *ctx)
{
	struct reading *r = ctx;

	r->parse(text, len, &r->set);
}

/* False, and nothing changed, if it cannot be read to its end. */
static bool read_with(const struct host *h, const char *path, struct module_set *set, parser parse)
{
	struct reading r = { parse, *set };

	if (host_read_pieces(h, path, MODULES_FILE_MAX, "\n", take_lines, &r) < 0)
		return false;
	*set = r.set;
	return true;
}

static bool read_of_release(const struct host *h, const char *release, const char *file,
			    struct module_set *set, parser parse)
{
	char path[192];

	(void)TEXT_FORMAT(path, "lib/modules/%s/%s", release, file);
	return read_with(h, path, set, parse);
}

/* A container may have no /proc/modules; sys/module/<name>/initstate is there for loaded modules
 * alone, "live" once they have been initialised. */
static void read_states(const struct host *h, struct module_set *set)
{
	char path[64], state[16];

	for (size_t i = 0; i < set->count; i++) {
		(void)TEXT_FORMAT(path, "sys/module/%s/initstate", set->at[i].name);
		if (HOST_READ_LINE(h, path, state) == 0 && text_eq(state, "live"))
			set->at[i].loaded = true;
	}
}

void module_read(const struct host *h, struct facts *ret)
{
	struct module_set set;
	const char *release = ret->kernel.release;

	module_set_init(&set);
	if (!read_with(h, "proc/modules", &set, module_parse_loaded))
		read_states(h, &set);
	kernel_read_release(h, &ret->kernel);
	if (release[0] != '\0') {
		bool built_in = read_of_release(h, release, "modules.builtin", &set,
						module_parse_built_in);

		ret->modules_known = read_of_release(h, release, "modules.dep", &set,
						     module_parse_dep) &&
				     built_in;
	}
	ret->nmodules = 0;
	for (size_t i = 0; i < set.count; i++) {
		if (set.at[i].loaded || set.at[i].built_in || set.at[i].path[0] != '\0')
			ret->modules[ret->nmodules++] = set.at[i];
	}
}
