/* Finds the kernel of an image, and plans for it. */
#include "act/image/image.h"

#include <errno.h>
#include <string.h>

#include "act/boot/kernels.h"
#include "act/progress.h"
#include "base/digest.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "host/host.h"
#include "probe/image.h"
#include "probe/probe.h"

#define NO_KERNEL "-" /* no release is called so: what runs here does not count */

static bool has_modules(const struct host *h, const char *release)
{
	char path[160];

	TEXT_FORMAT(path, "lib/modules/%s/modules.dep", release);
	return release[0] != '.' && !strchr(release, '/') && host_exists(h, path);
}

/* All with modules, whether they can boot here or not: a container's root has no kernel of its own
 * in /boot. */
static int kernels_with_modules(const struct host *h, struct kernels *ret, struct error *err)
{
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));

	if (!f)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to look for kernels");
	TEXT_COPY(f->kernel.release, NO_KERNEL);
	image_read(h, f);
	*ret = (struct kernels) { .host = h };
	for (unsigned i = 0; i < f->nkernels && ret->n < ARRAY_SIZE(ret->releases); i++)
		TEXT_COPY(ret->releases[ret->n++], f->kernels[i].release);
	return 0;
}

static int refuse(const struct host *h, const char *asked, struct error *err)
{
	struct kernels k;
	char names[300] = "";

	if (kernels_with_modules(h, &k, err) < 0)
		return -1;
	for (unsigned i = 0; i < k.n; i++) {
		char former[sizeof(names)];

		TEXT_COPY(former, names);
		TEXT_FORMAT(names, "%s%s%s", former, i ? ", " : "", k.releases[i]);
	}
	if (!asked[0])
		return error_set(err, FAULT_IMAGE_KERNEL, 0,
				 "there is no kernel with modules in /lib/modules of this image");
	return error_set(err, FAULT_IMAGE_KERNEL, 0,
			 "kernel %s has no modules in this image: there is no "
			 "/lib/modules/%s/modules.dep; installed are: %s",
			 asked, asked, names[0] ? names : "none");
}

int image_kernel_find(const struct host *h, const char *asked, char *ret, size_t size,
		      struct error *err)
{
	struct host image = *h;
	struct kernels k;

	if (asked[0])
		return has_modules(h, asked) ? text_copy(ret, size, asked) : refuse(h, asked, err);
	image.kernel = NO_KERNEL;
	if (kernels_find(&image, &k, NULL) < 0 && kernels_with_modules(h, &k, err) < 0)
		return -1;
	k.host = h;
	if (k.n == 0 || !has_modules(h, k.releases[kernels_next(&k)]))
		return refuse(h, "", err);
	return text_copy(ret, size, k.releases[kernels_next(&k)]);
}

int image_judge(const struct host *h, const struct catalogue *c, const struct settings *s,
		const struct image *image, struct facts *facts, struct plan *plan,
		struct error *err)
{
	struct probe_options options = { .metadata = false, .settings = s };
	AUTO_FREE struct facts *builder = calloc(1, sizeof(*builder));
	AUTO_FREE struct plan *room = calloc(1, sizeof(*room));
	struct image_inputs in = { builder, &image->targets, s, c, facts, room };

	if (!builder || !room)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to plan for an image");
	if (probe_facts(h, &options, builder, err) < 0)
		return -1;
	catalogue_classify(c, builder);
	image_plan(&in, plan);
	estimate_tell(h, plan);
	return 0;
}

void image_request_digest(const struct settings *s, const struct image *image,
			  char ret[static IMAGE_DIGEST_SIZE])
{
	AUTO_JSON json_t *j = settings_to_json(s);
	AUTO_BUF struct buf text = { 0 };
	char names[IMAGE_TARGETS_MAX * 66];

	image_targets_text(&image->targets, names, sizeof(names));
	(void)json_write(j, false, &text);
	(void)buf_add_format(&text, "\nbake %s %s", image->kernel, names);
	digest_of(buf_text(&text), text.len, ret);
}
