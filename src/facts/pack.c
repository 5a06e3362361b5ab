/* facts/pack.c - the manifest of a pack of prebuilt modules, both ways, and its target held against
 * a machine's. */
#include "facts/pack.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "facts/names.h"
#include "facts/record_rows.h"

#define SCHEMA "ib-vmext/pack/1"
#define SUFFIX ".tar"

static const struct record_field driver_fields[] = {
	WORD(pack, "kind", driver, names_driver_kind),
	TEXT(pack, "version", version),
};

static const struct record_field os_fields[] = {
	TEXT(pack, "id", target.os_id),
	TEXT(pack, "version", target.os_version),
};

static const struct record_field kernel_fields[] = {
	TEXT(pack, "release", target.release),   TEXT(pack, "vermagic", target.vermagic),
	TEXT(pack, "compiler", target.compiler), TEXT(pack, "build", target.build),
	TEXT(pack, "config", target.config),     TEXT(pack, "symvers", target.symvers),
};

static const struct record_field file_fields[] = {
	TEXT(pack_file, "path", path),
	PLAIN(pack_file, "size", BYTES, size),
	TEXT(pack_file, "sha256", sha256),
	TEXT(pack_file, "vermagic", vermagic),
	TEXT(pack_file, "srcversion", srcversion),
	PLAIN(pack_file, "isSigned", BOOL, is_signed),
};
static const struct record_field file[] = { PART(NULL, file_fields) };

static const struct record_field pack_fields[] = {
	PART("driver", driver_fields),
	PART("os", os_fields),
	TEXT(pack, "arch", target.arch),
	PART("kernel", kernel_fields),
	TEXT(pack, "built", built),
	TEXT(pack, "by", by),
	{ "files", RECORD_LIST, OFFSET(pack, files), .size = sizeof(struct pack_file),
	  .fields = file, .nfields = 1, .count_offset = offsetof(struct pack, nfiles),
	  .max = PACK_FILES_MAX },
};

json_t *pack_to_json(const struct pack *p)
{
	AUTO_JSON json_t *body = record_to_json(pack_fields, ARRAY_SIZE(pack_fields), p);
	json_t *document = json_pack("{s:s}", "schema", SCHEMA);

	if (body == NULL || json_object_update(document, body) != 0) {
		json_decref(document);
		return NULL;
	}
	return document;
}

/* What a manifest must say. */

static bool is_one_of(const char *text, const char *letters, size_t len)
{
	return strlen(text) == len && strspn(text, letters) == len;
}

static bool is_digest(const char *text)
{
	return is_one_of(text, "0123456789abcdef", 64);
}

/* One word of a file's name: it becomes a part of paths. */
static bool is_word(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._+~-";

	return text[0] != '\0' && text[0] != '.' && is_one_of(text, letters, strlen(text));
}

static bool is_module_name(const char *name)
{
	static const char *const ends[] = { ".ko", ".ko.xz", ".ko.zst", ".ko.gz" };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (text_ends(name, ends[i]))
			return true;
	return false;
}

/* "lib/modules/<release>/<word>/.../<word>.ko" */
static bool is_path(const char *path, const char *release)
{
	char word[192], root[128];
	size_t len = 0;

	(void)TEXT_FORMAT(root, "lib/modules/%s/", release);
	if (!text_starts(path, root) || !is_module_name(path))
		return false;
	for (path += strlen(root); *path != '\0'; path += len + (path[len] == '/')) {
		len = strcspn(path, "/");
		(void)TEXT_FORMAT(word, "%.*s", (int)len, path);
		if (!is_word(word))
			return false;
	}
	return true;
}

static const char *file_fault(const struct pack *p, unsigned at)
{
	const struct pack_file *f = &p->files[at];

	if (!is_path(f->path, p->target.release))
		return "path is no module below lib/modules/ of this kernel";
	if (at > 0 && strcmp(p->files[at - 1].path, f->path) >= 0)
		return "path is not in order, or there twice";
	if (!is_digest(f->sha256))
		return "sha256 is no digest";
	if (f->size == 0 || f->size > UINT32_MAX)
		return "size is none of a module";
	return NULL;
}

