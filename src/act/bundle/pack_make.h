/* act/bundle/pack_make.h - makes a pack of the modules of the driver that this machine runs. */
#pragma once

#include "base/error.h"
#include "facts/pack.h"

struct host;

struct pack_order {
	const char *dir; /* where the pack is to lie, as open(2) takes it */
	const char *key; /* a secret key file of minisign that signs it; NULL: not signed */
	const char *by;  /* version of this program */
};

/* Write DIR/ib-vmext-pack_*.tar and, where there is a key, its .minisig; a reader finds the former
 * files or the new. The same modules make the same bytes. *ret is the manifest, `ret_name` the
 * file's name. FAULT_PACK_MAKE, FAULT_SIGNING_KEY, FAULT_WRITE_FAILED or FAULT_DISK_FULL. */
int pack_make(const struct host *h, const struct facts *f, const struct pack_order *order,
	      struct pack *ret, char ret_name[static PACK_NAME_SIZE], struct error *err);
