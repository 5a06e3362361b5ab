/* probe/image.h - the kernels that are installed: lib/modules/<release> with a modules.dep. */
#pragma once

struct facts;
struct host;

/* Needs the kernel. */
void image_read(const struct host *h, struct facts *ret);
