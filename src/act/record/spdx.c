/* Makes an SPDX document of a receipt. */
#include "act/record/spdx.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/text.h"

#define NO_ASSERTION "NOASSERTION"

enum { ID_SIZE = 200 };

struct document {
	const json_t *receipt;
	json_t *packages, *files, *relationships;
};

/* "SPDXRef-Package-1-rdma-core": letters, digits, '.' and '-' alone. */
static void id_make(const char *kind, size_t n, const char *name, char ret[static ID_SIZE])
{
	(void)text_format(ret, ID_SIZE, "SPDXRef-%s-%zu-%s", kind, n, name);
	for (char *p = ret; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '.')
			*p = '-';
}

static void describe(struct document *d, const char *id)
{
	json_array_append_new(d->relationships,
			      json_pack("{s:s, s:s, s:s}", "spdxElementId", "SPDXRef-DOCUMENT",
					"relationshipType", "DESCRIBES", "relatedSpdxElement", id));
}

static json_t *checksum(const char *algorithm, const char *value)
{
	return json_pack("{s:s, s:s}", "algorithm", algorithm, "checksumValue", value);
}

/* Percent-encoding of a version in a package URL: github.com/package-url/purl-spec. */
static void purl_encode(const char *text, char *ret, size_t size)
{
	size_t n = 0;

	for (; *text && n + 4 < size; text++) {
		if (isalnum((unsigned char)*text) || strchr(".-_~", *text))
			ret[n++] = *text;
		else
			n += (size_t)snprintf(ret + n, size - n, "%%%02X", (unsigned char)*text);
	}
	ret[n] = '\0';
}

static json_t *purl_of(const json_t *package, const char *format, const char *distribution)
{
	char name[200], version[300], purl[700];
	const char *arch = json_text_at(package, "arch", "");

	TEXT_COPY(name, json_text_at(package, "name", ""));
	name[strcspn(name, ":")] = '\0';
	purl_encode(json_text_at(package, "version", ""), version, sizeof(version));
	TEXT_FORMAT(purl, "pkg:%s/%s/%s@%s%s%s", format, distribution, name, version,
		    arch[0] ? "?arch=" : "", arch);
	return json_pack("[{s:s, s:s, s:s}]", "referenceCategory", "PACKAGE-MANAGER",
			 "referenceType", "purl", "referenceLocator", purl);
}

/* A package of SPDX: what all have. */
static json_t *package_make(struct document *d, const char *name, const char *url,
			    const json_t *digests)
{
	static const struct {
		const char *key, *name;
	} algorithms[] = { { "sha256", "SHA256" }, { "sha512", "SHA512" } };
	AUTO_JSON json_t *sums = json_array();
	char id[ID_SIZE];
	json_t *p;

	id_make("Package", json_array_size(d->packages) + 1, name, id);
	p = json_pack("{s:s, s:s, s:s, s:b, s:s, s:s, s:s}", "SPDXID", id, "name", name,
		      "downloadLocation", url[0] ? url : NO_ASSERTION, "filesAnalyzed", false,
		      "licenseConcluded", NO_ASSERTION, "licenseDeclared", NO_ASSERTION,
		      "copyrightText", NO_ASSERTION);
	for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++) {
		const char *value = json_text_at(digests, algorithms[i].key, "");

		if (value[0])
			json_array_append_new(sums, checksum(algorithms[i].name, value));
	}
	if (json_array_size(sums) > 0)
		json_object_set(p, "checksums", sums);
	json_array_append_new(d->packages, p);
	describe(d, id);
	return p;
}

static void add_package(struct document *d, const json_t *package, const json_t *put)
{
	const char *format = json_text_at(put, "format", "");
	const char *vendor = json_text_at(package, "vendor", "");
	json_t *p = package_make(d, json_text_at(package, "name", ""),
				 json_text_at(package, "url", ""), package);
	char supplier[200];

	json_object_set_new(p, "versionInfo", json_string(json_text_at(package, "version", "")));
	if (vendor[0] && TEXT_FORMAT(supplier, "Organization: %s", vendor) == 0)
		json_object_set_new(p, "supplier", json_text_or_null(supplier));
	if (format[0])
		json_object_set_new(
			p, "externalRefs",
			purl_of(package, format, json_text_at(put, "distribution", "unknown")));
}

static void add_artefact(struct document *d, const json_t *artefact)
{
	const char *url = json_text_at(artefact, "url", "");
	const char *slash = strrchr(url, '/');
	json_t *p = package_make(d, slash ? slash + 1 : url, url, artefact);

	json_object_set_new(p, "packageFileName", json_string(slash ? slash + 1 : url));
	json_object_set_new(
		p, "comment",
		json_string(json_bool_at(artefact, "pinned", false)
				    ? "The digest is that of the first download: nobody "
				      "tells another."
				    : "The digest is that of the catalogue."));
}

