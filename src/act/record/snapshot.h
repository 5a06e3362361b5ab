/* act/record/snapshot.h - how the machine was before a run changed it, and what differs from that
 * after the run was undone.
 *
 * saved/<run>/snapshot.json, schema ib-vmext/snapshot/1: every package with its version, what came
 * as a dependency (apt and zypper: dnf and yum keep that in databases of their own), each file of
 * the directories that a driver's installation touches, and the loaded modules. */
#pragma once

#include "base/error.h"
#include "base/json.h"

struct host;
struct journal;
struct outcome;

/* A new reference; NULL without memory. What cannot be read is left out. */
json_t *snapshot_take(const struct host *h, const struct journal *j);

/* Take it and keep it for the journal's run. -1 with FAULT_DISK_FULL or FAULT_STATE_DIR. */
int snapshot_keep(const struct journal *j, struct error *err);

/* That of the run `name`; NULL where none was kept. */
json_t *snapshot_load(const struct journal *j, const char *name);

/* Hold the machine against it, and fill the differences of *out, each with its reason: what the
 * undone journal had changed is told from what others did. `kept` is FAULT_KEPT_BACK where the undo
 * says itself that something stays. out->facts are those of now. */
void snapshot_compare(const json_t *then, const struct journal *j, const struct error *kept,
		      struct outcome *out);
