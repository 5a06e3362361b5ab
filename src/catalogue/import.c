/* catalogue/import.c - walks resources.json, and makes a driver row of each Linux artefact. */
#include "catalogue/import.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "catalogue/columns.h"

#define FILE_PREFIX "MLNX_OFED_LINUX-"
#define FILE_SUFFIX ".tgz"

/* What the list leaves to the extension's scripts, by kind of distribution. */
struct family {
	const char *name; /* as the list has it */
	const char *os_ids, *file_word, *id_word, *build_packages, *options;
};

static const struct family families[] = {
	{ "Ubuntu", "ubuntu", "ubuntu", "ubuntu",
	  "linux-headers-%r,build-essential,dkms,python3-dev,m4,tcl,tk,flex,bison,gfortran,"
	  "libnl-3-dev,libnl-route-3-dev,lsof",
	  "--add-kernel-support --skip-unsupported-devices-check --without-fw-update --force" },
	{ "RHEL/CentOS", "rhel,centos", "rhel", "el",
	  "kernel-devel-%r,redhat-rpm-config,rpm-build,gcc,gcc-gfortran,gcc-c++,gtk2,atk,cairo,tcl,"
	  "tk,elfutils-libelf-devel,libtool,fuse-libs,lsof,make,tcsh,createrepo",
	  "--kernel %r --kernel-sources /usr/src/kernels/%r --add-kernel-support --skip-repo "
	  "--skip-unsupported-devices-check --without-fw-update --force" },
};

struct walk {
	const struct import_report *report;
	json_t *drivers; /* the rows made so far */
	char *why;
	size_t why_size;
	const char *type; /* of the branch that is walked: "CX6" */
	const struct family *family;
};

struct path {
	char text[160];
};

PRINTF(3, 4)
static int refuse(const struct walk *w, const struct path *path, const char *fmt, ...)
{
	char what[200];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	(void)text_format(w->why, w->why_size, "%s: %s", path->text, what);
	return -1;
}

PRINTF(3, 4)
static void find(const struct walk *w, const struct path *path, const char *fmt, ...)
{
	char what[400];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	w->report->finding(w->report->ctx, path->text, what);
}

static struct path member_of(const struct path *path, const char *key)
{
	struct path ret;

	(void)TEXT_FORMAT(ret.text, "%.120s%s%s", path->text, path->text[0] != '\0' ? "." : "",
			  key);
	return ret;
}

static int read_text(const struct walk *w, const json_t *object, const struct path *path,
		     const char *key, const char **ret)
{
	const struct path place = member_of(path, key);

	*ret = json_string_value(json_object_get(object, key));
	if (*ret == NULL || **ret == '\0')
		return refuse(w, &place, "not a text, or empty");
	return 0;
}

/* Call `fn` for each element of the array at `key`, which must be there and hold objects. */
static int each(struct walk *w, const json_t *object, const struct path *path, const char *key,
		int (*fn)(struct walk *w, const json_t *element, const struct path *path))
{
	const struct path place = member_of(path, key);
	const json_t *array = json_object_get(object, key);

	if (!json_is_array(array))
		return refuse(w, &place, "not an array");
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *element = json_array_get(array, i);
		struct path at;

		(void)TEXT_FORMAT(at.text, "%.140s[%zu]", place.text, i);
		if (!json_is_object(element))
			return refuse(w, &at, "not an object");
		if (fn(w, element, &at) < 0)
			return -1;
	}
	return 0;
}

/* What the name of an artefact tells: MLNX_OFED_LINUX-5.5-1.0.3.2-ubuntu20.04-x86_64.tgz. */
struct artefact {
	char url[300], version[64], os[64], arch[16];
};

/* Cut what follows the last '-' of `text` off, into `ret`. */
static bool cut_word(char *text, char *ret, size_t size)
{
	char *dash = strrchr(text, '-');

	if (dash == NULL || text_copy(ret, size, dash + 1) < 0)
		return false;
	*dash = '\0';
	return ret[0] != '\0';
}

static bool artefact_read(const char *link, struct artefact *ret)
{
	const char *file = strrchr(link, '/');
	char name[128];

	if (file == NULL || !text_starts(file + 1, FILE_PREFIX) || !text_ends(file, FILE_SUFFIX) ||
	    TEXT_FORMAT(name, "%.*s",
			(int)(strlen(file + 1) - strlen(FILE_PREFIX) - strlen(FILE_SUFFIX)),
			file + 1 + strlen(FILE_PREFIX)) < 0)
		return false;
	return cut_word(name, ret->arch, sizeof ret->arch) &&
	       cut_word(name, ret->os, sizeof ret->os) && TEXT_COPY(ret->version, name) == 0 &&
	       name[0] != '\0';
}

