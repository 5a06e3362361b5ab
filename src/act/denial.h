/* act/denial.h - what SELinux denied: programs say "Permission denied" and no more, the kernel's
 * record of it names who, what and where. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct host;

/* A record of the access vector cache. Text is printable ASCII. */
struct denial {
	int64_t at_ms;       /* since the epoch */
	char permission[64]; /* "module_load"; several with spaces between them */
	char program[40];    /* "modprobe"; may be empty */
	char object[200];    /* a path, or the name alone; may be empty */
	char kind[32];       /* "file", "dir", "system" */
	char type[64];       /* of the object: the third part of its context */
};

/* Take a line of the kernel's log or of auditd's (both "avc:  denied  { module_load } for ...";
 * source: security/selinux/avc.c and security/lsm_audit.c of Linux, kernel/audit.c for the time).
 * Returns 0, or -EINVAL for any other line and for what a permissive policy only noted; then *ret
 * is as it was. */
int denial_parse(const char *text, size_t len, struct denial *ret);

/* Of a failure for want of permission, while SELinux enforces, tell the newest denial of the last
 * minutes: it becomes FAULT_SELINUX_DENIED. Others stay as they are, also where the policy keeps no
 * record (dontaudit). */
void denial_explain(const struct host *h, struct error *err);