static void add_file(struct document *d, const json_t *file)
{
	static const struct {
		const char *name, *key;
	} digests[] = { { "SHA1", "sha1" }, { "SHA256", "sha256" } };
	const char *path = json_text_at(file, "path", "");
	AUTO_JSON json_t *checksums = json_array();
	char id[ID_SIZE], name[512];

	id_make("File", json_array_size(d->files) + 1, path, id);
	TEXT_FORMAT(name, "./%s", path);
	for (size_t i = 0; i < ARRAY_SIZE(digests); i++) {
		const char *text = json_text_at(file, digests[i].key, "");

		if (text[0])
			json_array_append_new(checksums, checksum(digests[i].name, text));
	}
	json_array_append_new(d->files,
			      json_pack("{s:s, s:s, s:O, s:s, s:[s], s:s}", "SPDXID", id,
					"fileName", name, "checksums", checksums,
					"licenseConcluded", NO_ASSERTION, "licenseInfoInFiles",
					NO_ASSERTION, "copyrightText", NO_ASSERTION));
	describe(d, id);
}

/* Is it in a later run's entry, too? Then that is what is on the disk. */
static bool is_replaced(const struct document *d, size_t run, const char *list, const char *key,
			const char *value)
{
	const json_t *installed = json_object_get(d->receipt, "installed");

	for (size_t i = run + 1; i < json_array_size(installed); i++) {
		const json_t *put = json_object_get(json_array_get(installed, i), "put");
		const json_t *of = json_object_get(put, list);

		for (size_t n = 0; n < json_array_size(of); n++)
			if (text_eq(json_text_at(json_array_get(of, n), key, ""), value))
				return true;
	}
	return false;
}

static void add_run(struct document *d, size_t run)
{
	const json_t *installed = json_object_get(d->receipt, "installed");
	const json_t *put = json_object_get(json_array_get(installed, run), "put");
	const json_t *packages = json_object_get(put, "packages");
	const json_t *files = json_object_get(put, "files");

	for (size_t i = 0; i < json_array_size(packages); i++) {
		const json_t *p = json_array_get(packages, i);

		if (!is_replaced(d, run, "packages", "name", json_text_at(p, "name", "")))
			add_package(d, p, put);
	}
	for (size_t i = 0; i < json_array_size(files); i++) {
		const json_t *f = json_array_get(files, i);

		if (!is_replaced(d, run, "files", "path", json_text_at(f, "path", "")))
			add_file(d, f);
	}
}

/* Unique, as SPDX wants it, and the same for the same receipt. */
static void namespace_make(const json_t *receipt, char *ret, size_t size)
{
	char digest[DIGEST_TEXT_SIZE];
	char *text = json_dumps(receipt, JSON_COMPACT | JSON_SORT_KEYS);

	digest_of(text ? text : "", text ? strlen(text) : 0, digest);
	free(text);
	(void)text_format(ret, size, "https://spdx.org/spdxdocs/ib-vmext-receipt-%s", digest);
}

json_t *spdx_of_receipt(const json_t *receipt)
{
	struct document d = { receipt, json_array(), json_array(), json_array() };
	const json_t *artefacts = json_object_get(receipt, "artefacts");
	char space[160], tool[64], name[200];

	for (size_t i = 0; i < json_array_size(json_object_get(receipt, "installed")); i++)
		add_run(&d, i);
	for (size_t i = 0; i < json_array_size(artefacts); i++)
		add_artefact(&d, json_array_get(artefacts, i));
	namespace_make(receipt, space, sizeof(space));
	TEXT_FORMAT(tool, "Tool: ib-vmext-%s", json_text_at(receipt, "version", "0"));
	TEXT_FORMAT(name, "InfiniBand driver %s %s", json_text_at(receipt, "driver.kind", "none"),
		    json_text_at(receipt, "driver.version", ""));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:{s:s, s:[s]}, s:o, s:o, s:o}", "spdxVersion",
			 "SPDX-2.3", "dataLicense", "CC0-1.0", "SPDXID", "SPDXRef-DOCUMENT", "name",
			 text_trim(name), "documentNamespace", space, "creationInfo", "created",
			 json_text_at(receipt, "at", "1970-01-01T00:00:00Z"), "creators", tool,
			 "packages", d.packages, "files", d.files, "relationships",
			 d.relationships);
}