/* Nobody knows a digest of it: what is fetched without TLS could be anything. */
static int read_url(const struct walk *w, const json_t *row, const struct path *path,
		    struct artefact *ret)
{
	const struct path place = member_of(path, "FwLink");
	const char *link, *rest;

	if (read_text(w, row, path, "FwLink", &link) < 0)
		return -1;
	rest = strstr(link, "://");
	if ((!text_starts(link, "http://") && !text_starts(link, "https://")) ||
	    strpbrk(link, " \t\r\n\"") != NULL || TEXT_FORMAT(ret->url, "https%s", rest) < 0)
		return refuse(w, &place, "not a web address of at most 299 bytes");
	if (text_starts(link, "http:"))
		find(w, &place, "%.300s is made https", link);
	return 0;
}

static json_t *words(const char *list)
{
	AUTO_JSON json_t *array = json_array();
	size_t len;

	for (; *list != '\0'; list += len + (list[len] == ',')) {
		char word[64];

		len = strcspn(list, ",");
		(void)TEXT_FORMAT(word, "%.*s", (int)len, list);
		if (json_array_append_new(array, json_string(word)) < 0)
			return NULL;
	}
	return TAKE(array);
}

static const char *manager_of(const struct family *family, const char *num)
{
	return text_eq(family->file_word, "ubuntu") ? "apt"
	       : text_starts(num, "7.")             ? "yum"
						    : "dnf";
}

/* The adapters of the mlx4 driver are those that the 4.9 line is for. */
static const char *modules_of(const char *type)
{
	return text_starts(type, "CX3") || text_eq(type, "CX2")
		       ? "mlx4_ib,ib_uverbs,ib_umad,rdma_ucm"
		       : "mlx5_ib,ib_uverbs,ib_umad,rdma_ucm";
}

static json_t *row_make(const struct walk *w, const struct artefact *a, const char *num,
			const struct path *path, const char *id)
{
	char source[240], why[160];

	(void)TEXT_FORMAT(source, "resources.json, %s", path->text);
	(void)TEXT_FORMAT(why, "Azure's own list names MLNX_OFED %s for %s %s with %s", a->version,
			  w->family->name, num, w->type);
	return json_pack(
		"{s:s, s:s, s:o, s:[s], s:[s], s:[s], s:s, s:o, s:o, s:o, s:[s], s:[s], s:s, s:s, "
		"s:s, s:s, s:s, s:b, s:s, s:s, s:s}",
		"id", id, "route", "mlnx-ofed", "osIds", words(w->family->os_ids), "osVersions",
		num, "generations", w->type, "arch", a->arch, "packageManager",
		manager_of(w->family, num), "packages",
		words("ofed-scripts,rdma-core,infiniband-diags,perftest"), "buildPackages",
		words(w->family->build_packages), "modules", words(modules_of(w->type)),
		"optionalModules", "ib_ipoib", "services", "openibd", "version", a->version, "ofed",
		a->version, "url", a->url, "options", w->family->options, "peerMemory", "unknown",
		"builds", 1, "evidence", "seen", "source", source, "why", why);
}

static json_t *row_find(const struct walk *w, const char *key, const char *text)
{
	for (size_t i = 0; i < json_array_size(w->drivers); i++)
		if (text_eq(json_text_at(json_array_get(w->drivers, i), key, ""), text))
			return json_array_get(w->drivers, i);
	return NULL;
}

static bool is_listed(const char *word, const char *const *words)
{
	for (; *words != NULL; words++)
		if (text_eq(word, *words))
			return true;
	return false;
}

/* The same artefact for a further adapter: one row serves both. */
static int row_extend(const struct walk *w, json_t *row, const struct path *path)
{
	json_t *generations = json_object_get(row, "generations");

	for (size_t i = 0; i < json_array_size(generations); i++)
		if (text_eq(json_string_value(json_array_get(generations, i)), w->type)) {
			find(w, path, "the same artefact stands there twice, ignoring");
			return 0;
		}
	if (json_array_append_new(generations, json_string(w->type)) < 0)
		return refuse(w, path, "no memory");
	return 0;
}

