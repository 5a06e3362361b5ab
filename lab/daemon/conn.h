/* daemon/conn.h - what the daemon says to one client: lines of JSON, the last one with "ok".
 *
 * A client that does not read is dropped; the daemon never waits for one. */
#pragma once

#include "base/error.h"
#include "base/json.h"

struct conn;

/* One line; takes the reference. */
void conn_send(struct conn *c, json_t *line);

/* The last line: {"ok":true,"answer":...} (NULL: {}), or {"ok":false,"code":EXIT,"error":TEXT}. The
 * client waits no more. */
void conn_answer(struct conn *c, json_t *answer);
void conn_refuse(struct conn *c, const struct error *err);
