/* Metadata of a repository of package files that came in a bundle. */
#include "act/rpm/metadata.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/text.h"

enum { FIELDS_MAX = 4, SENSE_RPMLIB = 1 << 24, SENSE_LESS = 2, SENSE_GREATER = 4, SENSE_EQUAL = 8 };

struct line {
	char kind;
	const char *at[FIELDS_MAX]; /* the last one goes on to the end of the line */
	int len[FIELDS_MAX];
	int n;
};

/* The next line with so many fields behind its letter; false at the end. */
static bool next_line(const char **text, struct line *ret)
{
	size_t left = strcspn(*text, "\n");
	const char *at = *text;
	int most;

	if (at[0] == '\0')
		return false;
	*text += left + (at[left] == '\n');
	*ret = (struct line) { .kind = at[0] };
	most = at[0] >= 'A' && at[0] <= 'Z' && at[0] != 'F' ? 3 : 1;
	if (left < 2 || at[1] != '\t')
		return true;
	at += 2;
	left -= 2;
	while (ret->n < most) {
		const char *tab = ret->n + 1 < most ? memchr(at, '\t', left) : NULL;
		size_t len = tab != NULL ? (size_t)(tab - at) : left;

		ret->at[ret->n] = at;
		ret->len[ret->n++] = (int)len;
		if (tab == NULL)
			break;
		at += len + 1;
		left -= len + 1;
	}
	return true;
}

