/* probe/image.c - lists the installed kernels. */
#include "probe/image.h"

#include <string.h>

#include "base/text.h"
#include "facts/facts.h"
#include "host/host.h"
#include "probe/release.h"
#include "probe/slice.h"

struct listing {
	const struct host *host;
	struct facts *facts;
};

static int take_release(void *ctx, const char *name)
{
	struct listing *l = ctx;
	struct facts *f = l->facts;
	struct kernel_image *k = &f->kernels[f->nkernels];
	char path[192], flavour[sizeof f->kernel.flavour];

	if (f->nkernels == FACTS_KERNELS_MAX || strlen(name) >= sizeof k->release ||
	    TEXT_FORMAT(path, "lib/modules/%s/modules.dep", name) < 0 ||
	    !host_exists(l->host, path))
		return 0;
	memset(k, 0, sizeof *k);
	SLICE_COPY(((struct slice) { name, strlen(name) }), k->release);
	release_flavour(k->release, flavour, sizeof flavour);
	k->newer = text_eq(flavour, f->kernel.flavour) &&
		   release_compare(k->release, f->kernel.release) > 0;
	f->nkernels++;
	return 0;
}

void image_read(const struct host *h, struct facts *ret)
{
	struct listing l = { h, ret };

	ret->nkernels = 0;
	if (ret->kernel.release[0] != '\0')
		(void)!host_list(h, "lib/modules", take_release, &l);
}
