/* Names of troubles, and ranges of bytes. */
#include "fault.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

static const struct {
	const char *name;
	struct mirror_fault fault;
} faults[] = {
	{ "none", { .mode = MODE_NONE } },         { "404", { MODE_STATUS, 404, "" } },
	{ "429", { MODE_STATUS, 429, "" } },       { "503", { MODE_STATUS, 503, "" } },
	{ "badsig", { .mode = MODE_BADSIG } },     { "hang", { .mode = MODE_HANG } },
	{ "truncate", { .mode = MODE_TRUNCATE } }, { "redirect-loop", { .mode = MODE_REDIRECT } },
	{ "expired", { .mode = MODE_EXPIRED } },   { "corrupt", { .mode = MODE_CORRUPT } },
};

static int find_fault(const char *name, struct mirror_fault *ret)
{
	long value;

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		if (text_eq(faults[i].name, name)) {
			*ret = faults[i].fault;
			return 0;
		}
	if (!text_starts(name, "slow:") || text_to_long(name + 5, 10, &value) < 0 || value <= 0)
		return -EINVAL;
	*ret = (struct mirror_fault) { MODE_SLOW, value, "" };
	return 0;
}

int fault_parse(const char *text, struct mirror_fault *ret, struct error *err)
{
	const char *at = strchr(text, '@');
	struct mirror_fault f;
	char name[32];

	if (text_format(name, sizeof name, "%.*s", at ? (int)(at - text) : 31, text) < 0 ||
	    find_fault(name, &f) < 0 || (at && (at[1] == '\0' || TEXT_COPY(f.of, at + 1) < 0)))
		return error_set(err, FAULT_USAGE, EINVAL, "fault is one of " FAULT_NAMES);
	*ret = f;
	return 0;
}

bool fault_hits(const struct mirror_fault *f, const char *url)
{
	return f->mode != MODE_NONE && strstr(url, f->of) != NULL;
}

void fault_spoil(struct buf *data)
{
	static const char *const marks[] = { "Label: ib-l", "<revision>" };

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		char *at = data->data != NULL ? strstr(data->data, marks[i]) : NULL;

		if (at != NULL)
			at[strlen(marks[i])] ^= 4; /* a letter or digit becomes another one */
	}
}

void fault_corrupt(struct buf *data)
{
	if (data->len > 0)
		data->data[data->len / 2] ^= 1;
}

int range_parse(const char *header, uint64_t size, uint64_t *first, uint64_t *len)
{
	char *rest;
	uint64_t from, to;

	*first = 0;
	*len = size;
	if (header == NULL || !text_starts(header, "bytes="))
		return 200;
	header += strlen("bytes=");
	if (*header == '-') { /* the last so many */
		to = strtoull(header + 1, &rest, 10);
		if (rest == header + 1 || *rest != '\0')
			return 200;
		*len = to < size ? to : size;
		*first = size - *len;
		return *len == 0 ? 416 : 206;
	}
	from = strtoull(header, &rest, 10);
	if (rest == header || *rest != '-')
		return 200;
	header = rest + 1;
	to = *header == '\0' ? UINT64_MAX : strtoull(header, &rest, 10);
	if ((*header != '\0' && *rest != '\0') || to < from)
		return 200;
	if (from >= size)
		return 416;
	*first = from;
	*len = (to < size ? to + 1 : size) - from;
	return 206;
}
