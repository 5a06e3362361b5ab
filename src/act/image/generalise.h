/* act/image/generalise.h - an image tells nothing of the machine that it was made on. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/json.h"

struct act;
struct host;

/* Which keys there are that DKMS signs with, before the run: {"path": true}. */
json_t *generalise_note_keys(const struct host *h);

/* Take away what the runs on this machine left in our state and log: journals, requests and their
 * ends; and each key that DKMS made meanwhile, so that VMs of one image do not share it. What undo
 * needs stays: the receipt and saved/. A key that was there before stays, and the log says so. */
int generalise(const struct act *a, const json_t *keys_before, struct error *err);
