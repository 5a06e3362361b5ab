/* Finds the kernels of this machine. */
#include "act/boot/kernels.h"

#include "act/pairs.h"
#include "base/text.h"
#include "host/host.h"

enum { FILE_BYTES_MAX = 256 << 10 };

static int kernel_add(void *ctx, const char *name)
{
	struct kernels *k = ctx;
	char image[160], own[160];

	TEXT_FORMAT(image, "boot/vmlinuz-%s", name);
	TEXT_FORMAT(own, "lib/modules/%s/vmlinuz", name);
	if (k->n == ARRAY_SIZE(k->releases) || strlen(name) >= sizeof(k->releases[0]) ||
	    (!host_exists(k->host, image) && !host_exists(k->host, own) &&
	     !text_eq(name, k->running)))
		return 0;
	TEXT_COPY(k->releases[k->n++], name);
	return 0;
}

int kernels_find(const struct host *h, struct kernels *ret, struct error *err)
{
	*ret = (struct kernels) { .host = h };
	if (host_kernel_release(h, ret->running, sizeof(ret->running)) < 0)
		return error_set(err, FAULT_READ_FAILED, 0,
				 "/proc/sys/kernel/osrelease cannot be read");
	if (host_list(h, "lib/modules", kernel_add, ret) < 0 || ret->n == 0)
		return error_set(err, FAULT_NEXT_BOOT, 0,
				 "there is no kernel with modules in /lib/modules");
	return 0;
}

static void value_in(const struct host *h, const char *path, const char *name, char *ret,
		     size_t size)
{
	AUTO_BUF struct buf text = { 0 };

	ret[0] = '\0';
	if (host_read(h, path, FILE_BYTES_MAX, &text) == 0)
		pairs_value(buf_text(&text), name, ret, size);
}

unsigned kernels_next(const struct kernels *k)
{
	static const char *const files[] = { "boot/grub2/grubenv", "boot/grub/grubenv" };
	char saved[256] = "", mode[32];

	value_in(k->host, "etc/default/grub", "GRUB_DEFAULT", mode, sizeof(mode));
	for (size_t i = 0; text_eq(mode, "saved") && i < ARRAY_SIZE(files) && !saved[0]; i++)
		value_in(k->host, files[i], "saved_entry", saved, sizeof(saved));
	return next_boot_default(k->releases, k->n, saved);
}
