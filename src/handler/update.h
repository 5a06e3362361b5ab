/* handler/update.h - update.json: an update of the extension is under way, so `uninstall` must
 * touch nothing.
 *
 * The format is frozen, since another version reads it than wrote it:
 * {"schema":"ib-vmext/update/1","from":text,"to":text,"at":seconds since 1970,"boot":boot id} */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"

struct handler_app;
struct host;

enum { UPDATE_VALID_S = 90 * 60 };

int update_write(const struct handler_app *app, struct error *err);

/* Is it of our schema, and less than 90 minutes away from now? Before now and after: clocks are set
 * back. */
bool update_holds(const json_t *j, int64_t now_s);

/* Is there one that holds? */
bool update_is_under_way(const struct host *h);
