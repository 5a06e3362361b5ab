/* verify/image.c - the checks of an image. */
#include "verify/image.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "catalogue/catalogue.h"

#define MODULE "image-module:"

static const char remedy_module[] =
	"install the kernel's package of modules (linux-modules-extra, kernel-modules-extra), or "
	"take the line of /etc/modprobe.d that forbids it away";
static const char remedy_stack[] = "remove the driver that is not wanted, and bake again";
static const char remedy_dkms[] =
	"look at its make.log below /var/lib/dkms; the headers of that kernel must be installed";

static struct finding *finding_add(struct verification *v, const char *id, const char *name,
				   bool ok, const char *remedy)
{
	struct finding *f = &v->checks[v->nchecks];

	if (v->nchecks + 1 < VERIFY_CHECKS_MAX)
		v->nchecks++;
	*f = (struct finding) { .ok = ok, .remedy = ok ? "" : remedy };
	(void)TEXT_FORMAT(f->id, "%s%s", id, name);
	if (!ok)
		v->verdict = VERDICT_DRIVER_BROKEN;
	return f;
}

static bool module_fits(const struct module_facts *m, const char *release, char *ret, size_t size)
{
	/* weak-modules has held the symbols of what it links against the kernel's. */
	bool same = m != NULL && (m->vermagic[0] == '\0' || text_eq(m->vermagic, release) ||
				  text_starts(m->path, "weak-updates/"));

	if (m == NULL || (!m->built_in && m->path[0] == '\0'))
		(void)text_copy(ret, size, "missing");
	else if (m->blacklisted)
		(void)text_copy(ret, size, "forbidden by modprobe.d");
	else if (m->built_in)
		(void)text_copy(ret, size, "built in");
	else if (!same)
		(void)text_format(ret, size, "built for kernel %s", m->vermagic);
	else
		(void)text_copy(ret, size, m->path);
	return m != NULL && (m->built_in || (m->path[0] != '\0' && same)) && !m->blacklisted;
}

static void check_modules(const struct image_promise *p, const struct facts *f,
			  struct verification *ret)
{
	const char *rest = p->modules;
	char name[32], measured[sizeof ret->checks[0].measured];

	while (list_next(&rest, name, sizeof name)) {
		const struct module_facts *m = facts_module(f, name);
		bool ok = module_fits(m, f->kernel.release, measured, sizeof measured);
		struct finding *one = finding_add(ret, MODULE, name, ok, remedy_module);

		(void)TEXT_COPY(one->measured, measured);
		(void)TEXT_FORMAT(one->expected, "for kernel %s", f->kernel.release);
		(void)TEXT_FORMAT(one->evidence, "/lib/modules/%s/modules.dep", f->kernel.release);
	}
}

/* The kernel's own lie below kernel/, those that replace them in extra/, updates/ or weak-updates/:
 * across the two, symbols differ. */
static void check_stack(const struct image_promise *p, const struct facts *f,
			struct verification *ret)
{
	const char *rest = p->modules, *odd = NULL;
	struct finding *one;
	char name[32];

	while (odd == NULL && list_next(&rest, name, sizeof name)) {
		const struct module_facts *m = facts_module(f, name);

		if (m == NULL || (!m->built_in && m->path[0] == '\0'))
			continue;
		if ((m->built_in || text_starts(m->path, "kernel/")) == p->replaces)
			odd = m->path[0] != '\0' ? m->path : m->name;
	}
	one = finding_add(ret, "image-stack", "", odd == NULL, remedy_stack);
	(void)TEXT_COPY(one->expected, p->replaces ? "all of the driver" : "all the kernel's own");
	(void)TEXT_COPY(one->measured, odd != NULL ? odd : one->expected);
	(void)TEXT_FORMAT(one->evidence, "/lib/modules/%s/modules.dep", f->kernel.release);
}

/* Which driver the packages say. Modules from a pack are of the vendor's that it was made of. */
static void check_driver(const struct image_promise *p, const struct facts *f,
			 struct verification *ret)
{
	const char *kind = driver_kind_name(f->driver.kind);
	bool pack = text_eq(p->route, "prebuilt");
	bool ok = pack ? f->driver.kind != DRIVER_NONE : text_eq(kind, p->route);
	struct finding *one;

	if (ok && p->version[0] != '\0' && f->driver.version[0] != '\0')
		ok = text_eq(f->driver.version, p->version);
	one = finding_add(ret, "image-driver", "", ok, remedy_stack);
	(void)TEXT_FORMAT(one->measured, "%s %s", kind, f->driver.version);
	(void)TEXT_FORMAT(one->expected, "%s %s", p->route, p->version);
	(void)TEXT_COPY(one->evidence, "the installed packages");
}

/* DKMS' names of the stack: Debian's and Enterprise Linux'. */
static bool is_stack(const char *name)
{
	return text_eq(name, "mlnx-ofed-kernel") || text_starts(name, "mlnx-ofa_kernel");
}

static void check_dkms(const struct facts *f, struct verification *ret)
{
	const struct dkms_facts *stack = NULL;
	struct finding *one;
	bool ok = false;

	for (unsigned i = 0; i < f->ndkms; i++) {
		const struct dkms_facts *d = &f->dkms[i];

		if (!is_stack(d->name))
			continue;
		stack = d;
		ok = ok || (text_eq(d->kernel, f->kernel.release) && d->state == DKMS_INSTALLED);
	}
	if (stack == NULL)
		return;
	one = finding_add(ret, "image-dkms:", stack->name, ok, remedy_dkms);
	(void)TEXT_COPY(one->measured, ok ? "installed" : "not installed for this kernel");
	(void)TEXT_FORMAT(one->expected, "installed for kernel %.60s", f->kernel.release);
	(void)TEXT_FORMAT(one->evidence, "/var/lib/dkms/%s", stack->name);
}

void verify_image(const struct image_promise *p, const struct facts *f, struct verification *ret)
{
	memset(ret, 0, sizeof *ret);
	ret->verdict = VERDICT_OK;
	check_driver(p, f, ret);
	check_modules(p, f, ret);
	check_stack(p, f, ret);
	check_dkms(f, ret);
}

void verify_image_summary(const struct verification *v, const struct facts *f, char *ret,
			  size_t size)
{
	unsigned modules = 0;

	for (unsigned i = 0; i < v->nchecks; i++) {
		const struct finding *one = &v->checks[i];

		if (!one->ok) {
			(void)text_format(ret, size, "%s is %s, not %s", one->id, one->measured,
					  one->expected);
			return;
		}
		modules += text_starts(one->id, MODULE);
	}
	(void)text_format(ret, size, "%u modules for kernel %s are there and fit", modules,
			  f->kernel.release);
}
