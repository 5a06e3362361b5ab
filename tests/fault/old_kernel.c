/* old-kernel PROGRAM [ARG...] - runs a program under a seccomp filter that answers ENOSYS to every
 * system call newer than Linux 3.10, as an old kernel would: openat2, renameat2, memfd_create,
 * getrandom, statx, clone3, close_range, pidfd_* ... */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* x86_64 numbers: finit_module (313, Linux 3.8) is the last that 3.10 has; what follows came later.
 */
enum { FIRST_NEWER = 314, LAST_KNOWN = 470 };

int main(int argc, char **argv)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (argc < 2 || !filter) {
		fprintf(stderr, "usage: old-kernel PROGRAM [ARG...]\n");
		return 125;
	}
	for (int number = FIRST_NEWER; number <= LAST_KNOWN; number++)
		if (number < 335 || number > 423) /* 335 to 423 are no system calls of x86_64 */
			(void)seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), number, 0);
	if (seccomp_load(filter) < 0) {
		fprintf(stderr, "old-kernel: the filter cannot be loaded\n");
		return 125;
	}
	execvp(argv[1], argv + 1);
	fprintf(stderr, "old-kernel: %s: %s\n", argv[1], strerror(errno));
	return 125;
}
