/* verify/checks_stack.c - checks of the driver's modules and of the user space that goes with them.
 */
#include "verify/check.h"

#include <string.h>

#include "base/text.h"

enum { VERBS_ABI_LEAST = 3, VERBS_ABI_MOST = 6 };

static bool is_in(const struct facts *f, const char *name)
{
	const struct module_facts *m = facts_module(f, name);

	return m != NULL && (m->loaded || m->built_in);
}

static bool is_mlx4(const struct facts *f)
{
	for (unsigned i = 0; i < f->nnics; i++)
		if (nic_is_infiniband(&f->nics[i]) && text_starts(f->nics[i].generation, "CX3"))
			return true;
	return false;
}

static bool is_vendors(const struct facts *f)
{
	return f->driver.kind == DRIVER_MLNX_OFED || f->driver.kind == DRIVER_DOCA_OFED;
}

/* Modules. */

/* Ports prove that the adapter's own module is there, whatever its name. */
bool check_modules(const struct review *r, unsigned at, struct judgement *ret)
{
	const struct facts *f = r->facts;
	const char *const needed[] = { is_mlx4(f) ? "mlx4_ib" : "mlx5_ib", "ib_uverbs" };

	(void)at;
	if (f->nmodules == 0 && !f->modules_known)
		return false;
	(void)TEXT_FORMAT(ret->expected, "%s and %s loaded", needed[0], needed[1]);
	for (size_t i = r->ports > 0 ? 1 : 0; i < ARRAY_SIZE(needed); i++)
		if (!is_in(f, needed[i]))
			return judge(ret, false, "%s not loaded", needed[i]);
	return judge(ret, true, "loaded");
}

/* A vendor's modules lie in updates, extra or weak-updates; below kernel/ lie the distribution's.
 */
static bool judge_module(const struct facts *f, const struct module_facts *m, struct judgement *ret)
{
	/* MLNX_OFED has had no mlx4 since 5.1: there the kernel's own serves. */
	if (is_vendors(f) && text_starts(m->path, "kernel/") && !text_starts(m->name, "mlx4"))
		return judge(ret, false, "%s is the kernel's own, %.60s", m->name, m->path);
	if (m->srcversion[0] != '\0' && m->loaded_srcversion[0] != '\0' &&
	    !text_eq(m->srcversion, m->loaded_srcversion))
		return judge(ret, false, "%s in memory is not the one at %.50s", m->name, m->path);
	return false;
}

/* mlx_compat belongs to vendors' stacks alone. */
bool check_stack(const struct review *r, unsigned at, struct judgement *ret)
{
	static const char *const names[] = { "mlx5_core", "mlx5_ib",   "mlx4_core", "mlx4_ib",
					     "ib_core",   "ib_uverbs", "ib_umad",   "ib_ipoib" };
	const struct facts *f = r->facts;
	bool compat = is_in(f, "mlx_compat");
	unsigned loaded = 0;

	(void)at;
	(void)TEXT_FORMAT(ret->expected, "all of them of the %s stack",
			  driver_kind_name(f->driver.kind));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct module_facts *m = facts_module(f, names[i]);

		if (m == NULL || !m->loaded)
			continue;
		loaded++;
		if (judge_module(f, m, ret))
			return true;
	}
	if (loaded == 0 || f->driver.kind == DRIVER_NONE)
		return false;
	if (f->driver.kind == DRIVER_INBOX && compat)
		return judge(ret, false, "mlx_compat of a vendor's stack is loaded");
	return judge(ret, true, "%u module%s of %s", loaded, loaded == 1 ? "" : "s",
		     driver_kind_name(f->driver.kind));
}

/* What libibverbs and its providers take: rdma-core, libibverbs/ibverbs.h
 * (IB_USER_VERBS_MIN_ABI_VERSION, IB_USER_VERBS_MAX_ABI_VERSION), providers/mlx5/mlx5-abi.h and
 * providers/mlx4/mlx4-abi.h (MLX5_UVERBS_MAX_ABI_VERSION, MLX4_UVERBS_MIN_ABI_VERSION, ...). */
static bool device_abi_fits(bool mlx4, unsigned abi)
{
	return mlx4 ? abi >= 3 && abi <= 4 : abi == 1;
}

bool check_abi(const struct review *r, unsigned at, struct judgement *ret)
{
	const struct facts *f = r->facts;
	bool mlx4 = is_mlx4(f);

	(void)at;
	if (f->verbs_abi == 0)
		return false;
	(void)TEXT_FORMAT(ret->expected, "verbs %d to %d, %s", VERBS_ABI_LEAST, VERBS_ABI_MOST,
			  mlx4 ? "mlx4 3 to 4" : "mlx5 1");
	for (unsigned i = 0; i < f->nports; i++) {
		const struct port_facts *p = &f->ports[i];

		if (p->link_layer == LINK_LAYER_INFINIBAND && p->uverbs_abi != 0 &&
		    !device_abi_fits(mlx4, p->uverbs_abi))
			return judge(ret, false, "verbs %u, %.40s %u", f->verbs_abi, p->device,
				     p->uverbs_abi);
	}
	return judge(ret, f->verbs_abi >= VERBS_ABI_LEAST && f->verbs_abi <= VERBS_ABI_MOST,
		     "verbs %u", f->verbs_abi);
}

