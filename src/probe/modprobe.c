/* probe/modprobe.c - reads the configuration of modprobe. */
#include "probe/modprobe.h"

#include <string.h>

#include "base/text.h"
#include "host/host.h"
#include "probe/files.h"
#include "probe/module.h"
#include "probe/slice.h"

static const char *const dirs[] = { "etc/modprobe.d", "run/modprobe.d", "usr/local/lib/modprobe.d",
				    "usr/lib/modprobe.d", "lib/modprobe.d" };

static bool does_nothing(struct slice command)
{
	static const char *const programs[] = { "/bin/false",    "/usr/bin/false", "/bin/true",
						"/usr/bin/true", "false",          "true" };
	struct slice word;

	if (!slice_word(&command, &word))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		if (slice_eq(word, programs[i]))
			return true;
	}
	return false;
}

void modprobe_parse(const char *text, size_t len, struct module_facts *modules, unsigned count)
{
	struct slice rest = { text, len }, line, verb, name;

	while (slice_line(&rest, &line)) {
		if (!slice_word(&line, &verb) || !slice_word(&line, &name))
			continue;
		if (!slice_eq(verb, "blacklist") &&
		    !(slice_eq(verb, "install") && does_nothing(line)))
			continue;
		for (unsigned i = 0; i < count; i++) {
			if (module_name_eq(name, modules[i].name))
				modules[i].blacklisted = true;
		}
	}
}

struct reading {
	const struct host *host;
	struct facts *facts;
	size_t dir;
};

static bool is_hidden(const struct reading *r, const char *name)
{
	char path[384];

	for (size_t i = 0; i < r->dir; i++) {
		if (TEXT_FORMAT(path, "%s/%s", dirs[i], name) == 0 && files_has(r->host, path))
			return true;
	}
	return false;
}

static void take_file(void *ctx, const char *path, struct slice text)
{
	const struct reading *r = ctx;

	if (!is_hidden(r, path + strlen(dirs[r->dir]) + 1))
		modprobe_parse(text.text, text.len, r->facts->modules, r->facts->nmodules);
}

void modprobe_read(const struct host *h, struct facts *ret)
{
	struct reading r = { .host = h, .facts = ret };

	for (; r.dir < ARRAY_SIZE(dirs); r.dir++)
		files_each(h, dirs[r.dir], ".conf", take_file, &r);
}