/* Control characters may stand in no XML. */
static int add_escaped(struct buf *b, const char *text, int len)
{
	static const struct {
		char from;
		const char *to;
	} marks[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" } };
	int rc = 0;

	for (int i = 0; rc == 0 && i < len; i++) {
		const char *as = NULL;

		for (size_t k = 0; k < ARRAY_SIZE(marks); k++)
			as = text[i] == marks[k].from ? marks[k].to : as;
		if (as != NULL)
			rc = buf_add_text(b, as);
		else
			rc = buf_add(b, (unsigned char)text[i] < ' ' ? "?" : text + i, 1);
	}
	return rc;
}

static int add_attribute(struct buf *b, const char *name, const char *text, int len)
{
	int rc = buf_add_format(b, " %s=\"", name);

	rc = rc < 0 ? rc : add_escaped(b, text, len);
	return rc < 0 ? rc : buf_add_text(b, "\"");
}

static int add_element(struct buf *b, const char *name, const struct line *l)
{
	int rc = buf_add_format(b, "<%s>", name);

	rc = rc < 0 ? rc : add_escaped(b, l->at[0], l->len[0]);
	return rc < 0 ? rc : buf_add_format(b, "</%s>\n", name);
}

/* The first line of that letter; an empty one where there is none. */
static struct line line_of(const char *said, char kind)
{
	struct line l;

	while (next_line(&said, &l))
		if (l.kind == kind && l.n > 0)
			return l;
	return (struct line) { .at = { "" } };
}

/* Relations. */

static const char *sense(long flags)
{
	static const char *const names[] = { [SENSE_LESS] = "LT",
					     [SENSE_GREATER] = "GT",
					     [SENSE_EQUAL] = "EQ",
					     [SENSE_LESS | SENSE_EQUAL] = "LE",
					     [SENSE_GREATER | SENSE_EQUAL] = "GE" };
	size_t at = (size_t)(flags & (SENSE_LESS | SENSE_GREATER | SENSE_EQUAL));

	return at < ARRAY_SIZE(names) ? names[at] : NULL;
}

/* [epoch:]version[-release] */
static int add_version(struct buf *b, const char *text, int len)
{
	const char *colon = memchr(text, ':', (size_t)len), *dash;
	int rc = add_attribute(b, "epoch", colon != NULL ? text : "0",
			       colon != NULL ? (int)(colon - text) : 1);

	if (colon != NULL) {
		len -= (int)(colon + 1 - text);
		text = colon + 1;
	}
	dash = memrchr(text, '-', (size_t)len);
	if (rc == 0)
		rc = add_attribute(b, "ver", text, dash != NULL ? (int)(dash - text) : len);
	if (rc == 0 && dash != NULL)
		rc = add_attribute(b, "rel", dash + 1, len - (int)(dash + 1 - text));
	return rc;
}

static int add_entry(struct buf *b, const struct line *l)
{
	long flags = strtol(l->at[0], NULL, 10);
	const char *how = sense(flags);
	int rc;

	if ((flags & SENSE_RPMLIB) != 0)
		return 0;
	rc = buf_add_text(b, "<rpm:entry");
	rc = rc < 0 ? rc : add_attribute(b, "name", l->at[2], l->len[2]);
	if (rc == 0 && how != NULL && l->len[1] > 0) {
		rc = add_attribute(b, "flags", how, (int)strlen(how));
		rc = rc < 0 ? rc : add_version(b, l->at[1], l->len[1]);
	}
	return rc < 0 ? rc : buf_add_text(b, "/>\n");
}

static int add_relations(struct buf *b, const char *said, char kind, const char *name)
{
	struct line l;
	int rc = buf_add_format(b, "<rpm:%s>\n", name);

	while (rc == 0 && next_line(&said, &l))
		if (l.kind == kind && l.n == 3 && l.len[2] > 0)
			rc = add_entry(b, &l);
	return rc < 0 ? rc : buf_add_format(b, "</rpm:%s>\n", name);
}

static int add_files(struct buf *b, const char *said)
{
	struct line l;
	int rc = 0;

	while (rc == 0 && next_line(&said, &l))
		if (l.kind == 'F' && l.n == 1 && l.len[0] > 0 && !text_starts(l.at[0], "/usr/src/"))
			rc = add_element(b, "file", &l);
	return rc;
}

/* Packages. */

static int add_head(struct buf *b, const char *said, const struct rpm_file_is *file)
{
	struct line name = line_of(said, 'n'), arch = line_of(said, 'a');
	struct line epoch = line_of(said, 'e'), version = line_of(said, 'v');
	struct line release = line_of(said, 'r'), built = line_of(said, 'b');
	struct line size = line_of(said, 's');
	int rc = buf_add_text(b, "<package type=\"rpm\">\n");

	rc = rc < 0 ? rc : add_element(b, "name", &name);
	rc = rc < 0 ? rc : add_element(b, "arch", &arch);
	rc = rc < 0 ? rc : buf_add_text(b, "<version");
	rc = rc < 0 ? rc : add_attribute(b, "epoch", epoch.at[0], epoch.len[0]);
	rc = rc < 0 ? rc : add_attribute(b, "ver", version.at[0], version.len[0]);
	rc = rc < 0 ? rc : add_attribute(b, "rel", release.at[0], release.len[0]);
	if (rc == 0)
		rc = buf_add_format(b,
				    "/>\n<checksum type=\"sha256\" pkgid=\"YES\">%s</checksum>\n"
				    "<summary/><description/><packager/><url/>\n<time",
				    file->sha256);
	rc = rc < 0 ? rc : add_attribute(b, "file", built.at[0], built.len[0]);
	rc = rc < 0 ? rc : add_attribute(b, "build", built.at[0], built.len[0]);
	if (rc == 0)
		rc = buf_add_format(b, "/>\n<size package=\"%lld\"", (long long)file->bytes);
	rc = rc < 0 ? rc : add_attribute(b, "installed", size.at[0], size.len[0]);
	rc = rc < 0 ? rc : add_attribute(b, "archive", size.at[0], size.len[0]);
	rc = rc < 0 ? rc : buf_add_text(b, "/>\n<location");
	rc = rc < 0 ? rc : add_attribute(b, "href", file->name, (int)strlen(file->name));
	return rc < 0 ? rc : buf_add_text(b, "/>\n");
}

static int add_format(struct buf *b, const char *said)
{
	struct line source = line_of(said, 'm');
	int rc = buf_add_text(b, "<format>\n<rpm:license/><rpm:vendor/><rpm:group/>"
				 "<rpm:buildhost/>\n");

	rc = rc < 0 ? rc : add_element(b, "rpm:sourcerpm", &source);
	rc = rc < 0 ? rc : buf_add_text(b, "<rpm:header-range start=\"0\" end=\"0\"/>\n");
	rc = rc < 0 ? rc : add_relations(b, said, 'P', "provides");
	rc = rc < 0 ? rc : add_relations(b, said, 'R', "requires");
	rc = rc < 0 ? rc : add_relations(b, said, 'C', "conflicts");
	rc = rc < 0 ? rc : add_relations(b, said, 'O', "obsoletes");
	rc = rc < 0 ? rc : add_files(b, said);
	return rc < 0 ? rc : buf_add_text(b, "</format>\n</package>\n");
}

int rpm_metadata_add(const char *said, const struct rpm_file_is *file, struct buf *ret)
{
	int rc;

	if (line_of(said, 'n').len[0] == 0 || line_of(said, 'v').len[0] == 0 ||
	    line_of(said, 'r').len[0] == 0 || line_of(said, 'a').len[0] == 0)
		return -EINVAL;
	rc = add_head(ret, said, file);
	return rc < 0 ? rc : add_format(ret, said);
}

int rpm_metadata_primary(const struct buf *packages, size_t count, struct buf *ret)
{
	int rc = buf_add_format(ret,
				"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
				"<metadata xmlns=\"http://linux.duke.edu/metadata/common\" "
				"xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\" "
				"packages=\"%zu\">\n",
				count);

	rc = rc < 0 ? rc : buf_add(ret, buf_text(packages), packages->len);
	return rc < 0 ? rc : buf_add_text(ret, "</metadata>\n");
}

int rpm_metadata_index(const struct buf *primary, struct buf *ret)
{
	char sha256[DIGEST_TEXT_SIZE];

	digest_of(buf_text(primary), primary->len, sha256);
	return buf_add_format(ret,
			      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			      "<repomd xmlns=\"http://linux.duke.edu/metadata/repo\" "
			      "xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\">\n"
			      "<revision>1</revision>\n<data type=\"primary\">\n"
			      "<checksum type=\"sha256\">%s</checksum>\n"
			      "<open-checksum type=\"sha256\">%s</open-checksum>\n"
			      "<location href=\"repodata/primary.xml\"/>\n"
			      "<timestamp>1</timestamp>\n<size>%zu</size>\n"
			      "<open-size>%zu</open-size>\n</data>\n</repomd>\n",
			      sha256, sha256, primary->len, primary->len);
}
