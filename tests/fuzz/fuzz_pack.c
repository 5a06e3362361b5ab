/* tests/fuzz/fuzz_pack.c - manifests of packs, proc/version, and heads of archives: what is taken
 * is written and read back the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/tar.h"
#include "base/text.h"
#include "facts/pack.h"
#include "probe/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_manifest(const char *text, size_t size)
{
	static struct pack p, back;
	AUTO_JSON json_t *j = json_parse(text, size, NULL, 0);
	AUTO_JSON json_t *written = NULL;
	char why[64] = "", name[PACK_NAME_SIZE];

	if (j == NULL || pack_from_json(j, &p, why, sizeof why) < 0)
		return;
	written = pack_to_json(&p);
	if (pack_from_json(written, &back, why, sizeof why) < 0 ||
	    memcmp(&p, &back, sizeof p) != 0 || !pack_fits(&p.target, &back.target, NULL, 0))
		abort();
	for (unsigned i = 0; i < p.nfiles; i++)
		if (!text_starts(p.files[i].path, "lib/modules/") ||
		    strstr(p.files[i].path, "/.") != NULL)
			abort();
	pack_name(p.driver, p.version, &p.target, name);
	if (!pack_is_name(name) || strchr(name, '/') != NULL)
		abort();
}

static void try_head(const char *bytes, size_t size)
{
	char block[TAR_BLOCK] = "";
	struct tar_entry entry, back;

	memcpy(block, bytes, size < sizeof block ? size : sizeof block);
	if (tar_parse_head(block, &entry) < 0 || tar_write_head(&entry, block) < 0)
		return;
	if (tar_parse_head(block, &back) < 0 || !text_eq(back.path, entry.path) ||
	    back.size != entry.size)
		abort();
}

static void try_version(const char *bytes, size_t size)
{
	struct pack_target t = { .arch = "" };
	AUTO_BUF struct buf text = { 0 };

	if (buf_add(&text, bytes, size) == 0)
		(void)pack_parse_version(buf_text(&text), "6.1.0", &t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_manifest((const char *)data, size);
	try_head((const char *)data, size);
	try_version((const char *)data, size);
	return 0;
}
