/* tests/unit/act/crash.h - kills the process, or fills the disk, at the n-th system call that
 * changes a file.
 *
 * The linker hands every such call of the code under test to us (-Wl,--wrap), so that a test can
 * try each instant between two of them. fsync is not done: a test's disk is not cut from power. */
#pragma once

#include <stdint.h>

enum crash_kind {
	CRASH_NONE,      /* only count */
	CRASH_KILL,      /* _exit(CRASH_STATUS) in place of the call */
	CRASH_DISK_FULL, /* it and all that follow and take space fail with ENOSPC */
	CRASH_DISK_FAILS /* it and all that follow and reach the disk fail with EIO */
};

enum { CRASH_STATUS = 137 };

/* From now on; the count starts at 0. */
void crash_arm(enum crash_kind kind, uint64_t at);

/* What the test itself does in between, such as what the kernel does in reality, is spared. */
void crash_pause(void);
void crash_resume(void);

/* How many calls there were since. */
uint64_t crash_count(void);

/* Every how many-th instant is tried where `usual` is usual: fewer where memory is watched, which
 * takes four times as long. */
uint64_t crash_stride(uint64_t usual);