static int row_add(struct walk *w, const struct artefact *a, const char *num,
		   const struct path *path)
{
	json_t *row = row_find(w, "url", a->url);
	char id[160];

	if (row != NULL)
		return row_extend(w, row, path);
	if (TEXT_FORMAT(id, "mlnx-ofed-%s-%s-%s-%s", a->version, w->family->id_word, num, a->arch) <
		    0 ||
	    row_find(w, "id", id) != NULL) {
		find(w, path,
		     "a second artefact of the same version, distribution and "
		     "architecture, left out");
		return 0;
	}
	if (json_array_append_new(w->drivers, row_make(w, a, num, path, id)) < 0)
		return refuse(w, path, "cannot be written as a row");
	find(w, path, "%s has no digest", id);
	return 0;
}

/* A kernel whose headers the list fetches from elsewhere: a row has no column for that. */
static int note_headers(const struct walk *w, const json_t *row, const struct path *path)
{
	static const char *const keys[] = { "KernelDevelVer", "KernelDevelRPM" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct path place = member_of(path, keys[i]);
		const char *text;

		if (json_object_get(row, keys[i]) == NULL)
			continue;
		if (read_text(w, row, path, keys[i], &text) < 0)
			return -1;
		find(w, &place,
		     "%.300s is left out: the row asks for kernel-devel of the running "
		     "kernel",
		     text);
	}
	return 0;
}

static int import_row(struct walk *w, const json_t *row, const struct path *path)
{
	struct artefact a = { 0 };
	char os[64];
	const char *num;

	if (read_text(w, row, path, "Num", &num) < 0 || read_url(w, row, path, &a) < 0 ||
	    note_headers(w, row, path) < 0)
		return -1;
	if (!artefact_read(a.url, &a)) {
		find(w, path, "the name of the artefact tells no version, left out: %s", a.url);
		return 0;
	}
	if (!is_listed(a.arch, column_arches)) {
		find(w, path, "%s is an architecture that we do not know, left out", a.arch);
		return 0;
	}
	if (strlen(num) > 32 || strpbrk(num, ", ") != NULL) {
		find(w, path, "%.60s is not a version of a distribution, left out", num);
		return 0;
	}
	(void)TEXT_FORMAT(os, "%s%s", w->family->file_word, num);
	if (!text_eq(a.os, os))
		find(w, path, "the artefact is for %s, the entry for %s", a.os, os);
	return row_add(w, &a, num, path);
}

static int import_distribution(struct walk *w, const json_t *distribution, const struct path *path)
{
	const char *name;

	if (read_text(w, distribution, path, "Name", &name) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (text_eq(name, families[i].name)) {
			w->family = &families[i];
			return each(w, distribution, path, "Version", import_row);
		}
	find(w, path, "%.60s is a distribution that this cannot import, left out", name);
	return 0;
}

static int import_os(struct walk *w, const json_t *os, const struct path *path)
{
	const char *name;

	if (read_text(w, os, path, "Name", &name) < 0)
		return -1;
	return text_eq(name, "Linux") ? each(w, os, path, "Distro", import_distribution) : 0;
}

static int import_type(struct walk *w, const json_t *version, const struct path *path)
{
	if (read_text(w, version, path, "Type", &w->type) < 0)
		return -1;
	if (!is_listed(w->type, column_generations)) {
		find(w, path, "%.60s is an adapter that we do not know, left out", w->type);
		return 0;
	}
	return each(w, version, path, "OS", import_os);
}

static int import_driver(struct walk *w, const json_t *driver, const struct path *path)
{
	const char *name;

	if (read_text(w, driver, path, "Name", &name) < 0)
		return -1;
	if (text_eq(name, "OFED"))
		return each(w, driver, path, "Version", import_type);
	find(w, path, "%.60s is not a driver that we install, left out", name);
	return 0;
}

int catalogue_import(const json_t *resources, const struct import_report *report, json_t **ret,
		     char *why, size_t why_size)
{
	AUTO_JSON json_t *drivers = json_array();
	struct walk w = { .report = report, .drivers = drivers, .why = why, .why_size = why_size };
	const struct path top = { "" };

	if (each(&w, resources, &top, "Driver", import_driver) < 0)
		return -1;
	if (json_array_size(drivers) == 0) {
		(void)text_format(why, why_size, "Driver: there is no driver for Linux in it");
		return -1;
	}
	*ret = json_pack("{s:s, s:s, s:s, s:O}", "schema", "ib-vmext/drivers/1", "about",
			 "Imported from Azure's resources.json. Packages, modules, build packages "
			 "and options are those of the documented procedure, not of that list; "
			 "give the whole a version.",
			 "version", "0", "drivers", drivers);
	return *ret != NULL ? 0 : refuse(&w, &top, "no memory");
}
