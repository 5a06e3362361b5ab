/* probe/cloud.c - reads what cloud-init is told of the network. */
#include "probe/cloud.h"

#include <string.h>

#include "base/text.h"
#include "facts/facts.h"
#include "host/host.h"
#include "probe/files.h"
#include "probe/slice.h"

enum { PLAIN_MAX = 256 };

/* A line without its comment and without what YAML allows around words. */
static struct slice strip(struct slice line, char plain[static PLAIN_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < line.len && n < PLAIN_MAX && line.text[i] != '#'; i++) {
		if (strchr(" \t\r\"'", line.text[i]) == NULL)
			plain[n++] = line.text[i];
	}
	return (struct slice) { plain, n };
}

static bool has(struct slice s, const char *part)
{
	return memmem(s.text, s.len, part, strlen(part)) != NULL;
}

bool cloud_parse_network_disabled(const char *text, size_t len)
{
	struct slice rest = { text, len }, line, plain;
	bool in_network = false;
	char space[PLAIN_MAX];

	while (slice_line(&rest, &line)) {
		plain = strip(line, space);
		if (plain.len == 0)
			continue;
		if (line.text[0] != ' ' && line.text[0] != '\t')
			in_network = slice_starts(plain, "network:");
		if (in_network && has(plain, "config:disabled"))
			return true;
	}
	return false;
}

static void take_config(void *ctx, const char *path, struct slice text)
{
	(void)path;
	*(bool *)ctx |= cloud_parse_network_disabled(text.text, text.len);
}

static void take_main_config(void *ctx, struct slice text)
{
	take_config(ctx, NULL, text);
}

struct command_line {
	bool off, network_off;
};

static void take_command_line(void *ctx, struct slice text)
{
	struct command_line *c = ctx;
	struct slice word;

	while (slice_word(&text, &word)) {
		c->off |= slice_eq(word, "cloud-init=disabled");
		c->network_off |= slice_eq(word, "network-config=disabled");
	}
}

void cloud_read(const struct host *h, struct facts *ret)
{
	const struct package_facts *package = facts_package(ret, "cloud-init");
	struct network_facts *n = &ret->network;
	struct command_line c = { false, false };

	if (package != NULL)
		SLICE_COPY(((struct slice) { package->version, strlen(package->version) }),
			   n->cloud_init_version);
	n->cloud_init = files_installed(h, ret, "usr/bin/cloud-init", "cloud-init");
	(void)files_read(h, "proc/cmdline", take_command_line, &c);
	if (n->cloud_init == TRI_YES && (c.off || files_has(h, "etc/cloud/cloud-init.disabled")))
		n->cloud_init = TRI_NO;
	n->cloud_init_network = n->cloud_init;
	if (n->cloud_init != TRI_YES)
		return;
	(void)files_read(h, "etc/cloud/cloud.cfg", take_main_config, &c.network_off);
	files_each(h, "etc/cloud/cloud.cfg.d", ".cfg", take_config, &c.network_off);
	if (c.network_off)
		n->cloud_init_network = TRI_NO;
}
