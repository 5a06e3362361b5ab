/* act/run_room.h - what the files of the engine share: run.c and run_*.c. Nobody else includes it.
 */
#pragma once

#include "act/run.h"

/* Seconds until timeouts.total is over; not below 0. */
int run_seconds_left(const struct run *r);

enum event_kind phase_verifying(struct run *r, struct error *err);
/* run_image.c: the same of a run in an image, and the outcome of one that is done. */
enum event_kind run_image_verifying(struct run *r, struct error *err);
void run_image_fill_done(struct run *r);

enum event_kind phase_rebooting(struct run *r, struct error *err);

/* The outcome of a run that is done. */
void run_fill_done(struct run *r);
