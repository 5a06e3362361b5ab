/* tests/fuzz/fuzz_alias.c - no name gets through, and whatever stands around it is no reason to
 * read beyond the text; pools and routes likewise. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "cli/alias.h"
#include "cli/treat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char name[] = "hpc-head-01";
	static const char *const paths[] = { "var/lib/hyperv/.kvp_pool_0", "proc/1/net/route",
					     "etc/dnf/dnf.conf", "var/lib/dpkg/status" };
	AUTO_BUF struct buf out = { 0 }, all = { 0 };
	struct aliases a;

	if (aliases_init(&a) < 0)
		return 0;
	assert(alias_add_name(&a, name) == 0);
	/* Not NUL-terminated: the sanitizer sees what reads beyond it. */
	assert(alias_text(&a, size > 0 ? data[0] & 3 : 0, (const char *)data, size, &out) == 0);
	assert(!memmem(out.data, out.len, name, strlen(name)));
	if (buf_add(&all, data, size) == 0) {
		for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
			AUTO_BUF struct buf treated = { 0 };

			assert(treat_file(&a, paths[i], true, &all, &treated) == 0);
			assert(i != 0 || treated.len == size);
		}
	}
	aliases_free(&a);
	return 0;
}
