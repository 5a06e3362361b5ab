/* Holds a machine against baked.json. */
#include "act/image/fit.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "host/host.h"
#include "probe/module.h"
#include "probe/pci.h"

void fit_settings_digest(const struct settings *s, char ret[static IMAGE_DIGEST_SIZE])
{
	char text[400];

	TEXT_FORMAT(text, "%d %.64s %d %d %d %d %.256s", (int)s->driver, s->driver_version,
		    (int)s->prefer, (int)s->ipoib, s->limits, s->persistent_names, s->modules_key);
	digest_of(text, strlen(text), ret);
}

static bool look(const struct host *h, const char *kernel, const char *path, struct stat *ret)
{
	char full[256];

	TEXT_FORMAT(full, "lib/modules/%s/%s", kernel, path);
	return fstatat(h->root, full, ret, 0) == 0;
}

void fit_note_modules(const struct host *h, const struct facts *f, const char *names,
		      struct baked *ret)
{
	char name[32];

	while (list_next(&names, name, sizeof(name)) && ret->nmodules < BAKED_MODULES_MAX) {
		const struct module_facts *m = facts_module(f, name);
		struct baked_module *b = &ret->modules[ret->nmodules];
		struct stat st;

		if (!m)
			continue;
		*b = (struct baked_module) { 0 };
		TEXT_COPY(b->name, m->name);
		TEXT_COPY(b->path, m->path);
		if (m->path[0] && look(h, f->kernel.release, m->path, &st)) {
			b->bytes = (uint64_t)st.st_size;
			b->written_s = (uint64_t)st.st_mtim.tv_sec;
		}
		ret->nmodules++;
	}
}

static bool kernel_fits(const struct host *h, const struct baked *b, char *why, size_t size)
{
	char release[96] = "none that is known";

	if (host_kernel_release(h, release, sizeof(release)) == 0 && text_eq(release, b->kernel))
		return true;
	(void)text_format(why, size, "the kernel is %s, and it was baked for %s", release,
			  b->kernel);
	return false;
}

static bool has_word(const char *words, size_t width, unsigned n, const char *word)
{
	for (unsigned i = 0; i < n; i++)
		if (text_eq(words + i * width, word))
			return true;
	return false;
}

static bool functions_fit(const struct facts *f, const struct baked *b, char *why, size_t size)
{
	unsigned functions = 0;
	char id[12];

	for (unsigned i = 0; i < f->nnics; i++) {
		const struct nic_facts *nic = &f->nics[i];

		if (!nic_is_infiniband(nic))
			continue;
		functions++;
		TEXT_FORMAT(id, "%04x:%04x", nic->vendor, nic->device);
		if (has_word(b->pci[0], sizeof(b->pci[0]), b->npci, id))
			continue;
		(void)text_format(why, size, "the adapter is %s, and it was baked for %s%s", id,
				  b->pci[0], b->npci > 1 ? " and others" : "");
		return false;
	}
	if (functions == 0)
		(void)text_copy(why, size, "no InfiniBand function is on the PCI bus");
	return functions > 0;
}

static bool module_fits(const struct host *h, const struct facts *f, const struct baked *b,
			const struct baked_module *m, char *why, size_t size)
{
	const struct module_facts *now = facts_module(f, m->name);
	struct stat st;

	if (now && !m->path[0] && now->built_in)
		return true;
	if (!now || !now->path[0]) {
		(void)text_format(why, size, "the module %s is gone", m->name);
		return false;
	}
	if (!text_eq(now->path, m->path)) {
		(void)text_format(why, size, "the module %s is %s, and %s was baked", m->name,
				  now->path, m->path);
		return false;
	}
	if (look(h, b->kernel, m->path, &st) && (uint64_t)st.st_size == m->bytes &&
	    (uint64_t)st.st_mtim.tv_sec == m->written_s)
		return true;
	(void)text_format(why, size, "the file of the module %s is another than was baked",
			  m->name);
	return false;
}

static bool modules_fit(const struct host *h, const struct facts *f, const struct baked *b,
			char *why, size_t size)
{
	for (unsigned i = 0; i < b->nmodules; i++)
		if (!module_fits(h, f, b, &b->modules[i], why, size))
			return false;
	return true;
}

bool fit_quickly(const struct host *h, const struct baked *b, const struct settings *s, char *why,
		 size_t size)
{
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));
	char settings[IMAGE_DIGEST_SIZE];

	if (!f) {
		(void)text_copy(why, size, "there is no memory to look");
		return false;
	}
	if (!kernel_fits(h, b, why, size))
		return false;
	fit_settings_digest(s, settings);
	if (!text_eq(settings, b->settings)) {
		(void)text_copy(why, size,
				"the settings that decide on the driver are others than it was "
				"baked with");
		return false;
	}
	pci_read(h, f);
	if (!functions_fit(f, b, why, size))
		return false;
	module_read(h, f);
	return modules_fit(h, f, b, why, size);
}

bool fit_fully(const struct facts *f, const struct baked *b, char *why, size_t size)
{
	const char *kind = driver_kind_name(f->driver.kind);

	for (unsigned i = 0; i < f->nnics; i++) {
		const struct nic_facts *nic = &f->nics[i];

		if (!nic_is_infiniband(nic) || !nic->generation[0] ||
		    text_eq(nic->generation, "mlx5Gen") ||
		    has_word(b->generations[0], sizeof(b->generations[0]), b->ngenerations,
			     nic->generation))
			continue;
		(void)text_format(why, size, "the adapter is of %s, and it was baked for %s%s",
				  nic->generation, b->generations[0],
				  b->ngenerations > 1 ? " and others" : "");
		return false;
	}
	if (text_eq(kind, b->driver_kind) && text_eq(f->driver.version, b->driver_version))
		return true;
	(void)text_format(why, size, "the driver is %s %s, and %s %s was baked", kind,
			  f->driver.version, b->driver_kind, b->driver_version);
	return false;
}