/* User space. */

/* The packages that hold libibverbs and its providers, by package manager. */
static const struct {
	const char *manager, *packages[2];
} userlands[] = {
	{ "apt", { "rdma-core", "ibverbs-providers" } },
	{ "dnf", { "rdma-core", "libibverbs" } },
	{ "yum", { "rdma-core", "libibverbs" } },
};

static bool is_whole(const struct facts *f, const char *name)
{
	const struct package_facts *package = facts_package(f, name);

	return package != NULL && !package->half_installed;
}

static bool judge_userland(const struct facts *f, const char *const packages[2],
			   struct judgement *ret)
{
	(void)TEXT_FORMAT(ret->expected, "%s and %s installed", packages[0], packages[1]);
	for (size_t i = 0; i < 2; i++) {
		if (!is_whole(f, packages[i]))
			return judge(ret, false, "%s %s", packages[i],
				     facts_package(f, packages[i]) == NULL ? "missing"
									   : "half-installed");
	}
	return judge(ret, true, "installed");
}

/* MLNX_OFED 4.9 brings a library for each family of adapters, and no rdma-core (worlds
 * ncv3-centos76-mlnxofed). */
static bool has_libraries_of_49(const struct facts *f)
{
	return f->driver.kind == DRIVER_MLNX_OFED &&
	       (is_whole(f, "libibverbs") || is_whole(f, "libibverbs1")) &&
	       (is_whole(f, "libmlx4") || is_whole(f, "libmlx4-1") || is_whole(f, "libmlx5") ||
		is_whole(f, "libmlx5-1"));
}

bool check_userland(const struct review *r, unsigned at, struct judgement *ret)
{
	const struct facts *f = r->facts;

	(void)at;
	if (!f->packages_known || has_libraries_of_49(f))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(userlands); i++)
		if (text_eq(userlands[i].manager, f->package_manager))
			return judge_userland(f, userlands[i].packages, ret);
	return false;
}

/* "44.0-2" and "44.0-1+deb12u1" are of one release. */
static bool of_one_release(const char *a, const char *b)
{
	size_t len = strcspn(a, "-");

	return len == strcspn(b, "-") && strncmp(a, b, len) == 0;
}

/* A provider names the libibverbs that it was built with in its very file name
 * (libmlx5-rdmav34.so); where they are packages of their own, they may come apart. */
bool check_userland_match(const struct review *r, unsigned at, struct judgement *ret)
{
	const struct package_facts *library = facts_package(r->facts, "libibverbs1");
	const struct package_facts *providers = facts_package(r->facts, "ibverbs-providers");

	(void)at;
	if (library == NULL || providers == NULL)
		return false;
	(void)TEXT_FORMAT(ret->expected, "ibverbs-providers of libibverbs1 %.56s",
			  library->version);
	return judge(ret, of_one_release(library->version, providers->version),
		     "ibverbs-providers %.64s", providers->version);
}

/* The memory of GPUs. */

/* "5.15.0-1064-azure" is of 5.12 or later. */
static bool has_dma_buf(const char *release)
{
	long major, minor;
	char text[16];
	size_t at = strspn(release, "0123456789");

	(void)TEXT_FORMAT(text, "%.*s", (int)(at < sizeof text ? at : 0), release);
	if (release[at] != '.' || text_to_long(text, 10, &major) < 0)
		return false;
	release += at + 1;
	at = strspn(release, "0123456789");
	(void)TEXT_FORMAT(text, "%.*s", (int)(at < sizeof text ? at : 0), release);
	if (text_to_long(text, 10, &minor) < 0)
		return false;
	return major > 5 || (major == 5 && minor >= 12);
}

/* The kernel's own stack takes GPU memory by dma-buf since Linux 5.12 (RDMA/umem: "Support
 * importing dma-buf as user memory region"), a vendor's by nvidia_peermem, before 470 nv_peer_mem.
 */
bool check_peer_memory(const struct review *r, unsigned at, struct judgement *ret)
{
	const struct facts *f = r->facts;
	bool dma_buf = has_dma_buf(f->kernel.release);

	(void)at;
	if (!is_in(f, "nvidia"))
		return false;
	if (is_in(f, "nvidia_peermem") || is_in(f, "nv_peer_mem")) {
		(void)TEXT_COPY(ret->expected, "a peer memory module, or dma-buf");
		return judge(ret, true, "%s loaded",
			     is_in(f, "nvidia_peermem") ? "nvidia_peermem" : "nv_peer_mem");
	}
	if (is_vendors(f)) {
		(void)TEXT_COPY(ret->expected, "nvidia_peermem loaded");
		return judge(ret, false, "nvidia_peermem not loaded");
	}
	(void)TEXT_COPY(ret->expected, "dma-buf, by a kernel of 5.12 or later");
	return judge(ret, dma_buf, "%s, kernel %.60s", dma_buf ? "dma-buf" : "no dma-buf",
		     f->kernel.release);
}
