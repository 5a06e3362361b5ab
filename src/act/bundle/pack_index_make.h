/* act/bundle/pack_index_make.h - writes the list of the packs of a directory that is to be served
 * from an address. */
#pragma once

#include "base/error.h"

struct minisig_secret;

/* Write DIR/ib-vmext-packs.json and, where there is a key, its .minisig; without one a former
 * signature is removed. Packs that cannot be read are left out. *ret_count is how many are in it.
 * `dir` as open(2) takes it. */
int pack_index_make(const char *dir, const struct minisig_secret *key, unsigned *ret_count,
		    struct error *err);
