/* tests/fuzz/fuzz_denial.c - a line of the kernel's log or of auditd's. */
#include <stdint.h>
#include <stdlib.h>

#include "act/denial.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct denial d = { 0 };

	if (denial_parse((const char *)data, size, &d) < 0)
		return 0;
	judge(d.permission);
	judge(d.program);
	judge(d.object);
	judge(d.kind);
	judge(d.type);
	return 0;
}
