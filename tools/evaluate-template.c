/* evaluate-template TEMPLATE [PARAMETERS]: what the lab's Resource Manager makes of a deployment
 * template, resource by resource in the order of their deployment, as JSON on stdout. References to
 * other resources are shown as what they would ask for. */
#include <stdio.h>
#include <string.h>
#include <fcntl.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/json.h"
#include "lab/arm/lenient.h"
#include "lab/arm/template.h"

static const struct template_place place = { .subscription = "22222222-2222-2222-2222-222222222222",
					     .tenant = "11111111-1111-1111-1111-111111111111",
					     .resource_group = "myResourceGroup",
					     .location = "southcentralus",
					     .deployment = "azuredeploy" };

enum { BYTES_MAX = 4 << 20 };

static json_t *read_document(const char *path)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_BUF struct buf strict = { 0 };
	char why[200] = "it cannot be read";
	json_t *document = NULL;

	if (fs_read(AT_FDCWD, path, BYTES_MAX, &text) == 0 &&
	    lenient_json(buf_text(&text), text.len, &strict) == 0)
		document = json_parse(buf_text(&strict), strict.len, why, sizeof(why));
	if (!document)
		fprintf(stderr, "evaluate-template: %s: %s\n", path, why);
	return document;
}

static json_t *refer(void *ctx, const char *id, bool full, struct error *err)
{
	(void)ctx;
	(void)full;
	(void)err;
	return json_pack("{s:s}", "referenceTo", id);
}

int main(int argc, char **argv)
{
	AUTO_TEMPLATE struct template t = { 0 };
	AUTO_JSON json_t *shown = json_array();
	json_t *source = argc > 1 ? read_document(argv[1]) : NULL;
	AUTO_JSON json_t *file = argc > 2 ? read_document(argv[2]) : NULL;
	const json_t *given = json_object_get(file, "parameters");
	struct error err = { 0 };

	if (!source || (argc > 2 && !given))
		return 2;
	if (template_read(source, given, &place, &t, &err) < 0) {
		fprintf(stderr, "%s: %s\n", argv[1], err.what);
		return 1;
	}
	for (size_t i = 0; i < t.nresources; i++) {
		json_t *properties = template_properties(&t, i, refer, NULL, &err);
		json_t *one = json_deep_copy(t.resources[i].head);

		if (!properties) {
			fprintf(stderr, "%s: %s\n", argv[1], err.what);
			return 1;
		}
		(void)json_object_set_new(one, "properties", properties);
		(void)json_array_append_new(shown, one);
	}
	(void)json_dumpf(shown, stdout, JSON_INDENT(2));
	putchar('\n');
	return 0;
}
