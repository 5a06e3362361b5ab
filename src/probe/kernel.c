/* probe/kernel.c - release, machine, Secure Boot and lockdown of the running kernel. */
#include "probe/kernel.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "host/host.h"
#include "probe/slice.h"

#define SECURE_BOOT "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

enum { VARIABLE_SIZE = 5, LOCKDOWN_MAX = 256 };

enum tristate kernel_parse_secure_boot(const char *bytes, size_t len)
{
	if (len != VARIABLE_SIZE || (unsigned char)bytes[4] > 1)
		return TRI_UNKNOWN;
	return bytes[4] == 1 ? TRI_YES : TRI_NO;
}

int kernel_parse_lockdown(const char *text, size_t len, char *ret, size_t size)
{
	struct slice rest = { text, len }, word;

	if (!slice_cut(&rest, '[', &word) || !slice_cut(&rest, ']', &word) || word.len == 0 ||
	    word.len >= size)
		return -EINVAL;
	slice_copy(word, ret, size);
	return 0;
}

static enum tristate read_secure_boot(const struct host *h)
{
	AUTO_BUF struct buf b = { .max = VARIABLE_SIZE };

	if (host_read(h, SECURE_BOOT, VARIABLE_SIZE, &b) == 0)
		return kernel_parse_secure_boot(buf_text(&b), b.len);
	return host_knows(h, "sys/firmware/efi") && !host_exists(h, "sys/firmware/efi")
		       ? TRI_NO
		       : TRI_UNKNOWN;
}

void kernel_read_release(const struct host *h, struct kernel_facts *ret)
{
	char release[sizeof ret->release];

	if (ret->release[0] == '\0' && host_kernel_release(h, release, sizeof release) == 0 &&
	    strchr(release, '/') == NULL)
		(void)TEXT_COPY(ret->release, release);
}

void kernel_read(const struct host *h, struct facts *ret)
{
	AUTO_BUF struct buf b = { .max = LOCKDOWN_MAX };
	struct kernel_facts *k = &ret->kernel;

	kernel_read_release(h, k);
	if (host_machine(h, k->machine, sizeof k->machine) < 0)
		k->machine[0] = '\0';
	k->secure_boot = read_secure_boot(h);
	if (host_read(h, "sys/kernel/security/lockdown", LOCKDOWN_MAX, &b) == 0)
		(void)kernel_parse_lockdown(buf_text(&b), b.len, k->lockdown, sizeof k->lockdown);
}
