/* act/step/repository.h - what a STEP_REPOSITORY leaves for the steps after it. */
#pragma once

#include "act/step/step.h"

/* The package that holds the vendor's repository. */
#define STEP_REPOSITORY_HOLDER "doca-host"

/* Below the root, with the run's name: the files of packages that are installed from the holder's
 * former version, which they vanish with. There only where there was one. */
#define STEP_REPOSITORY_KEPT "var/lib/ib-vmext/saved/%s/repository/packages"

/* Before anything is changed: does nothing that is installed stand in the way of the vendor's
 * packages? FAULT_FILE_CONFLICT. Nothing is looked at where the plan has no such step. */
int step_repository_possible(const struct step_context *c, const struct plan *p, struct error *err);
