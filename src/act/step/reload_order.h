/* act/step/reload_order.h - which modules a live reload takes out, and in which order. Pure: over
 * the text of /proc/modules. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* The modules of a stack, in the order of loading; the first RELOAD_CORE are what has to come back,
 * the others the kernel's own protocols over it. NULL-terminated. */
extern const char *const reload_modules[];
enum { RELOAD_CORE = 12 };

/* Can all of them that are loaded be taken out? FAULT_RELOAD_REFUSED names who holds one: another
 * module, or a program or mount that is at work. */
int reload_order_possible(const char *proc_modules, struct error *err);

/* Is it loaded? */
bool reload_order_has(const char *proc_modules, const char *name);

/* One of them to which nothing refers, which can be taken out next. False where there is none. */
bool reload_order_next(const char *proc_modules, char *ret, size_t size);
