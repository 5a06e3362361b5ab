/* act/wrong_clock.h - a clock that is far off makes good certificates and signatures look bad. */
#pragma once

#include "base/error.h"

struct host;

/* Of a failure that a wrong clock can be the cause of, tell what the clock says; where that is
 * before the built-in catalogue was made, it becomes FAULT_CLOCK_OFF. Others stay as they are. */
void wrong_clock_explain(const struct host *h, struct error *err);
