/* Names of troubles, and ranges of bytes. */
#include "fault.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

static const struct {
	const char *name;
	struct mirror_fault fault;
} faults[] = {
	{ "none", { MODE_NONE, 0 } },         { "404", { MODE_STATUS, 404 } },
	{ "429", { MODE_STATUS, 429 } },      { "503", { MODE_STATUS, 503 } },
	{ "badsig", { MODE_BADSIG, 0 } },     { "hang", { MODE_HANG, 0 } },
	{ "truncate", { MODE_TRUNCATE, 0 } }, { "redirect-loop", { MODE_REDIRECT, 0 } },
	{ "expired", { MODE_EXPIRED, 0 } },
};

int fault_parse(const char *text, struct mirror_fault *ret, struct error *err)
{
	long value;

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		if (text_eq(faults[i].name, text)) {
			*ret = faults[i].fault;
			return 0;
		}
	if (!text_starts(text, "slow:") || text_to_long(text + 5, 10, &value) < 0 || value <= 0)
		return error_set(err, FAULT_USAGE, EINVAL, "fault is one of " FAULT_NAMES);
	*ret = (struct mirror_fault) { MODE_SLOW, value };
	return 0;
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
