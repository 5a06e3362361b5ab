/* handler/state.h - our files in /var/lib/ib-vmext, each a JSON object that is old or new and
 * nothing between. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/json.h"

struct host;

#define REQUEST_FILE "request.json"
#define RESULT_FILE  "result.json"
#define UPDATE_FILE  "update.json"

enum { BOOT_ID_SIZE = 40 };

/* Returns 0 with a new reference; -ENOENT if it is not there, -EINVAL if it is not an object of
 * this schema, or -errno. */
int state_read(const struct host *h, const char *name, const char *schema, json_t **ret);

/* Replace it, making the directory where need be. -1 with FAULT_STATE_DIR or FAULT_DISK_FULL. */
int state_write(const struct host *h, const char *name, const json_t *j, struct error *err);

/* Returns 0 also if it was not there, or -errno. */
int state_remove(const struct host *h, const char *name);

/* Who is at work: a pid, 0 if nobody, -1 if somebody who is not known. */
pid_t state_holder(const struct host *h);

/* Is this process a worker of ours, one that takes over a newer request by itself? */
bool state_is_worker(const struct host *h, pid_t pid);

bool state_has(const struct host *h, const char *name);
bool state_journal_is_open(const struct host *h);

/* "" where it cannot be read. */
void boot_id_read(const struct host *h, char ret[static BOOT_ID_SIZE]);
