/* act/step/installer.h - what can be known of a STEP_INSTALLER before a run begins. */
#pragma once

#include "act/step/step.h"

/* Simulate what the installers of the plan take away, judge it, ask whether it could come back, and
 * list it in their changes. FAULT_PACKAGE_UNSAFE; FAULT_IRREVERSIBLE unless settings.force. Changes
 * nothing but stale package lists. */
int step_installer_possible(const struct step_context *c, struct plan *p, struct error *err);
