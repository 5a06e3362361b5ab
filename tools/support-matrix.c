/* tools/support-matrix.c - writes docs/support-matrix.md: what the built-in catalogue serves, as
 * its own matching says.
 *
 * A program of its own and no mode of gen-tables: that one makes the tables which this one asks. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "catalogue/catalogue.h"
#include "catalogue/sample.h"
#include "catalogue/version.h"

#define C (&catalogue_built_in)

/* In the order in which src/plan prefers them where `prefer` is vendor. */
static const struct {
	const char *route, *name;
} routes[] = {
	{ "prebuilt", "prebuilt" },   { "doca-ofed", "DOCA-OFED" },
	{ "mlnx-ofed", "MLNX_OFED" }, { "distro", "distribution's modules" },
	{ "inbox", "inbox" },
};

static const struct {
	const char *id, *name;
} distributions[] = {
	{ "ubuntu", "Ubuntu" },
	{ "rhel", "Red Hat Enterprise Linux" },
	{ "centos", "CentOS" },
	{ "almalinux", "AlmaLinux" },
	{ "rocky", "Rocky Linux" },
	{ "ol", "Oracle Linux" },
	{ "sles", "SUSE Linux Enterprise Server" },
	{ "azurelinux", "Azure Linux" },
	{ "mariner", "CBL-Mariner" },
	{ "debian", "Debian" },
};

/* Those that an Azure VM can show; the catalogue knows older ones, too. */
static const char *const generations[] = {
	"CX3-Pro", "CX4", "CX5", "CX6", "CX7", "CX8", "mlx5Gen"
};
static const char *const arches[] = { "x86_64", "aarch64" };

/* A version of a distribution: "9.6", or "9.*" for those of which no row says more. */
struct line {
	char label[32], version[32];
	struct version parsed;
};

struct lines {
	struct line item[96];
	size_t count;
};

static void line_add(struct lines *l, const char *label, const char *version)
{
	struct line *line = &l->item[l->count];

	for (size_t i = 0; i < l->count; i++)
		if (text_eq(l->item[i].label, label))
			return;
	if (l->count == ARRAY_SIZE(l->item) || !version_parse(version, &line->parsed))
		return;
	(void)TEXT_COPY(line->label, label);
	(void)TEXT_COPY(line->version, version);
	l->count++;
}

static bool line_has(const struct lines *l, const char *version)
{
	for (size_t i = 0; i < l->count; i++)
		if (text_eq(l->item[i].version, version))
			return true;
	return false;
}

/* The versions that some row for the distribution names, ranges unfolded. */
static void lines_named(const char *os_id, struct lines *ret)
{
	for (size_t i = 0; i < C->ndrivers; i++) {
		struct driver_row row = C->drivers[i];
		const char *versions = row.os_versions;
		char word[64];

		while (list_has(row.os_ids, os_id) && list_next(&versions, word, sizeof word)) {
			struct samples s;

			if (text_ends(word, ".*"))
				continue;
			row.os_versions = word;
			samples_begin(C, &row, &s);
			for (size_t k = 0; k < s.versions.count; k++)
				line_add(ret, s.versions.item[k], s.versions.item[k]);
		}
	}
}

/* A line for each prefix, of the first minor that no other line has. */
static void lines_of_prefixes(const char *os_id, struct lines *ret)
{
	for (size_t i = 0; i < C->ndrivers; i++) {
		const char *versions = C->drivers[i].os_versions;
		char word[64], version[64] = "";

		while (list_has(C->drivers[i].os_ids, os_id) &&
		       list_next(&versions, word, sizeof word)) {
			if (!text_ends(word, ".*"))
				continue;
			for (unsigned minor = 0; minor == 0 || line_has(ret, version); minor++)
				(void)TEXT_FORMAT(version, "%.*s%u", (int)strlen(word) - 1, word,
						  minor);
			line_add(ret, word, version);
		}
	}
}

/* Later versions first, and the rest of a major version behind what is named of it. */
static bool line_is_before(const struct line *a, const struct line *b)
{
	bool rest_a = text_ends(a->label, ".*"), rest_b = text_ends(b->label, ".*");

	if (a->parsed.part[0] != b->parsed.part[0])
		return a->parsed.part[0] > b->parsed.part[0];
	if (rest_a != rest_b)
		return rest_b;
	return a->parsed.part[1] > b->parsed.part[1];
}

static void lines_sort(struct lines *l)
{
	for (size_t i = 1; i < l->count; i++)
		for (size_t k = i; k > 0 && line_is_before(&l->item[k], &l->item[k - 1]); k--) {
			struct line swap = l->item[k];

			l->item[k] = l->item[k - 1];
			l->item[k - 1] = swap;
		}
}

/* One way to serve a machine, written out. */
struct cell {
	char preferred[160], evidence[16];
	char others[1200];
};

