/* act/image/fit.h - a machine held against what was baked into its image: some files of /sys and
 * /lib/modules, a millisecond. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "act/image/baked.h"
#include "act/image/image.h"
#include "facts/facts.h"
#include "facts/settings.h"

/* Fill the list of modules from the image, by the facts that were read of it. */
void fit_note_modules(const struct host *h, const struct facts *f, const char *names,
		      struct baked *ret);

/* Kernel, PCI ids, settings, and each module as modprobe would find it. Runs nothing. False: `why`
 * is a clause that says what differs first. */
bool fit_quickly(const struct host *h, const struct baked *b, const struct settings *s, char *why,
		 size_t size);

/* What takes a full look: the generation of functions whose id is that of several, and the driver
 * that is installed. */
bool fit_fully(const struct facts *f, const struct baked *b, char *why, size_t size);

/* Of the settings that decide what is installed; the others may differ from VM to VM. */
void fit_settings_digest(const struct settings *s, char ret[static IMAGE_DIGEST_SIZE]);
