/* facts/pack_index.h - the list of the packs that lie at one address: what each is for, so that the
 * one that fits is fetched and no other.
 *
 * JSON of the schema ib-vmext/pack-index/1, in the file PACK_INDEX beside the packs, with its
 * signature in PACK_INDEX.minisig. */
#pragma once

#include "facts/pack.h"

#define PACK_INDEX "ib-vmext-packs.json"

enum { PACK_INDEX_MAX = 256, PACK_INDEX_BYTES_MAX = 1 << 20 };

struct pack_entry {
	char file[160]; /* its name, without a directory */
	uint64_t size;  /* of that file */
	char sha256[65];
	enum driver_kind driver;
	char version[64];
	struct pack_target target;
	bool modules_signed;
	unsigned nmodules;
	uint64_t bytes; /* of all modules */
};

struct pack_index {
	struct pack_entry packs[PACK_INDEX_MAX];
	unsigned npacks;
};

/* A new object, or NULL when there is no memory. */
json_t *pack_index_to_json(const struct pack_index *x);

/* Returns 0, or -EINVAL with what is wrong with it in `why`. */
int pack_index_from_json(const json_t *j, struct pack_index *ret, char *why, size_t why_size);

/* What the planner is to know of a pack that lies in the directory `dir`, "/" before it, as far as
 * the index tells. */
void pack_entry_to_facts(const struct pack_entry *e, const char *dir, struct pack_facts *ret);
