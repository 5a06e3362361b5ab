/* Reads zypper's XML, as far as it tells what would be done and what is wrong. */
#include <errno.h>
#include <string.h>

#include "act/rpm/items.h"
#include "act/rpm/text.h"
#include "base/text.h"

static const struct {
	const char *tag;
	enum rpm_action action;
} lists[] = {
	{ "<to-install>", RPM_INSTALL },
	{ "<to-upgrade>", RPM_UPGRADE },
	{ "<to-downgrade>", RPM_UPGRADE },
	{ "<to-change-arch>", RPM_UPGRADE },
	{ "<to-change-vendor>", RPM_UPGRADE },
	{ "<to-upgrade-change-arch>", RPM_UPGRADE },
	{ "<to-downgrade-change-arch>", RPM_UPGRADE },
	{ "<to-reinstall>", RPM_REINSTALL },
	{ "<to-remove>", RPM_REMOVE },
};

static const struct {
	const char *entity;
	char c;
} entities[] = {
	{ "&lt;", '<' }, { "&gt;", '>' }, { "&amp;", '&' }, { "&apos;", '\'' }, { "&quot;", '"' },
};

/* The value of ` name="..."` in a tag; "" where it is not there. False if it does not fit. */
static bool attribute(const char *tag, size_t len, const char *name, char *ret, size_t size)
{
	char wanted[32];
	const char *at, *quote;

	ret[0] = '\0';
	(void)TEXT_FORMAT(wanted, " %s=\"", name);
	at = memmem(tag, len, wanted, strlen(wanted));
	if (!at)
		return true;
	at += strlen(wanted);
	quote = memchr(at, '"', len - (size_t)(at - tag));
	return quote && text_format(ret, size, "%.*s", (int)(quote - at), at) == 0;
}

/* <solvable type="package" name="..." edition="..." arch="..." edition-old="..." .../> */
static int take_solvable(const char *tag, size_t len, enum rpm_action action, struct rpm_items *ret)
{
	struct rpm_item item = { .action = action };
	char type[24];

	if (!attribute(tag, len, "type", type, sizeof(type)))
		return -EINVAL;
	if (!text_eq(type, "package"))
		return 0;
	if (!attribute(tag, len, "name", item.name, sizeof(item.name)) ||
	    !attribute(tag, len, "edition", item.version, sizeof(item.version)) ||
	    !attribute(tag, len, "arch", item.arch, sizeof(item.arch)) ||
	    !attribute(tag, len, "edition-old", item.old_version, sizeof(item.old_version)) ||
	    !item.name[0] || !item.version[0] || !item.arch[0])
		return -EINVAL;
	return rpm_items_add(ret, &item);
}

static bool is_tag(const char *tag, size_t len, const char *wanted)
{
	return len >= strlen(wanted) && memcmp(tag, wanted, strlen(wanted)) == 0;
}

/* The tag from '<' to '>'. */
static int take_tag(const char *tag, size_t len, int *action, struct rpm_items *ret)
{
	if (is_tag(tag, len, "</to-"))
		*action = -1;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (is_tag(tag, len, lists[i].tag))
			*action = (int)lists[i].action;
	if (*action < 0 || !is_tag(tag, len, "<solvable "))
		return 0;
	return take_solvable(tag, len, (enum rpm_action) * action, ret);
}

int rpm_parse_summary(const char *text, size_t len, struct rpm_items *ret)
{
	const char *end = text + len;
	int action = -1, rc = 0;

	while (rc == 0 && text < end) {
		const char *tag = memchr(text, '<', (size_t)(end - text));
		const char *stop = tag ? memchr(tag, '>', (size_t)(end - tag)) : NULL;

		if (!stop)
			break;
		rc = take_tag(tag, (size_t)(stop - tag) + 1, &action, ret);
		text = stop + 1;
	}
	return rc;
}

/* The character that stands at `text`, and how long it is written. */
static char take_char(const char *text, size_t len, size_t *ret_len)
{
	for (size_t i = 0; i < ARRAY_SIZE(entities); i++) {
		if (is_tag(text, len, entities[i].entity)) {
			*ret_len = strlen(entities[i].entity);
			return entities[i].c;
		}
	}
	*ret_len = 1;
	return text[0];
}

int rpm_plain_text(const char *text, size_t len, struct buf *ret)
{
	size_t i = 0;
	int rc = 0;

	while (rc == 0 && i < len) {
		const char *stop = text[i] == '<' ? memchr(text + i, '>', len - i) : NULL;
		size_t n = 1;

		if (stop) {
			if (is_tag(text + i, len - i, "<message type=\"error\">"))
				rc = buf_add_text(ret, "Error: ");
			i = (size_t)(stop - text) + 1;
			continue;
		}
		rc = buf_add(ret, &(char) { take_char(text + i, len - i, &n) }, 1);
		i += n;
	}
	return rc;
}
