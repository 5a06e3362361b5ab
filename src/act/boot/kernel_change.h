/* act/boot/kernel_change.h - after an installation the machine may boot a kernel that the driver's
 * modules were not made for (design.md, section 7, "Reboot").
 *
 * Then they are built for it, or the kernel's own serve; kernels are never held back. The receipt
 * says what came of it, as "kernelChange": {"boot", "kernel", "end", "message"}. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/json.h"

struct act;
struct host;

enum kernel_end {
	KERNEL_SAME = 0, /* or nothing was installed that hangs on the kernel; or looked at already
			    in this boot */
	KERNEL_SERVED,   /* the modules are there for it */
	KERNEL_REBUILT,  /* and now they are */
	KERNEL_INBOX,    /* they are not to be had: the kernel's own are loaded */
	KERNEL_NONE,     /* and it has none */
};

/* Compare the running kernel with the receipt's, and make the best of it. Needs the lock and no
 * open run. -1 only where the receipt cannot be read or written. */
int kernel_change_mend(const struct act *a, enum kernel_end *ret, struct error *err);

/* What is to be told of the kernel that runs, in a sentence; false if there is nothing. */
bool kernel_change_tells(const struct host *h, const json_t *receipt, char *ret, size_t size);
