/* probe/kernel.c - release, machine, headers, and what the running kernel lets in. */
#include "probe/kernel.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "host/host.h"
#include "probe/release.h"
#include "probe/slice.h"

#define SECURE_BOOT "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

enum { VARIABLE_SIZE = 5, LOCKDOWN_MAX = 256, HEADER_MAX = 256 << 10 };

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

enum tristate kernel_signed_only(enum tristate sig_enforce, const char *lockdown,
				 enum tristate secure_boot)
{
	bool is_locked = lockdown[0] != '\0' && !text_eq(lockdown, "none");

	if (sig_enforce == TRI_YES || is_locked)
		return TRI_YES;
	if (sig_enforce == TRI_NO && (lockdown[0] != '\0' || secure_boot == TRI_NO))
		return TRI_NO;
	return TRI_UNKNOWN;
}

bool kernel_has_dpll_ffo(const char *text, size_t len)
{
	static const char name[] = "struct dpll_ffo_param";

	return memmem(text, len, name, strlen(name)) != NULL;
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

static enum tristate read_sig_enforce(const struct host *h)
{
	static const char path[] = "sys/module/module/parameters/sig_enforce";
	char text[8];

	if (HOST_READ_LINE(h, path, text) == 0)
		return text_eq(text, "Y") ? TRI_YES : text_eq(text, "N") ? TRI_NO : TRI_UNKNOWN;
	/* A kernel built without signatures has no such parameter. */
	return host_knows(h, path) && !host_exists(h, path) ? TRI_NO : TRI_UNKNOWN;
}

static void read_headers(const struct host *h, struct kernel_facts *k)
{
	AUTO_BUF struct buf b = { .max = HEADER_MAX };
	char path[192];

	(void)TEXT_FORMAT(path, "lib/modules/%s", k->release);
	if (k->release[0] == '\0' || (!host_exists(h, path) && !host_knows(h, path)))
		return;
	(void)TEXT_FORMAT(path, "lib/modules/%s/build/Makefile", k->release);
	k->headers = host_exists(h, path) ? TRI_YES : TRI_NO;
	if (k->headers != TRI_YES)
		return;
	(void)TEXT_FORMAT(path, "lib/modules/%s/build/include/linux/dpll.h", k->release);
	if (host_read(h, path, HEADER_MAX, &b) == 0) {
		k->dpll_ffo = kernel_has_dpll_ffo(buf_text(&b), b.len) ? TRI_YES : TRI_NO;
		return;
	}
	/* Debian's tree has its include/linux elsewhere: there a missing file says nothing. */
	(void)TEXT_FORMAT(path, "lib/modules/%s/build/include/linux/module.h", k->release);
	if (host_exists(h, path))
		k->dpll_ffo = TRI_NO;
}

static void read_initramfs(const struct host *h, struct kernel_facts *k)
{
	static const struct {
		const char *path, *name;
	} rows[] = { { "usr/sbin/update-initramfs", "update-initramfs" },
		     { "usr/bin/dracut", "dracut" },
		     { "usr/sbin/dracut", "dracut" },
		     { "sbin/dracut", "dracut" } };

	k->initramfs[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(rows) && k->initramfs[0] == '\0'; i++)
		if (host_exists(h, rows[i].path))
			(void)TEXT_COPY(k->initramfs, rows[i].name);
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
	k->signed_only = kernel_signed_only(read_sig_enforce(h), k->lockdown, k->secure_boot);
	release_flavour(k->release, k->flavour, sizeof k->flavour);
	read_headers(h, k);
	read_initramfs(h, k);
}
