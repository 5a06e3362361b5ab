/* catalogue/artefact.c - holds the file name of an artefact against the row that names it. */
#include "catalogue/artefact.h"

#include <string.h>

#include "base/text.h"
#include "catalogue/catalogue.h"

static const char digits[] = "0123456789";

/* Which distributions a package made for one of them is for. */
static const struct {
	const char *word; /* in the file's name, a version behind it */
	const char *os_ids;
} families[] = {
	{ "ubuntu", "ubuntu" },  { "rhel", "rhel,centos,almalinux,rocky,ol" },
	{ "sles", "sles" },      { "debian", "debian" },
	{ "alinux", "alinux" }, /* Alibaba's, and not azurelinux (known issue 58) */
	{ "azl", "azurelinux" }, { "azurelinux", "azurelinux" },
	{ "ol", "ol" },
};

static const struct {
	const char *word, *arch;
} arches[] = {
	{ "x86_64", "x86_64" },
	{ "amd64", "x86_64" },
	{ "aarch64", "aarch64" },
	{ "arm64", "aarch64" },
};

const char *artefact_name(const struct driver_row *row)
{
	const char *slash = strrchr(row->url, '/');

	return slash != NULL ? slash + 1 : row->url;
}

/* Where a word begins that stands behind one of `before`, and has a digit behind it if asked. */
static const char *word_find(const char *name, const char *word, const char *before, bool number)
{
	size_t len = strlen(word);

	for (const char *at = strstr(name, word); at != NULL; at = strstr(at + 1, word))
		if (at != name && strchr(before, at[-1]) != NULL &&
		    (!number || (at[len] != '\0' && strchr(digits, at[len]) != NULL)))
			return at;
	return NULL;
}

static bool is_of_family(const char *os_ids, const char *family)
{
	char id[32];

	while (list_next(&os_ids, id, sizeof id))
		if (!list_has(family, id))
			return false;
	return true;
}

/* Compare without dots: "2404" is 24.04, "810" is 8.10, "15sp3" is 15.3. */
static bool number_is(const char *text, size_t len, const char *version)
{
	size_t i = 0;

	for (; *version != '\0'; version++) {
		while (i < len && strchr(digits, text[i]) == NULL)
			i++;
		if (*version == '.')
			continue;
		if (i == len || text[i++] != *version)
			return false;
	}
	return i == len;
}

/* Is the number that of this version, or that of its first part, as in rhel9? */
static bool number_covers(const char *text, size_t len, const char *version)
{
	char major[16];

	(void)TEXT_FORMAT(major, "%.*s", (int)strcspn(version, ".-"), version);
	return number_is(text, len, version) || number_is(text, len, major);
}

/* The first version of the row that the number is not for; false if it is for all. */
static bool version_uncovered(const struct driver_row *row, const char *text, size_t len, char *ret,
			      size_t size)
{
	const char *versions = row->os_versions;

	while (list_next(&versions, ret, size)) {
		char *dash = strchr(ret, '-');

		if (dash != NULL && !number_covers(text, len, dash + 1))
			return true;
		if (dash != NULL)
			*dash = '\0';
		if (!number_covers(text, len, ret))
			return true;
	}
	return false;
}

/* The length of the version behind a distribution's word: "8.10" of "rhel8.10-x86_64.tgz". */
static size_t number_length(const char *text)
{
	size_t len = strspn(text, digits);

	if (text_starts(text + len, "sp"))
		len += 2 + strspn(text + len + 2, digits);
	while (text[len] == '.' && text[len + 1] != '\0' && strchr(digits, text[len + 1]) != NULL)
		len += 1 + strspn(text + len + 1, digits);
	return len;
}

static bool distribution_fits(const struct driver_row *row, const char *name, char *why,
			      size_t why_size)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		const char *at = word_find(name, families[i].word, "-_", true);
		char version[64];
		size_t len;

		if (at == NULL)
			continue;
		at += strlen(families[i].word);
		len = number_length(at);
		if (!is_of_family(row->os_ids, families[i].os_ids))
			(void)text_format(why, why_size, "%s is made for %s, the row is for %s",
					  name, families[i].word, row->os_ids);
		else if (version_uncovered(row, at, len, version, sizeof version))
			(void)text_format(why, why_size, "%s is made for %s%.*s, the row is for %s",
					  name, families[i].word, (int)len, at, version);
		else
			return true;
		return false;
	}
	(void)text_format(why, why_size, "%s names no distribution that is known", name);
	return false;
}

static bool arch_fits(const struct driver_row *row, const char *name, char *why, size_t why_size)
{
	for (size_t i = 0; i < ARRAY_SIZE(arches); i++) {
		if (word_find(name, arches[i].word, "-_.", false) == NULL)
			continue;
		if (text_eq(row->arch, arches[i].arch))
			return true;
		(void)text_format(why, why_size, "%s is made for %s, the row is for %s", name,
				  arches[i].word, row->arch);
		return false;
	}
	(void)text_format(why, why_size, "%s names no architecture", name);
	return false;
}

/* The release must stand there whole: 3.2.1 is neither in "3.2.10" nor in "13.2.1". */
static bool release_fits(const struct driver_row *row, const char *name, char *why, size_t why_size)
{
	size_t len = strlen(row->version);
	const char *at = word_find(name, row->version, "-_", false);

	if (len > 0 && at != NULL && at[len] != '\0' && strchr("-_", at[len]) != NULL)
		return true;
	(void)text_format(why, why_size, "%s is not of the release %s", name, row->version);
	return false;
}

bool artefact_name_fits(const struct driver_row *row, char *why, size_t why_size)
{
	const char *name = artefact_name(row);

	return release_fits(row, name, why, why_size) &&
	       distribution_fits(row, name, why, why_size) && arch_fits(row, name, why, why_size);
}
