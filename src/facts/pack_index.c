/* facts/pack_index.c - the list of the packs of one address, both ways. */
#include "facts/pack_index.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "facts/names.h"
#include "facts/record_rows.h"

#define SCHEMA "ib-vmext/pack-index/1"

static const struct record_field driver_fields[] = {
	WORD(pack_entry, "kind", driver, names_driver_kind),
	TEXT(pack_entry, "version", version),
};

static const struct record_field os_fields[] = {
	TEXT(pack_entry, "id", target.os_id),
	TEXT(pack_entry, "version", target.os_version),
};

static const struct record_field kernel_fields[] = {
	TEXT(pack_entry, "release", target.release),
	TEXT(pack_entry, "vermagic", target.vermagic),
	TEXT(pack_entry, "compiler", target.compiler),
	TEXT(pack_entry, "build", target.build),
	TEXT(pack_entry, "config", target.config),
	TEXT(pack_entry, "symvers", target.symvers),
};

static const struct record_field entry_fields[] = {
	TEXT(pack_entry, "file", file),
	PLAIN(pack_entry, "size", BYTES, size),
	TEXT(pack_entry, "sha256", sha256),
	PART("driver", driver_fields),
	PART("os", os_fields),
	TEXT(pack_entry, "arch", target.arch),
	PART("kernel", kernel_fields),
	PLAIN(pack_entry, "modulesSigned", BOOL, modules_signed),
	PLAIN(pack_entry, "modules", NUMBER, nmodules),
	PLAIN(pack_entry, "bytes", BYTES, bytes),
};
static const struct record_field entry[] = { PART(NULL, entry_fields) };

static const struct record_field index_fields[] = {
	{ "packs", RECORD_LIST, .offset = offsetof(struct pack_index, packs),
	  .size = sizeof(struct pack_entry), .fields = entry, .nfields = 1,
	  .count_offset = offsetof(struct pack_index, npacks), .max = PACK_INDEX_MAX },
};

json_t *pack_index_to_json(const struct pack_index *x)
{
	AUTO_JSON json_t *body = record_to_json(index_fields, ARRAY_SIZE(index_fields), x);
	json_t *document = json_pack("{s:s}", "schema", SCHEMA);

	if (body == NULL || json_object_update(document, body) != 0) {
		json_decref(document);
		return NULL;
	}
	return document;
}

static const char *entry_fault(const struct pack_entry *e)
{
	if (!pack_is_name(e->file) || strpbrk(e->file, "/?#%\" \\") != NULL)
		return "file: is no name of a pack";
	if (strspn(e->sha256, "0123456789abcdef") != 64 || e->size == 0)
		return "sha256: is no digest, or size is 0";
	return NULL;
}

int pack_index_from_json(const json_t *j, struct pack_index *ret, char *why, size_t why_size)
{
	*ret = (struct pack_index) { 0 };
	if (!text_eq(json_text_at(j, "schema", ""), SCHEMA))
		return text_copy(why, why_size, "schema: is not " SCHEMA), -EINVAL;
	if (record_from_json(index_fields, ARRAY_SIZE(index_fields), j, ret, why, why_size) < 0)
		return -EINVAL;
	for (unsigned i = 0; i < ret->npacks; i++) {
		const char *fault = entry_fault(&ret->packs[i]);

		if (fault != NULL)
			return text_format(why, why_size, "packs[%u].%s", i, fault), -EINVAL;
	}
	return 0;
}

void pack_entry_to_facts(const struct pack_entry *e, const char *dir, struct pack_facts *ret)
{
	*ret = (struct pack_facts) { .driver = e->driver,
				     .is_signed = TRI_UNKNOWN,
				     .modules_signed = e->modules_signed ? TRI_YES : TRI_NO,
				     .nmodules = e->nmodules,
				     .bytes = e->bytes };
	(void)TEXT_COPY(ret->file, e->file);
	(void)TEXT_FORMAT(ret->path, "/%s/%s", dir, e->file);
	(void)TEXT_COPY(ret->version, e->version);
	(void)TEXT_COPY(ret->kernel, e->target.release);
}
