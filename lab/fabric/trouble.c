/* Parses and counts down the troubles that a test asks for. */
#include "trouble.h"

#include <errno.h>

#include "base/text.h"

static const struct {
	const char *name;
	enum trouble_kind kind;
} words[] = {
	{ "ok", TROUBLE_NONE },
	{ "silent", TROUBLE_SILENT },
	{ "reset", TROUBLE_RESET },
	{ "hold", TROUBLE_HOLD },
};

static const char *const place_names[PLACES] = {
	[PLACE_IMDS] = "imds",           [PLACE_WIRE] = "wire",
	[PLACE_PLUGIN] = "plugin",       [PLACE_BLOB] = "blob",
	[PLACE_GOALSTATE] = "goalstate", [PLACE_VMSETTINGS] = "vmsettings",
	[PLACE_ARTIFACT] = "artifact",   [PLACE_STATUS] = "status",
};

static int parse_delay(const char *text, struct trouble *ret)
{
	long ms = 0;

	if (text_to_long(text, 10, &ms) < 0 || ms < 0 || ms > 3600000)
		return -EINVAL;
	*ret = (struct trouble) { .kind = TROUBLE_DELAY, .times = -1, .delay_ms = (int)ms };
	return 0;
}

/* "503" or "503:2". */
static int parse_status(const char *mode, struct trouble *ret)
{
	char code[8];
	const char *colon = strchr(mode, ':');
	size_t len = colon ? (size_t)(colon - mode) : strlen(mode);
	long status = 0, times = -1;

	if (len >= sizeof code)
		return -EINVAL;
	memcpy(code, mode, len);
	code[len] = '\0';
	if (text_to_long(code, 10, &status) < 0 || status < 200 || status > 599)
		return -EINVAL;
	if (colon && (text_to_long(colon + 1, 10, &times) < 0 || times < 1 || times > 1000000))
		return -EINVAL;
	*ret = (struct trouble) { .kind = TROUBLE_STATUS,
				  .status = (int)status,
				  .times = (int)times };
	return 0;
}

int trouble_parse(const char *mode, struct trouble *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (text_eq(mode, words[i].name)) {
			*ret = (struct trouble) { .kind = words[i].kind, .times = -1 };
			return 0;
		}
	}
	if (text_starts(mode, "delay:"))
		return parse_delay(mode + strlen("delay:"), ret);
	return parse_status(mode, ret);
}

int trouble_place_by_name(const char *name, enum trouble_place *ret)
{
	for (int i = 0; i < PLACES; i++) {
		if (text_eq(name, place_names[i])) {
			*ret = (enum trouble_place)i;
			return 0;
		}
	}
	return -EINVAL;
}

struct trouble trouble_take(struct trouble *t)
{
	struct trouble now = *t;

	if (t->times > 0 && --t->times == 0)
		*t = (struct trouble) { .kind = TROUBLE_NONE };
	return now;
}
