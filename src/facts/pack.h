/* facts/pack.h - a pack of prebuilt modules: what its manifest says, and whether it fits a machine.
 *
 * A pack is a tar archive (base/tar.h) whose first file is manifest.json, of the schema
 * ib-vmext/pack/1; the modules follow in the order of the manifest, under their paths. What it was
 * built for is its target: a machine that differs in any part of it that both know builds by
 * itself. docs/packs.md tells it to people. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "facts/facts.h"

#define PACK_MANIFEST "manifest.json"
#define PACK_PREFIX   "ib-vmext-pack_"

enum { PACK_FILES_MAX = 256, PACK_MANIFEST_BYTES_MAX = 256 << 10, PACK_NAME_SIZE = 224 };

/* Of a machine, or of the one that a pack was made on. "" is not known. */
struct pack_target {
	char os_id[32], os_version[32];
	char arch[16];
	char release[96];   /* of the kernel */
	char vermagic[160]; /* of its modules, all of it */
	char compiler[200]; /* as proc/version names it */
	char build[160];    /* the rest of proc/version: "#1 SMP Debian 6.1.148-1 (2025-08-26)" */
	char config[65];    /* SHA-256 of the kernel's configuration */
	char symvers[65];   /* SHA-256 of Module.symvers of its headers */
};

struct pack_file {
	char path[192]; /* below "/": "lib/modules/6.1.0/updates/dkms/mlx5_ib.ko" */
	uint64_t size;
	char sha256[65];
	char vermagic[160], srcversion[48];
	bool is_signed; /* bears the mark of a signature for the kernel */
};

struct pack {
	enum driver_kind driver; /* DRIVER_MLNX_OFED or DRIVER_DOCA_OFED */
	char version[64];
	struct pack_target target;
	char built[24]; /* when the newest of its modules was written, UTC */
	char by[24];    /* version of the program that made the pack */
	struct pack_file files[PACK_FILES_MAX];
	unsigned nfiles;
};

/* A new object, or NULL when there is no memory. */
json_t *pack_to_json(const struct pack *p);

/* Returns 0, or -EINVAL with what is wrong with the manifest in `why`: a field is missing, a path
 * is not below lib/modules/<release>/ or not in order, there is no file. */
int pack_from_json(const json_t *j, struct pack *ret, char *why, size_t why_size);

/* "ib-vmext-pack_doca-ofed-3.2.1_5.15.0-1064-azure_x86_64.tar" */
void pack_name(enum driver_kind driver, const char *version, const struct pack_target *target,
	       char ret[static PACK_NAME_SIZE]);
bool pack_is_name(const char *name);

/* The parts of a target, in the order in which they are told. */
struct pack_part {
	const char *name; /* "kernel" */
	size_t offset;    /* of its text in struct pack_target */
	bool required;    /* what is not known on either side does not fit */
};
extern const struct pack_part pack_parts[];
extern const size_t pack_part_count;

const char *pack_part_text(const struct pack_part *part, const struct pack_target *t);
bool pack_part_fits(const struct pack_part *part, const struct pack_target *pack,
		    const struct pack_target *machine);

/* Does every part fit? Otherwise `why` names the first that does not. */
bool pack_fits(const struct pack_target *pack, const struct pack_target *machine, char *why,
	       size_t why_size);

bool pack_modules_signed(const struct pack *p); /* all of them */
uint64_t pack_bytes(const struct pack *p);      /* of all modules */
