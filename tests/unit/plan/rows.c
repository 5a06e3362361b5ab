/* tests/unit/plan/rows.c - the rows of a vendor's driver, as the catalogue has them. */
#include "rows.h"

#include "base/text.h"

#define DIGEST "75b8d4258b7239ef5021abaa25e7eeb4fcbc0c8117cab89ce1a766d2d218c8a0"

/* A row without a word to say. */
static const struct driver_row blank = {
	.os_ids = "ubuntu",
	.os_versions = "22.04",
	.generations = "CX4,CX5,CX6,CX7,CX8",
	.arch = "x86_64",
	.kernels = "",
	.flavours = "",
	.sizes = "",
	.package_manager = "apt",
	.packages = "doca-ofed",
	.build_packages = "",
	.modules = "mlx5_ib,ib_uverbs,ib_umad",
	.optional_modules = "ib_ipoib",
	.services = "",
	.version = "",
	.ofed = "",
	.url = "",
	.sha256 = "",
	.repository = "",
	.key = "",
	.options = "",
	.peer_memory = "dma-buf",
	.seconds = -1,
	.download_bytes = -1,
	.disk_bytes = -1,
	.source = "a test",
};

static struct driver_row row_make(const char *route, const char *why)
{
	struct driver_row row = blank;

	row.id = row.route = route;
	row.why = why;
	return row;
}

static struct driver_row row_make_built(const char *route, const char *version, const char *why)
{
	struct driver_row row = row_make(route, why);

	row.build_packages = "dkms,linux-headers-%r";
	row.services = "openibd";
	row.version = row.ofed = version;
	row.sha256 = DIGEST;
	row.peer_memory = "yes";
	row.builds = true;
	return row;
}

static void rows_make(struct driver_row ret[ROW_COUNT])
{
	ret[ROW_DOCA] = row_make_built("doca-ofed", "3.2.1", "NVIDIA's own driver");
	ret[ROW_DOCA].ofed = "25.10-1.6.6.0";
	ret[ROW_DOCA].url = "https://example.com/DOCA/doca-host_3.2.1-ubuntu2204_amd64.deb";
	ret[ROW_MLNX] = row_make_built("mlnx-ofed", "5.8-1.0.1.1", "the vendor's former driver");
	ret[ROW_MLNX].url =
		"https://example.com/MLNX_OFED_LINUX-5.8-1.0.1.1-ubuntu22.04-x86_64.tgz";
	ret[ROW_MLNX].kernels = "3.10-6.8";
	ret[ROW_MLNX].options = "--add-kernel-support  --kernel %r";
	ret[ROW_DISTRO] = row_make("distro", "the distribution's own build");
	ret[ROW_DISTRO].os_ids = "nobody";
	ret[ROW_DISTRO].packages = "rdma-core";
	ret[ROW_INBOX] = row_make("inbox", "the kernel holds the driver");
	ret[ROW_INBOX].packages = "rdma-core,ibverbs-providers";
	ret[ROW_SPARE] = row_make("doca-ofed", "another release");
	ret[ROW_SPARE].os_ids = "nobody";
}

void bench_reset(struct bench *b)
{
	struct facts *f = &b->facts;

	settings_defaults(&b->settings);
	b->settings.limits = false; /* what follows the driver: test_after.c */
	machine_fresh(f);
	os_set(f, "ubuntu", "22.04", "apt");
	(void)TEXT_COPY(f->kernel.release, "6.8.0-1041-azure");
	(void)TEXT_COPY(f->kernel.flavour, "azure");
	f->kernel.headers = TRI_YES;
	f->kernel.secure_boot = TRI_NO;
	module_of(f, "mlx5_core")->loaded = false;
	rows_make(b->rows);
	b->catalogue = catalogue_built_in;
	b->catalogue.drivers = b->rows;
	b->catalogue.ndrivers = ROW_COUNT;
}

void bench_plan(struct bench *b)
{
	plan_build(&b->facts, &b->settings, &b->catalogue, &b->plan);
}

const struct warning *bench_warning(const struct bench *b, const char *id)
{
	for (unsigned i = 0; i < b->plan.nwarnings; i++)
		if (text_eq(b->plan.warnings[i].id, id))
			return &b->plan.warnings[i];
	return NULL;
}

const struct candidate *bench_candidate(const struct bench *b, const char *route)
{
	for (unsigned i = 0; i < b->plan.ncandidates; i++)
		if (text_eq(b->plan.candidates[i].route, route))
			return &b->plan.candidates[i];
	return NULL;
}

const struct step *bench_step(const struct bench *b, const char *id)
{
	for (unsigned i = 0; i < b->plan.nsteps; i++)
		if (text_eq(b->plan.steps[i].id, id))
			return &b->plan.steps[i];
	return NULL;
}

void os_set(struct facts *f, const char *id, const char *version, const char *manager)
{
	(void)TEXT_COPY(f->os.id, id);
	(void)TEXT_COPY(f->os.version, version);
	(void)TEXT_COPY(f->package_manager, manager);
}

void rows_set_os(struct bench *b, const char *ids, const char *versions, const char *manager)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (i == ROW_DISTRO || i == ROW_SPARE)
			continue;
		b->rows[i].os_ids = ids;
		b->rows[i].os_versions = versions;
		b->rows[i].package_manager = manager;
	}
}

void space_add(struct facts *f, const char *path, uint64_t free_mib)
{
	struct space_facts *s = &f->spaces[f->nspaces++];

	*s = (struct space_facts) { .free_bytes = free_mib << 20, .total_bytes = 30ULL << 30 };
	(void)TEXT_COPY(s->path, path);
}

void dkms_add(struct facts *f, const char *name, const char *kernel, enum dkms_state state)
{
	struct dkms_facts *d = &f->dkms[f->ndkms++];

	*d = (struct dkms_facts) { .state = state };
	(void)TEXT_COPY(d->name, name);
	(void)TEXT_COPY(d->version, "25.10");
	(void)TEXT_COPY(d->kernel, kernel);
}

void driver_set(struct facts *f, enum driver_kind kind, const char *version)
{
	f->driver.kind = kind;
	(void)TEXT_COPY(f->driver.version, version);
}

/* As the adapter's class and the catalogue would have it. */
void generation_set(struct bench *b, const char *generation)
{
	struct nic_facts *nic = &b->facts.nics[1];

	if (text_starts(generation, "CX3")) {
		nic->device = 0x1004;
		nic->class_code = 0x0280;
	}
	(void)TEXT_COPY(nic->generation, generation);
}
