/* act/build/compile.h - the environment of what compiles kernel modules: dkms, a vendor's
 * installer, and a package manager whose scripts call dkms.
 *
 * ccache where it is. And no debugging information, which dkms strips from the module when it has
 * made it (dkms(8), STRIP), so that the machine code is the same: unless a kernel needs it for the
 * versions of its symbols (CONFIG_GENDWARFKSYMS, 6.14 on) or for BTF, which is made of it where the
 * headers hold a vmlinux (the kernel's scripts/Makefile.modfinal); or rpmbuild compiles, which may
 * want to pack it. */
#pragma once

struct host;

enum { COMPILE_ENV_MAX = 16 };

struct compile_env {
	const char *env[COMPILE_ENV_MAX + 1]; /* for run_spec.env; borrows from own and from here */
	char path[160];
};

enum compiler { COMPILER_DKMS, COMPILER_RPMBUILD };

/* `own` (NULL-terminated, may be NULL), and the rest. */
void compile_env_fill(const struct host *h, enum compiler compiler, const char *const *own,
		      struct compile_env *ret);
