/* probe/openibd.c - reads the unit of the vendor's service, and the drop-ins that others gave it.
 */
#include "probe/openibd.h"

#include "base/text.h"
#include "facts/facts.h"
#include "facts/own_files.h"
#include "host/host.h"
#include "probe/files.h"

#define UNIT "openibd.service"

static const char *const dirs[] = { "etc/systemd/system/", "run/systemd/system/",
				    "usr/lib/systemd/system/", "lib/systemd/system/" };

static bool names_settle(struct slice value)
{
	struct slice word;

	while (slice_word(&value, &word))
		if (slice_eq(word, "systemd-udev-settle.service"))
			return true;
	return false;
}

void openibd_parse_order(const char *text, size_t len, struct openibd_order *ret)
{
	struct slice rest = { text, len }, line, key, value;

	while (slice_line(&rest, &line)) {
		if (!files_pair(line, &key, &value) || !names_settle(value))
			continue;
		if (slice_eq(key, "After"))
			ret->after = true;
		if (slice_eq(key, "Wants") || slice_eq(key, "Requires"))
			ret->wanted = true;
	}
}

static void take_unit(void *ctx, struct slice text)
{
	openibd_parse_order(text.text, text.len, ctx);
}

static void take_drop_in(void *ctx, const char *path, struct slice text)
{
	if (!text_eq(path, OWN_OPENIBD_ORDER))
		openibd_parse_order(text.text, text.len, ctx);
}

static bool is_enabled(const struct host *h)
{
	static const char *const targets[] = { "sysinit", "multi-user", "default" };
	char path[96];

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
		if (TEXT_FORMAT(path, "etc/systemd/system/%s.target.wants/" UNIT, targets[i]) ==
			    0 &&
		    files_has(h, path))
			return true;
	return false;
}

void openibd_read(const struct host *h, struct facts *ret)
{
	struct openibd_order order = { 0 };
	bool there = false;
	char path[96];

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		(void)TEXT_FORMAT(path, "%s" UNIT, dirs[i]);
		there = files_read(h, path, take_unit, &order) || there;
		(void)TEXT_FORMAT(path, "%s" UNIT ".d", dirs[i]);
		files_each(h, path, ".conf", take_drop_in, &order);
	}
	ret->openibd = (struct openibd_facts) { 0 };
	if (there)
		ret->openibd.enabled = is_enabled(h) ? TRI_YES : TRI_NO;
	if (there || order.after)
		ret->openibd.settles = order.after && order.wanted ? TRI_YES : TRI_NO;
}
