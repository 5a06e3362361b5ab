/* tests/fuzz/fuzz_modprobe.c - modprobe.d, the users in proc/modules, and names in the tree of
 * DKMS. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "facts/facts.h"
#include "probe/dkms.h"
#include "probe/modprobe.h"
#include "probe/user.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_users(const char *text, size_t size)
{
	static struct facts f;

	memset(&f, 0, sizeof f);
	user_parse(text, size, &f);
	for (unsigned i = 0; i < f.nusers; i++) {
		if (user_is_of_stack(f.users[i].name) || !user_is_of_stack(f.users[i].holds))
			abort();
		for (unsigned k = 0; k < i; k++) {
			if (strcmp(f.users[i].name, f.users[k].name) == 0)
				abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct module_facts modules[] = { { .name = "mlx5_ib" }, { .name = "ib_core" } };
	char name[64] = "";

	modprobe_parse((const char *)data, size, modules, 2);
	check_users((const char *)data, size);
	if (size > 0)
		memcpy(name, data, size < sizeof name - 1 ? size : sizeof name - 1);
	(void)dkms_is_name(name);
	return 0;
}
