/* act/boot/reboot.h - whether a run may restart the machine, and the restart (design.md, section 7,
 * "Reboot"). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "facts/settings.h"

struct host;

/* What the judgement needs; an empty text: there is none. */
struct reboot_view {
	enum reboot_policy policy;
	bool first_install; /* nothing had been installed or kept here before this run */
	unsigned taken;     /* restarts for this request so far */
	char network[96];   /* what would cost the next boot its network */
	char cloud_init[96];
	char command[200]; /* of another extension */
	char inhibitor[160];
	char user[64];
};

/* May it? If not, `why` is a clause for a person: "root is logged in". */
bool reboot_judge(const struct reboot_view *v, char *why, size_t size);

/* Fill what the machine tells: all but policy, first_install, taken and network. */
void reboot_look(const struct host *h, struct reboot_view *v);

/* Order the restart. Returns at once; FAULT_PROGRAM_FAILED or FAULT_PROGRAM_MISSING if nobody takes
 * the order. */
int reboot_now(const struct host *h, struct error *err);