static const struct driver_row *first_match(const char *route, const struct facts *f)
{
	for (size_t i = 0; i < C->ndrivers; i++)
		if (text_eq(C->drivers[i].route, route) &&
		    driver_row_matches(&C->drivers[i], f, NULL, 0))
			return &C->drivers[i];
	return NULL;
}

static void only(struct sample_values *v, const char *text)
{
	(void)TEXT_COPY(v->item[0], text);
	v->count = 1;
}

/* Is the row the first of its route for some machine of this kind, whatever its kernel? */
static bool row_serves(const struct driver_row *row, const char *os_id, const struct line *line,
		       const char *generation, const char *arch)
{
	struct samples s;
	struct facts f;

	if (!list_has(row->os_ids, os_id) || !list_has(row->arch, arch) ||
	    !list_has(row->generations, generation))
		return false;
	samples_begin(C, row, &s);
	only(&s.os_ids, os_id);
	only(&s.versions, line->version);
	only(&s.generations, generation);
	only(&s.arches, arch);
	while (samples_next(&s, &f))
		if (first_match(row->route, &f) == row)
			return true;
	return false;
}

static void note_add(char *notes, size_t size, const char *before, const char *text,
		     const char *after)
{
	size_t len = strlen(notes);

	if (text[0] != '\0')
		(void)text_format(notes + len, size - len, "%s%s%s%s", len > 0 ? ", " : "", before,
				  text, after);
}

/* "3.10-5.5" in words. */
static void kernels_spell(const char *kernels, char *ret, size_t size)
{
	const char *dash = strchr(kernels, '-');
	int len = dash != NULL ? (int)(dash - kernels) : (int)strlen(kernels);

	if (dash == NULL)
		(void)text_copy(ret, size, kernels);
	else if (len == 0)
		(void)text_format(ret, size, "up to %s", dash + 1);
	else if (dash[1] == '\0')
		(void)text_format(ret, size, "from %.*s on", len, kernels);
	else
		(void)text_format(ret, size, "%.*s to %s", len, kernels, dash + 1);
}

/* "DOCA-OFED 3.2.1", and what it is bound to. */
static void row_spell(const struct driver_row *row, const char *name, char *ret, size_t size)
{
	char notes[160] = "", kernels[64];

	kernels_spell(row->kernels, kernels, sizeof kernels);
	note_add(notes, sizeof notes, "kernels ", kernels, "");
	if (row->flavours[0] == '!')
		note_add(notes, sizeof notes, "not ", row->flavours + 1, " kernels");
	else
		note_add(notes, sizeof notes, "", row->flavours, " kernels");
	if (row->url[0] != '\0' && row->sha256[0] == '\0')
		note_add(notes, sizeof notes, "", "no digest", "");
	if (row->deprecated)
		note_add(notes, sizeof notes, "", "deprecated", "");
	(void)text_format(ret, size, "%s%s%s%s%s%s", name, row->version[0] != '\0' ? " " : "",
			  row->version, notes[0] != '\0' ? " (" : "", notes,
			  notes[0] != '\0' ? ")" : "");
}

static void cell_add(struct cell *cell, const struct driver_row *row, const char *name)
{
	size_t len = strlen(cell->others);
	char text[160];

	row_spell(row, name, text, sizeof text);
	if (cell->preferred[0] == '\0') {
		(void)TEXT_COPY(cell->preferred, text);
		(void)TEXT_COPY(cell->evidence, row->seen ? "seen" : "inferred");
		return;
	}
	(void)text_format(cell->others + len, sizeof cell->others - len, "%s%s, %s",
			  len > 0 ? "; " : "", text, row->seen ? "seen" : "inferred");
}

/* Deprecated ones are taken only where nothing else serves. */
static void cell_make(const char *os_id, const struct line *line, const char *generation,
		      const char *arch, struct cell *ret)
{
	*ret = (struct cell) { .preferred = "" };
	for (size_t n = 0; n < 2 * ARRAY_SIZE(routes); n++) {
		size_t k = n % ARRAY_SIZE(routes);
		bool deprecated = n >= ARRAY_SIZE(routes);

		for (size_t i = 0; i < C->ndrivers; i++)
			if (text_eq(C->drivers[i].route, routes[k].route) &&
			    C->drivers[i].deprecated == deprecated &&
			    row_serves(&C->drivers[i], os_id, line, generation, arch))
				cell_add(ret, &C->drivers[i], routes[k].name);
	}
}

static bool cell_eq(const struct cell *a, const struct cell *b)
{
	return text_eq(a->preferred, b->preferred) && text_eq(a->evidence, b->evidence) &&
	       text_eq(a->others, b->others);
}

