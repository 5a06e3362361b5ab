/* tests/fuzz/fuzz_json.c - what json_parse accepts, json_write writes so that it is read back as
 * the same. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sample {
	char text[16];
	int number;
	int64_t large;
	bool truth;
};

static const struct json_field fields[] = {
	{ "t", JSON_KIND_TEXT, true, offsetof(struct sample, text), 16 },
	{ "n", JSON_KIND_INT, false, offsetof(struct sample, number), 0 },
	{ "l", JSON_KIND_INT64, false, offsetof(struct sample, large), 0 },
	{ "b", JSON_KIND_BOOL, false, offsetof(struct sample, truth), 0 },
};

/* The first line of the input is a path, the rest the document. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *newline = memchr(text, '\n', size);
	size_t path_len = newline == NULL ? 0 : (size_t)(newline - text) + 1;
	AUTO_BUF struct buf path = { 0 };
	AUTO_BUF struct buf written = { 0 };
	struct sample sample = { .text = "" };
	char why[64] = "";
	AUTO_JSON json_t *j = json_parse(text + path_len, size - path_len, why, sizeof why);
	AUTO_JSON json_t *again = NULL;

	assert((j == NULL) == (why[0] != '\0'));
	if (j == NULL || buf_add(&path, text, path_len) < 0)
		return 0;
	(void)json_text_at(j, text_trim(path.data), "");
	(void)json_int_at(j, path.data, 0);
	(void)json_bool_at(j, path.data, false);
	if (json_read(j, fields, ARRAY_SIZE(fields), &sample, NULL) == 0)
		assert(memchr(sample.text, '\0', sizeof sample.text) != NULL);
	assert(json_write(j, size % 2 == 0, &written) == 0);
	again = json_parse(buf_text(&written), written.len, NULL, 0);
	assert(again != NULL && json_equal(j, again));
	return 0;
}
