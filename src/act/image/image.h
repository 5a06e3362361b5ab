/* act/image/image.h - an image that is made here, for VMs of another size and kernel. */
#pragma once

#include "base/error.h"
#include "facts/facts.h"
#include "facts/settings.h"
#include "plan/image.h"

struct catalogue;
struct host;

struct image {
	struct image_targets targets;
	char kernel[96]; /* the release that the VMs boot */
};

/* The kernel that is asked for, or, where `asked` is "", the one that the image boots next. Only
 * what has modules counts. FAULT_IMAGE_KERNEL names those that there are. */
int image_kernel_find(const struct host *h, const char *asked, char *ret, size_t size,
		      struct error *err);

/* As act_judge, for the image; h->kernel is its kernel. *facts are those of the last target. */
int image_judge(const struct host *h, const struct catalogue *c, const struct settings *s,
		const struct image *image, struct facts *facts, struct plan *plan,
		struct error *err);

/* What makes two requests to bake the same: settings, kernel and targets. */
enum { IMAGE_DIGEST_SIZE = 65 };
void image_request_digest(const struct settings *s, const struct image *image,
			  char ret[static IMAGE_DIGEST_SIZE]);
