/* act/image/baked.h - what was baked into an image, for the first boot of each VM that is made of
 * it.
 *
 * /var/lib/ib-vmext/baked.json, schema ib-vmext/baked/1: for which VMs and which kernel, which
 * driver, its module files, and the settings that decide on these. Nothing of the machine that made
 * the image is in it. It goes with the first success on a VM, whose receipt then takes its place,
 * and with undo. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"
#include "plan/image.h"

struct host;

enum { BAKED_MODULES_MAX = 40 };

/* Inodes and times of change differ from copy to copy; size and time of writing do not. */
struct baked_module {
	char name[32];  /* "mlx5_ib" */
	char path[128]; /* relative to lib/modules/<kernel>; "" where it is built in */
	uint64_t bytes, written_s;
};

struct baked {
	char at[24];      /* "2026-11-27T09:00:00Z" */
	char version[32]; /* of this program */
	char catalogue[32];
	char kernel[96];
	char route[16];                           /* "inbox" */
	char driver_kind[16], driver_version[64]; /* as facts show them */
	char targets[IMAGE_TARGETS_MAX][64];      /* as they were asked for */
	unsigned ntargets;
	char generations[IMAGE_TARGETS_MAX][12]; /* "CX6" */
	unsigned ngenerations;
	char pci[IMAGE_TARGETS_MAX][12]; /* "15b3:101c" */
	unsigned npci;
	char settings[65]; /* digest: see baked_settings_digest */
	struct baked_module modules[BAKED_MODULES_MAX];
	unsigned nmodules;
};

/* Pure. Returns 0, or -EINVAL with the place and the reason in `why`: another schema, a wrong type,
 * no kernel, no generation, or a path that leads elsewhere. */
int baked_parse(const char *text, size_t len, struct baked *ret, char *why, size_t size);
json_t *baked_to_json(const struct baked *b);

/* *found is false where there is none. One that cannot be read is FAULT_STATE_DIR. */
int baked_read(const struct host *h, struct baked *ret, bool *found, struct error *err);
int baked_write(const struct host *h, const struct baked *b, struct error *err);
void baked_remove(const struct host *h);
bool baked_is_there(const struct host *h);