static const char *pack_fault(const struct pack *p)
{
	const struct pack_target *t = &p->target;

	if (p->driver != DRIVER_MLNX_OFED && p->driver != DRIVER_DOCA_OFED)
		return "driver.kind: is neither mlnx-ofed nor doca-ofed";
	if (!is_word(p->version))
		return "driver.version: is no version";
	if (!is_word(t->release))
		return "kernel.release: is no release";
	if (!is_word(t->arch))
		return "arch: is no architecture";
	if (t->os_id[0] == '\0' || t->os_version[0] == '\0')
		return "os: names no distribution and version";
	if ((t->config[0] != '\0' && !is_digest(t->config)) ||
	    (t->symvers[0] != '\0' && !is_digest(t->symvers)))
		return "kernel: config and symvers are digests";
	return p->nfiles == 0 ? "files: there are none" : NULL;
}

static int check(const struct pack *p, char *why, size_t why_size)
{
	const char *fault = pack_fault(p);

	if (fault != NULL)
		return text_copy(why, why_size, fault), -EINVAL;
	for (unsigned i = 0; i < p->nfiles; i++) {
		fault = file_fault(p, i);
		if (fault != NULL)
			return text_format(why, why_size, "files[%u].%s", i, fault), -EINVAL;
	}
	return 0;
}

int pack_from_json(const json_t *j, struct pack *ret, char *why, size_t why_size)
{
	*ret = (struct pack) { 0 };
	if (!text_eq(json_text_at(j, "schema", ""), SCHEMA))
		return text_copy(why, why_size, "schema: is not " SCHEMA), -EINVAL;
	if (record_from_json(pack_fields, ARRAY_SIZE(pack_fields), j, ret, why, why_size) < 0)
		return -EINVAL;
	return check(ret, why, why_size);
}

/* Names. */

void pack_name(enum driver_kind driver, const char *version, const struct pack_target *target,
	       char ret[static PACK_NAME_SIZE])
{
	(void)text_format(ret, PACK_NAME_SIZE, PACK_PREFIX "%.12s-%.63s_%.95s_%.15s" SUFFIX,
			  driver_kind_name(driver), version, target->release, target->arch);
}

bool pack_is_name(const char *name)
{
	return text_starts(name, PACK_PREFIX) && text_ends(name, SUFFIX);
}

/* Targets. */

#define TARGET(name, member, required)                                                             \
	{                                                                                          \
		name, offsetof(struct pack_target, member), required                               \
	}

const struct pack_part pack_parts[] = {
	TARGET("architecture", arch, true),
	TARGET("distribution", os_id, true),
	TARGET("version of the distribution", os_version, true),
	TARGET("kernel", release, true),
	TARGET("build of the kernel", build, false),
	TARGET("compiler of the kernel", compiler, false),
	TARGET("vermagic", vermagic, false),
	TARGET("digest of the kernel's configuration", config, false),
	TARGET("digest of the kernel's symbol versions", symvers, false),
};
const size_t pack_part_count = ARRAY_SIZE(pack_parts);

const char *pack_part_text(const struct pack_part *part, const struct pack_target *t)
{
	return (const char *)t + part->offset;
}

bool pack_part_fits(const struct pack_part *part, const struct pack_target *pack,
		    const struct pack_target *machine)
{
	const char *wanted = pack_part_text(part, pack), *is = pack_part_text(part, machine);

	if (wanted[0] == '\0' || is[0] == '\0')
		return !part->required;
	return text_eq(wanted, is);
}

bool pack_fits(const struct pack_target *pack, const struct pack_target *machine, char *why,
	       size_t why_size)
{
	for (size_t i = 0; i < ARRAY_SIZE(pack_parts); i++) {
		const struct pack_part *part = &pack_parts[i];
		const char *is = pack_part_text(part, machine);

		if (pack_part_fits(part, pack, machine))
			continue;
		(void)text_format(why, why_size, "it is for the %s %.60s, this is %.60s",
				  part->name, pack_part_text(part, pack),
				  is[0] != '\0' ? is : "not known");
		return false;
	}
	return true;
}

bool pack_modules_signed(const struct pack *p)
{
	for (unsigned i = 0; i < p->nfiles; i++)
		if (!p->files[i].is_signed)
			return false;
	return p->nfiles > 0;
}

uint64_t pack_bytes(const struct pack *p)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < p->nfiles; i++)
		bytes += p->files[i].size;
	return bytes;
}
