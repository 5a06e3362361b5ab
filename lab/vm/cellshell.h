/* lab/vm/cellshell.h - runs a command inside a cell, from the client: it enters the namespaces of
 * the cell's PID 1. */
#pragma once

#include "base/error.h"
#include "base/json.h"

/* As struct vm_kind's shell(); `access` is {"leader": pid, "cgroups": [...]}. The command gets no
 * capability that the cell does not have. */
int cellshell_run(const json_t *access, char *const argv[], struct error *err);
