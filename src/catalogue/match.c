/* catalogue/match.c - says whether a driver row serves a machine, and what differs first. */
#include "catalogue/catalogue.h"

#include <string.h>

#include "base/text.h"
#include "catalogue/version.h"

/* Where the reason goes. */
struct answer {
	char *why;
	size_t size;
};

/* "8.3-8.6". A version with fewer parts than an end has could lie on either side of it. */
static bool version_in_range(const char *word, const char *text)
{
	struct version_range range;
	struct version version;

	return strchr(word, '-') != NULL && version_range_parse(word, &range) &&
	       version_parse(text, &version) && version.nparts >= range.first.nparts &&
	       version.nparts >= range.last.nparts && version_range_side(&range, &version) == 0;
}

/* "12" is 12 alone; "8.*" is 8.1 and 8.10, not 80; "8.3-8.6" is 8.3 to 8.6. */
static bool version_matches(const char *versions, const char *version)
{
	char word[64];

	while (list_next(&versions, word, sizeof word)) {
		size_t len = strlen(word);

		if (text_eq(word, version) || version_in_range(word, version))
			return true;
		if (text_ends(word, ".*") && strncmp(word, version, len - 1) == 0)
			return true;
	}
	return false;
}

bool driver_row_is_for_os(const struct driver_row *row, const struct os_facts *os)
{
	return list_has(row->os_ids, os->id) && version_matches(row->os_versions, os->version);
}

static const char *or_unknown(const char *text)
{
	return text[0] != '\0' ? text : "unknown";
}

static bool os_serves(const struct driver_row *row, const struct facts *f, struct answer a)
{
	if (driver_row_is_for_os(row, &f->os))
		return true;
	(void)text_format(a.why, a.size, "%s is for %s %s, this is %s %s", row->id, row->os_ids,
			  row->os_versions, or_unknown(f->os.id), f->os.version);
	return false;
}

static bool arch_serves(const struct driver_row *row, const struct facts *f, struct answer a)
{
	if (list_has(row->arch, f->kernel.machine))
		return true;
	(void)text_format(a.why, a.size, "%s is for %s, this is %s", row->id, row->arch,
			  or_unknown(f->kernel.machine));
	return false;
}

/* Every InfiniBand function counts. */
static bool adapters_serve(const struct driver_row *row, const struct facts *f, struct answer a)
{
	for (unsigned i = 0; i < f->nnics; i++) {
		const struct nic_facts *nic = &f->nics[i];

		if (!nic_is_infiniband(nic) || list_has(row->generations, nic->generation))
			continue;
		(void)text_format(a.why, a.size, "%s does not serve the adapter %04x:%04x (%s)",
				  row->id, nic->vendor, nic->device, or_unknown(nic->generation));
		return false;
	}
	return true;
}

static bool size_serves(const struct driver_row *row, const struct facts *f, struct answer a)
{
	const char *sizes = row->sizes;
	char word[64];

	if (sizes == NULL || sizes[0] == '\0')
		return true;
	while (list_next(&sizes, word, sizeof word))
		if (text_eq_nocase(word, f->vm.size))
			return true;
	(void)text_format(a.why, a.size, "%s is for the VM size %s, this is %s", row->id,
			  row->sizes, f->vm.size[0] != '\0' ? f->vm.size : "of an unknown size");
	return false;
}

/* What a reader calls the row: a vendor's release by its name. */
static void row_title(const struct driver_row *row, char *ret, size_t size)
{
	if (text_eq(row->route, "mlnx-ofed"))
		(void)text_format(ret, size, "MLNX_OFED %s", row->version);
	else if (text_eq(row->route, "doca-ofed"))
		(void)text_format(ret, size, "DOCA-OFED %s", row->version);
	else
		(void)text_copy(ret, size, row->id);
}

static void kernel_refuse(const struct driver_row *row, const struct facts *f, int side,
			  struct answer a)
{
	const char *dash = strchr(row->kernels, '-');
	const char *first = row->kernels, *last = dash != NULL ? dash + 1 : first;
	int len = dash != NULL ? (int)(dash - first) : (int)strlen(first);
	const char *does = row->builds ? "builds on" : "serves";
	char title[96];

	row_title(row, title, sizeof title);
	if (side < 0)
		(void)text_format(a.why, a.size,
				  "kernel %s is older than %.*s, the first that %s %s",
				  f->kernel.release, len, first, title, does);
	else
		(void)text_format(a.why, a.size, "kernel %s is newer than %s, the last that %s %s",
				  f->kernel.release, last, title, does);
}

static bool kernel_serves(const struct driver_row *row, const struct facts *f, struct answer a)
{
	struct version_range range;
	struct version version;
	int side;

	if (row->kernels == NULL || row->kernels[0] == '\0')
		return true;
	if (!version_range_parse(row->kernels, &range)) {
		(void)text_format(a.why, a.size, "%s names kernels that make no range: %s", row->id,
				  row->kernels);
		return false;
	}
	if (!version_parse(f->kernel.release, &version) || version.nparts < 2) {
		(void)text_format(a.why, a.size,
				  "%s is for the kernels %s, and this one is not known", row->id,
				  row->kernels);
		return false;
	}
	side = version_range_side(&range, &version);
	if (side != 0)
		kernel_refuse(row, f, side, a);
	return side == 0;
}

/* "!uek" is all but that one; a word without '!' must be the kernel's own, or another of them. */
static bool flavour_excluded(const char *flavours, const char *flavour)
{
	char word[32];

	while (list_next(&flavours, word, sizeof word))
		if (word[0] == '!' && text_eq(word + 1, flavour))
			return true;
	return false;
}

static bool flavour_included(const char *flavours, const char *flavour)
{
	bool needs_one = false;
	char word[32];

	while (list_next(&flavours, word, sizeof word)) {
		if (text_eq(word, flavour))
			return true;
		needs_one |= word[0] != '!';
	}
	return !needs_one;
}

static bool flavour_serves(const struct driver_row *row, const struct facts *f, struct answer a)
{
	const char *release = f->kernel.release;

	if (row->flavours == NULL || row->flavours[0] == '\0')
		return true;
	if (release[0] == '\0')
		(void)text_format(
			a.why, a.size,
			"%s depends on the kernel's flavour, and this kernel is not known",
			row->id);
	else if (flavour_excluded(row->flavours, f->kernel.flavour))
		(void)text_format(a.why, a.size,
				  "%s is not for kernels of the flavour %s, as %s is", row->id,
				  f->kernel.flavour, release);
	else if (!flavour_included(row->flavours, f->kernel.flavour))
		(void)text_format(a.why, a.size, "%s is for kernels of the flavour %s, not for %s",
				  row->id, row->flavours, release);
	else
		return true;
	return false;
}

static bool manager_serves(const struct driver_row *row, const struct facts *f, struct answer a)
{
	if (f->package_manager[0] == '\0' || text_eq(row->package_manager, f->package_manager))
		return true;
	(void)text_format(a.why, a.size, "%s needs %s, this machine has %s", row->id,
			  row->package_manager, f->package_manager);
	return false;
}

/* In the order in which a reader wants to hear of them. */
static bool (*const rules[])(const struct driver_row *row, const struct facts *f,
			     struct answer a) = {
	os_serves,     arch_serves,    adapters_serve, size_serves,
	kernel_serves, flavour_serves, manager_serves,
};

bool driver_row_matches(const struct driver_row *row, const struct facts *f, char *why,
			size_t why_size)
{
	char none[1];
	struct answer a = { why != NULL ? why : none, why != NULL ? why_size : sizeof none };

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (!rules[i](row, f, a))
			return false;
	return true;
}
