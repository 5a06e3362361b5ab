/* tests/fuzz/fuzz_template.c - a template, read and deployed as far as it goes: resources come
 * after all that they depend on. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "lab/arm/lenient.h"
#include "lab/arm/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static json_t *refer(void *ctx, const char *id, bool full, struct error *err)
{
	(void)ctx;
	(void)err;
	return json_pack("{s:s?, s:b}", "id", id, "full", full);
}

static bool comes_before(const struct template *t, size_t i, const char *id)
{
	for (size_t k = 0; k < i; k++)
		if (text_eq_nocase(json_text_at(t->resources[k].head, "id", ""), id))
			return true;
	return false;
}

static void look_at(const struct template *t, size_t i)
{
	struct error err = { 0 };
	AUTO_JSON json_t *properties = template_properties(t, i, refer, NULL, &err);
	json_t *need;
	size_t k;

	assert(properties || err.what[0]);
	json_array_foreach(json_object_get(t->resources[i].head, "dependsOn"), k, need)
		assert(comes_before(t, i, json_string_value(need)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct template_place place = { "s", "t", "g", "l", "d" };
	AUTO_BUF struct buf strict = { 0 };
	AUTO_TEMPLATE struct template t = { 0 };
	AUTO_JSON json_t *source = NULL, *outputs = NULL;
	struct error err = { 0 };

	if (lenient_json((const char *)data, size, &strict) < 0)
		return 0;
	source = json_parse(buf_text(&strict), strict.len, NULL, 0);
	if (!json_is_object(source))
		return 0;
	if (template_read(source, json_object_get(source, "given"), &place, &t, &err) < 0) {
		assert(err.what[0]);
		return 0;
	}
	for (size_t i = 0; i < t.nresources; i++)
		look_at(&t, i);
	outputs = template_outputs(&t, refer, NULL, &err);
	assert(outputs || err.what[0]);
	return 0;
}
