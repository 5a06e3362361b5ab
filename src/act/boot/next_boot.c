/* Holds what is installed against what a boot needs. */
#include "act/boot/next_boot.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "act/pairs.h"
#include "base/text.h"

/* Modules of one stack lie together: the kernel's own below kernel/, others in extra/, updates/ or
 * weak-updates/. Across, their symbol versions differ. */
static bool is_own(const struct module_facts *m)
{
	return m->built_in || text_starts(m->path, "kernel/");
}

static bool module_fits(const struct next_boot_kernel *k, const struct module_facts *m, char *why,
			size_t size)
{
	const char *release = k->facts->kernel.release;

	if (m->built_in)
		return true;
	/* weak-modules has held the symbols of what it links against the kernel's. */
	if (m->vermagic[0] && !text_eq(m->vermagic, release) &&
	    !text_starts(m->path, "weak-updates/")) {
		text_format(why, size, "%s for kernel %s was built for kernel %s", m->path, release,
			    m->vermagic);
		return false;
	}
	if (k->signed_only && m->is_signed == TRI_NO) {
		text_format(why, size,
			    "kernel %s loads signed modules only, and %s bears no signature",
			    release, m->path);
		return false;
	}
	return true;
}

static bool initramfs_fits(const struct next_boot_kernel *k, const struct module_facts *m,
			   char *why, size_t size)
{
	const char *release = k->facts->kernel.release;
	char in[160];

	if (!k->initramfs ||
	    !next_boot_in_initramfs(k->initramfs, release, m->name, in, sizeof(in)))
		return true;
	/* With or without the compression at its end. */
	if (strncmp(in, m->path, strcspn(in, ".")) != 0) {
		text_format(why, size,
			    "the initramfs of kernel %s holds %s, not the %s that was installed",
			    release, in, m->path);
		return false;
	}
	if (k->initramfs_is_older)
		text_format(why, size,
			    "the initramfs of kernel %s holds %s of before the installation",
			    release, in);
	return !k->initramfs_is_older;
}

bool next_boot_modules(const struct next_boot_kernel *k, char *why, size_t size)
{
	const struct module_facts *first = NULL;

	for (unsigned i = 0; i < k->nwanted; i++) {
		const struct module_facts *m = facts_module(k->facts, k->wanted[i]);

		if (!m || (!m->path[0] && !m->built_in)) {
			text_format(why, size, "kernel %s has no module %s",
				    k->facts->kernel.release, k->wanted[i]);
			return false;
		}
		if (!first)
			first = m;
		if (is_own(m) != is_own(first)) {
			text_format(why, size,
				    "kernel %s has %s at %s, but %s at %s: they are of two "
				    "drivers, whose symbols differ",
				    k->facts->kernel.release, first->name, first->path, m->name,
				    m->path);
			return false;
		}
		if (!module_fits(k, m, why, size) || !initramfs_fits(k, m, why, size))
			return false;
	}
	return true;
}

unsigned next_boot_default(const char (*releases)[NEXT_BOOT_RELEASE_SIZE], unsigned n,
			   const char *saved)
{
	unsigned latest = 0, named = n;

	for (unsigned i = 0; i < n; i++) {
		if (strverscmp(releases[i], releases[latest]) > 0)
			latest = i;
		if (saved[0] && strstr(saved, releases[i]) &&
		    (named == n || strlen(releases[i]) > strlen(releases[named])))
			named = i;
	}
	return named < n ? named : latest;
}

/* "mlx5_ib" is the name of ".../mlx5-ib.ko.xz". */
static bool is_file_of(const char *path, size_t len, const char *name)
{
	const char *slash = memrchr(path, '/', len);
	size_t at = 0;

	if (slash) {
		len -= (size_t)(slash + 1 - path);
		path = slash + 1;
	}
	while (at < len && name[at] && (path[at] == '-' ? '_' : path[at]) == name[at])
		at++;
	return !name[at] && at + 3 <= len && strncmp(path + at, ".ko", 3) == 0;
}

bool next_boot_in_initramfs(const char *list, const char *release, const char *name, char *ret,
			    size_t size)
{
	char below[128];
	const char *at = list;

	TEXT_FORMAT(below, "lib/modules/%s/", release);
	while ((at = strstr(at, below)) != NULL) {
		size_t len;

		at += strlen(below);
		len = strcspn(at, " \r\n");
		if (!is_file_of(at, len, name))
			continue;
		text_format(ret, size, "%.*s", (int)len, at);
		return true;
	}
	return false;
}

/* One of the patterns of Name=, as "ib0" is one of them. "!" turns all of them round. */
static bool name_matches(const char *patterns)
{
	static const char *const names[] = { "ib0", "ibP257s71127" };
	bool inverted = patterns[0] == '!';
	char word[128];

	patterns += inverted;
	while (*(patterns += strspn(patterns, " \t")) != '\0') {
		size_t len = strcspn(patterns, " \t");

		text_format(word, sizeof(word), "%.*s", (int)len, patterns);
		patterns += len;
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			if (fnmatch(word, names[i], 0) == 0)
				return !inverted;
	}
	return inverted;
}

bool next_boot_network_takes_ipoib(const char *text)
{
	/* Each narrows the match down to something that IPoIB has not, or that we cannot tell. */
	static const char *const narrows[] = {
		"MACAddress", "PermanentMACAddress", "Path", "Driver", "Kind", "Property", "Host",
		"SSID",       "WLANInterfaceType"
	};
	char name[256], type[128], other[64];

	for (size_t i = 0; i < ARRAY_SIZE(narrows); i++) {
		pairs_value(text, narrows[i], other, sizeof(other));
		if (other[0])
			return false;
	}
	pairs_value(text, "Name", name, sizeof(name));
	pairs_value(text, "Type", type, sizeof(type));
	if (type[0] && !strstr(type, "infiniband"))
		return false;
	return name[0] ? name_matches(name) : type[0] != '\0';
}

bool next_boot_cloud_init_stumbles(const struct network_facts *n)
{
	unsigned major = 0, minor = 0;

	if (n->cloud_init != TRI_YES || n->cloud_init_network != TRI_YES)
		return false;
	return sscanf(n->cloud_init_version, "%u.%u", &major, &minor) != 2 ||
	       major * 100 + minor < 2104;
}
