/* lab/vm/embed.h - the scripts of lab/vm/files/, as part of the program. */
#pragma once

#include <stddef.h>

struct embed {
	const char *path; /* in the root, without a leading slash */
	unsigned mode;
	const char *data, *end;
};

/* The table ends with a NULL path. */
extern const struct embed embed_files[];

/* Scripts that make layers; texts that end with a NUL. */
extern const char *const embed_make_rpm_world, *const embed_make_image, *const embed_make_headers;
