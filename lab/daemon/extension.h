/* daemon/extension.h - what an agent's reports mean for one extension of a VM; nothing here is
 * known but from them. */
#pragma once

#include "base/json.h"

struct fabric;

enum extension_end { EXTENSION_PENDING, EXTENSION_SUCCESS, EXTENSION_ERROR, EXTENSION_GONE };

/* `said` (may be NULL) gets the message of the present status, cut to its size. */
enum extension_end extension_judge(struct fabric *f, const char *vm, const char *name, char *said,
				   size_t size);

/* The judgement itself. `report` as fabric_extension_report gives it (NULL: unknown), `processed`:
 * the agent has seen the newest goal state. Pure. */
enum extension_end extension_verdict(const json_t *report, bool processed);

/* The message to show for a report; never NULL. Borrowed from the report. */
const char *extension_said(const json_t *report);

/* One row as `az vm extension list` has it:
 * {"name","provisioningState","publisher","typeHandlerVersion",
 * "autoUpgradeMinorVersion","type","version","seqNo","report"}. `ext` is an entry of
 * fabric_vm_show's extensions. */
json_t *extension_row(struct fabric *f, const char *vm, const json_t *ext);
