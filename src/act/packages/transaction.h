/* act/packages/transaction.h - what a package manager says that it would do, or did. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"

enum change_kind { CHANGE_INSTALL, CHANGE_REPLACE, CHANGE_REMOVE };

struct change {
	enum change_kind kind;
	char name[96];        /* with ":arch" only for a foreign architecture */
	char old_version[96]; /* "" for CHANGE_INSTALL */
	char new_version[96]; /* "" for CHANGE_REMOVE */
	char arch[16];        /* of what is installed or replaced, "" if not known */
	bool had_config;      /* CHANGE_INSTALL: the configuration of an earlier life was there */
};

struct transaction {
	struct change *changes; /* owned */
	size_t count, space;
};

void transaction_free(struct transaction *t);
#define AUTO_TRANSACTION CLEANUP(transaction_free)

int transaction_add(struct transaction *t, const struct change *c); /* 0 or -ENOMEM */
void transaction_sort(struct transaction *t);
bool transaction_has(const struct transaction *t, const char *name);
bool transaction_equal(const struct transaction *a, const struct transaction *b); /* both sorted */

/* Sentence for a reader: "install rdma-core 44.0-2" */
void change_text(const struct change *c, char *ret, size_t size);

json_t *transaction_to_json(const struct transaction *t);
int transaction_from_json(const json_t *j, struct transaction *ret, struct error *err);

/* Is every change of `part` (sorted) one of `whole`, as far as it leads to the same versions? So it
 * is what is left of `whole` when some of it is done. */
bool transaction_is_part(const struct transaction *part, const struct transaction *whole);

/* Is it a package, with or without ":arch", that the drivers of the catalogue replace or remove? */
bool transaction_is_rdma(const char *name);

/* Is it safe? FAULT_PACKAGE_UNSAFE when it removes a package outside the RDMA set, or installs,
 * replaces or removes a kernel image. */
int transaction_judge(const struct transaction *t, struct error *err);
