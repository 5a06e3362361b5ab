/* base/fault-table.h - the generated rows, for fault.c alone. */
#pragma once

#include "base/fault.h"

extern const struct fault_row fault_table[FAULT_COUNT];
extern const struct exit_row exit_table[];
extern const size_t exit_table_count;
