/* probe/kernel.h - which kernel runs, and what it lets in.
 *
 * Sources: proc/sys/kernel/osrelease (never uname(2)); the EFI variable SecureBoot (UEFI
 * specification 3.3; four bytes of attributes, one of value:
 * Documentation/filesystems/efivarfs.rst); sys/kernel/security/lockdown (kernel_lockdown(7));
 * sys/module/module/parameters/sig_enforce (Documentation/admin-guide/module-signing.rst);
 * lib/modules/<release>/build, where a kernel's headers are (Documentation/kbuild/modules.rst). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "facts/facts.h"

struct host;

/* The bytes of the variable's file: YES for 1, NO for 0, UNKNOWN for anything else. */
enum tristate kernel_parse_secure_boot(const char *bytes, size_t len);

/* The word in brackets of "[none] integrity confidentiality". Returns 0, or -EINVAL and leaves *ret
 * as it was. */
int kernel_parse_lockdown(const char *text, size_t len, char *ret, size_t size);

/* Does the kernel refuse modules that no trusted key has signed? By module.sig_enforce, and by the
 * lockdown ("" if it is not known: a kernel without Secure Boot then has none). */
enum tristate kernel_signed_only(enum tristate sig_enforce, const char *lockdown,
				 enum tristate secure_boot);

/* Does the text of include/linux/dpll.h have struct dpll_ffo_param? */
bool kernel_has_dpll_ffo(const char *text, size_t len);

/* The release, where it is not known yet. It becomes part of paths: one with a slash in it stays
 * unknown. */
void kernel_read_release(const struct host *h, struct kernel_facts *ret);

/* Secure Boot is NO where sys/firmware is known and has no efi: such a machine has no UEFI at all.
 */
void kernel_read(const struct host *h, struct facts *ret);
