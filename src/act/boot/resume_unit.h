/* act/boot/resume_unit.h - the boot unit that goes on with an interrupted run, agent or no agent.
 * There only while a run is open. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

struct host;

#define RESUME_UNIT "etc/systemd/system/ib-vmext-resume.service"

/* Is there a systemd that would start it? */
bool resume_unit_is_possible(const struct host *h);

/* Write the unit and enable it (files only: the next boot reads them). It starts the copy of this
 * program: act/program.h. */
int resume_unit_install(const struct host *h, struct error *err);
int resume_unit_remove(const struct host *h, struct error *err);
bool resume_unit_is_there(const struct host *h);
