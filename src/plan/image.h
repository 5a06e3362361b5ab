/* plan/image.h - what is baked into an image: the facts of the machine that builds it, and the VM
 * sizes that it is for -> one plan. Pure.
 *
 * The builder's adapters, ports, addresses and loaded modules give way to those of each size, and
 * each is planned for by itself. What comes out must be one driver for all. */
#pragma once

#include "base/error.h"
#include "facts/facts.h"
#include "facts/settings.h"
#include "plan/plan.h"

struct catalogue;
struct size_row;

enum { IMAGE_TARGETS_MAX = 16 };

/* What somebody named after --for: a VM size, or a generation of adapters. */
struct image_target {
	char name[64];               /* as the catalogue spells it */
	char generation[12];         /* "CX6" */
	const struct size_row *size; /* NULL: a generation */
	uint16_t device;             /* the PCI id that a VM shows, of the vendor 15b3 */
};

struct image_targets {
	struct image_target at[IMAGE_TARGETS_MAX];
	unsigned n;
};

/* "Standard_HB120rs_v3,CX7". FAULT_USAGE for what the catalogue does not know, or has no InfiniBand
 * function. */
int image_targets_parse(const char *list, const struct catalogue *c, struct image_targets *ret,
			struct error *err);

/* "Standard_HB120rs_v3, CX7" */
void image_targets_text(const struct image_targets *t, char *ret, size_t size);

/* The facts of a VM of that kind which was made of this image and is about to boot. */
void image_facts(const struct facts *builder, const struct image_target *t, struct facts *ret);

/* What a plan is made of, and room for the work. */
struct image_inputs {
	const struct facts *builder;
	const struct image_targets *targets;
	const struct settings *settings;
	const struct catalogue *catalogue;
	struct facts *facts; /* left as those of the last target */
	struct plan *plan;
};

/* One plan for all of them. A refusal where a target has none; FAULT_IMAGE_CONFLICT, which names
 * what each takes and what would serve all, where they differ. */
void image_plan(const struct image_inputs *in, struct plan *ret);
