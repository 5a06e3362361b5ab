/* act/step/download.h - the artefact of a STEP_DOWNLOAD: where it lies. */
#pragma once

#include "act/step/step.h"

/* The file that the step got, below the host's root. FAULT_DOWNLOAD if it is not there. */
int step_download_path(const struct step_context *c, const struct step *s, char *ret, size_t size,
		       struct error *err);
