/* Looks whether the next boot will have its modules and its network; changes nothing. */
#include "act/step/step.h"

#include <string.h>
#include <sys/stat.h>

#include "act/boot/initramfs.h"
#include "act/boot/kernels.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"
#include "probe/modinfo.h"
#include "probe/module.h"
#include "probe/probe.h"

enum { FILE_BYTES_MAX = 256 << 10 };

static bool kernel_fits(const struct step_context *c, const struct step *s, const char *release,
			bool signed_only, char *why, size_t size)
{
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));
	AUTO_RUN struct run_result list = { 0 };
	struct next_boot_kernel k = {
		.facts = f, .signed_only = signed_only, .wanted = s->items, .nwanted = s->nitems
	};
	char initramfs[160] = "";

	if (!f)
		return true;
	TEXT_COPY(f->kernel.release, release);
	module_read(c->host, f);
	modinfo_read(c->host, f);
	if (initramfs_find(c->host, release, initramfs, sizeof(initramfs)) &&
	    initramfs_list(c->host, release, &list)) {
		k.initramfs = buf_text(&list.out);
		k.initramfs_is_older = initramfs_is_older(c->host, f, initramfs, s->items,
							  s->nitems);
	}
	return next_boot_modules(&k, why, size);
}

struct networks {
	const struct step_context *c;
	const char *dir;
};

static int network_look(void *ctx, const char *name)
{
	const struct networks *n = ctx;
	AUTO_BUF struct buf text = { 0 };
	char path[320];

	TEXT_FORMAT(path, "%s/%s", n->dir, name);
	if (!text_ends(name, ".network") ||
	    host_read(n->c->host, path, FILE_BYTES_MAX, &text) < 0 ||
	    !next_boot_network_takes_ipoib(buf_text(&text)))
		return 0;
	LOG(n->c->host->log, WARNING, "next-boot.network",
	    "/%s of systemd-networkd matches IPoIB interfaces, too: the next boot may wait for "
	    "their addresses; narrow its [Match] down, or give it RequiredForOnline=no",
	    path);
	return 1;
}

static void networks_look(const struct step_context *c, const struct facts *f)
{
	static const char *const dirs[] = { "etc/systemd/network", "run/systemd/network",
					    "usr/lib/systemd/network" };

	for (size_t i = 0; f->network.networkd && i < ARRAY_SIZE(dirs); i++) {
		struct networks n = { c, dirs[i] };

		if (host_list(c->host, dirs[i], network_look, &n) == 1)
			break;
	}
	if (next_boot_cloud_init_stumbles(&f->network))
		LOG(c->host->log, WARNING, "next-boot.cloud-init",
		    "cloud-init %s writes the network's configuration and may stop the next boot "
		    "at a \"duplicate mac\" of an IPoIB interface; bring it to 21.4 or later",
		    f->network.cloud_init_version);
}

/* The default kernel must have the stack; of the others it is only said. */
static int next_boot_confirm(const struct step_context *c, const struct step *s, struct error *err)
{
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));
	struct probe_options options = { .metadata = false };
	struct kernels k;
	unsigned next;
	char why[400];

	if (!f || probe_facts(c->host, &options, f, err) < 0 || kernels_find(c->host, &k, err) < 0)
		return -1;
	networks_look(c, f);
	next = kernels_next(&k);
	for (unsigned i = 0; i < k.n; i++) {
		if (kernel_fits(c, s, k.releases[i], f->kernel.signed_only == TRI_YES, why,
				sizeof(why)))
			continue;
		if (i == next)
			return error_set(err, FAULT_NEXT_BOOT, 0, "the next boot would fail: %s",
					 why);
		LOG(c->host->log, WARNING, "next-boot.kernel", "if this kernel is booted: %s", why);
	}
	return 0;
}

const struct step_ops step_next_boot = {
	.confirm = next_boot_confirm,
	.percent = 2,
};
