/* probe/module.h - which kernel modules of the RDMA stack are loaded, built in, or to be had.
 *
 * Sources: proc/modules (proc(5)), sys/module/<name>/initstate where there is none;
 * lib/modules/<release>/modules.builtin and modules.dep (modules.dep(5)): of several files of one
 * name depmod keeps the one that modprobe would load. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "facts/facts.h"
#include "probe/slice.h"

struct host;

/* The modules that matter to us, in the order of module.c's table; those about which nothing is
 * true stay in it. */
struct module_set {
	struct module_facts at[FACTS_MODULES_MAX];
	size_t count;
};

void module_set_init(struct module_set *ret);

/* Each marks in *set what the text says of the modules in it, and passes over the rest. */
void module_parse_loaded(const char *text, size_t len, struct module_set *set); /* proc/modules */
void module_parse_built_in(const char *text, size_t len,
			   struct module_set *set);                          /* modules.builtin */
void module_parse_dep(const char *text, size_t len, struct module_set *set); /* modules.dep */

/* Is it the name `known`, which has '_' where a file or a person may write '-'? */
bool module_name_eq(struct slice name, const char *known);

/* By kernel.release, which is read if it is not known yet. */
void module_read(const struct host *h, struct facts *ret);