/* One line of the table for all adapters that are served alike. */
static void write_line(const char *os_id, const struct line *line, const char *arch)
{
	struct cell cells[ARRAY_SIZE(generations)];
	bool done[ARRAY_SIZE(generations)] = { false };

	for (size_t i = 0; i < ARRAY_SIZE(generations); i++)
		cell_make(os_id, line, generations[i], arch, &cells[i]);
	for (size_t i = 0; i < ARRAY_SIZE(generations); i++) {
		const char *divide = "";

		if (done[i] || cells[i].preferred[0] == '\0')
			continue;
		(void)printf("| %s | %s | ", line->label, arch);
		for (size_t k = i; k < ARRAY_SIZE(generations); k++) {
			if (!cell_eq(&cells[i], &cells[k]))
				continue;
			(void)printf("%s%s", divide, generations[k]);
			divide = ", ";
			done[k] = true;
		}
		(void)printf(" | %s | %s | %s |\n", cells[i].preferred, cells[i].evidence,
			     cells[i].others[0] != '\0' ? cells[i].others : "–");
	}
}

static void write_distribution(const char *id, const char *name)
{
	struct lines lines = { .count = 0 };

	lines_named(id, &lines);
	lines_of_prefixes(id, &lines);
	lines_sort(&lines);
	(void)printf("\n### %s\n\n"
		     "| version | arch | adapter | preferred | evidence | otherwise |\n"
		     "| --- | --- | --- | --- | --- | --- |\n",
		     name);
	for (size_t i = 0; i < lines.count; i++)
		for (size_t k = 0; k < ARRAY_SIZE(arches); k++)
			write_line(id, &lines.item[i], arches[k]);
}

/* Sizes that differ in nothing but their names share a line. */
static bool size_is_alike(const struct size_row *a, const struct size_row *b)
{
	return text_eq(a->series, b->series) && a->kind == b->kind && a->ports == b->ports &&
	       a->rate_gbps == b->rate_gbps && text_eq(a->arch, b->arch) && a->seen == b->seen &&
	       text_eq(a->generation, b->generation);
}

static bool size_was_written(size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (size_is_alike(&C->sizes[k], &C->sizes[i]))
			return true;
	return false;
}

static void write_sizes(unsigned kind, const char *title, const char *about)
{
	(void)printf("\n### %s\n\n%s\n\n"
		     "| series | sizes | adapter | ports | arch | evidence |\n"
		     "| --- | --- | --- | --- | --- | --- |\n",
		     title, about);
	for (size_t i = 0; i < C->nsizes; i++) {
		const struct size_row *row = &C->sizes[i];
		const char *divide = "";

		if ((unsigned)row->kind != kind || size_was_written(i))
			continue;
		(void)printf("| %s | ", row->series);
		for (size_t k = i; k < C->nsizes; k++) {
			if (!size_is_alike(row, &C->sizes[k]))
				continue;
			(void)printf("%s%s", divide, C->sizes[k].name);
			divide = ", ";
		}
		(void)printf(" | %s | ", row->generation[0] != '\0' ? row->generation : "–");
		if (row->ports > 0)
			(void)printf("%u × %u Gb/s", row->ports, row->rate_gbps);
		else
			(void)fputs("–", stdout);
		(void)printf(" | %s | %s |\n", row->arch, row->seen ? "seen" : "inferred");
	}
}

int main(void)
{
	(void)printf(
		"<!-- Made by tools/support-matrix from data/: edit that. -->\n"
		"# Support matrix\n\n"
		"What the built-in catalogue, version %s, serves. *Seen* means that packages, "
		"modules or the\nartefact were read in the named source for that distribution, "
		"*inferred* that they were derived;\n`ib-vmext catalogue show` names the source of "
		"each row. Nothing here says that it was run.\n\n"
		"*Preferred* is the vendor's driver where there is one, which is what "
		"`prefer: vendor` takes; a stack\nthat serves the machine already is kept. Secure "
		"Boot, missing modules, too little room and others can\nrule a route out: "
		"`ib-vmext plan` says so for the machine at hand.\n\n"
		"## Distributions\n\n"
		"CX3-Pro is ConnectX-3 Pro, and so on; mlx5Gen is a function of ConnectX-6 Dx or "
		"later of which neither\nthe VM size nor the rate tells which. Of a major version, "
		"`9.*` stands for what is not named. *No digest*:\nnobody has told what the "
		"artefact must be. *Deprecated*:\ntaken "
		"only "
		"where nothing else serves.\n",
		C->version);
	for (size_t i = 0; i < ARRAY_SIZE(distributions); i++)
		write_distribution(distributions[i].id, distributions[i].name);
	(void)fputs("\n## VM sizes\n\nAn unknown size with an InfiniBand function is served, too, "
		    "with a warning.\n",
		    stdout);
	write_sizes(SIZE_SRIOV, "With InfiniBand", "An InfiniBand function on the PCI bus.");
	write_sizes(SIZE_NETWORK_DIRECT, "With Network Direct alone",
		    "RDMA over VMBus: no driver here can serve them, which is exit code 11.");
	write_sizes(SIZE_NO_INFINIBAND, "Without InfiniBand",
		    "Sizes that look like the others, or are common: exit code 13.");
	return fflush(stdout) == 0 && ferror(stdout) == 0 ? 0 : 1;
}
