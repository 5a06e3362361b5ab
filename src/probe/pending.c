/* probe/pending.c - looks for what waits for a reboot or a repair. */
#include "probe/pending.h"

#include <string.h>

#include "base/text.h"
#include "facts/facts.h"
#include "host/host.h"
#include "probe/files.h"
#include "probe/release.h"
#include "probe/slice.h"

static void take_newer(const char *release, const char *running, char *ret, size_t size)
{
	const char *newest = ret[0] != '\0' && !text_eq(ret, "yes") ? ret : running;

	if (release_compare(release, newest) <= 0 || strlen(release) >= size)
		return;
	memset(ret, 0, size);
	(void)text_copy(ret, size, release);
}

void pending_parse_packages(const char *text, size_t len, const char *running, char *ret,
			    size_t size)
{
	static const char image[] = "linux-image-";
	struct slice rest = { text, len }, line, word;
	bool names_image = false, names_base = false;

	while (slice_line(&rest, &line)) {
		char name[128];

		if (!slice_word(&line, &word))
			continue;
		SLICE_COPY(word, name);
		names_base |= text_eq(name, "linux-base");
		/* Not a meta package such as linux-image-azure. */
		if (!text_starts(name, image) || strspn(name + strlen(image), "0123456789") == 0)
			continue;
		names_image = true;
		take_newer(name + strlen(image), running, ret, size);
	}
	if (names_base && !names_image && ret[0] == '\0')
		(void)text_copy(ret, size, "yes");
}

struct listing {
	const struct host *host;
	struct facts *facts;
};

static int take_release(void *ctx, const char *name)
{
	struct listing *l = ctx;
	struct facts *f = l->facts;
	char path[192], flavour[sizeof f->kernel.flavour];
	struct slice s = { name, strlen(name) };
	char release[sizeof f->pending_kernel];

	if (s.len >= sizeof release || TEXT_FORMAT(path, "lib/modules/%s/modules.dep", name) < 0 ||
	    !host_exists(l->host, path))
		return 0;
	SLICE_COPY(s, release);
	release_flavour(release, flavour, sizeof flavour);
	if (text_eq(flavour, f->kernel.flavour))
		take_newer(release, f->kernel.release, f->pending_kernel, sizeof f->pending_kernel);
	return 0;
}

static void take_packages(void *ctx, struct slice text)
{
	struct facts *f = ctx;

	pending_parse_packages(text.text, text.len, f->kernel.release, f->pending_kernel,
			       sizeof f->pending_kernel);
}

static int take_update(void *ctx, const char *name)
{
	(void)ctx;
	/* Its parts are numbered; "tmp.i" is there at other times, too. */
	return name[0] >= '0' && name[0] <= '9';
}

void pending_read(const struct host *h, struct facts *ret)
{
	struct listing l = { h, ret };

	ret->dpkg_interrupted = host_list(h, "var/lib/dpkg/updates", take_update, NULL) == 1;
	if (ret->kernel.release[0] == '\0')
		return;
	if (!files_read(h, "run/reboot-required.pkgs", take_packages, ret))
		(void)files_read(h, "var/run/reboot-required.pkgs", take_packages, ret);
	(void)!host_list(h, "lib/modules", take_release, &l);
}
