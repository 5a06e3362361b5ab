/* Reads verifications and support bundles. */
#include "cli/report.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/tar.h"
#include "base/text.h"

enum { FILE_MAX = 16 << 20 };

static int verdict_parse(const char *name, enum verdict *ret)
{
	for (int v = VERDICT_ABSENT; v <= VERDICT_OK; v++) {
		if (!text_eq(verdict_name((enum verdict)v), name))
			continue;
		*ret = (enum verdict)v;
		return 0;
	}
	return -EINVAL;
}

static int take_document(struct report_node *n, const char *text, size_t len)
{
	AUTO_JSON json_t *j = json_parse(text, len, NULL, 0);

	if (!text_eq(json_text_at(j, "schema", NULL), "ib-vmext/verify/1") ||
	    !json_is_array(json_object_get(j, "checks")) ||
	    verdict_parse(json_text_at(j, "verdict", NULL), &n->verdict) < 0)
		return -EINVAL;
	json_decref(n->document);
	n->document = TAKE(j);
	return 0;
}

/* The lines that can be read, of the last journal: the archive has them in the order of time. */
static void take_journal(struct report_node *n, const char *text, size_t len)
{
	json_t *lines = json_array();

	for (const char *at = text, *end = text + len; at < end;) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t line = (size_t)((stop ? stop : end) - at);
		json_t *j = json_parse(at, line, NULL, 0);

		if (json_is_object(j))
			(void)json_array_append(lines, j);
		json_decref(j);
		at += line + 1;
	}
	json_decref(n->journal);
	n->journal = lines;
}

static void take_member(struct report_node *n, const char *name, const char *text, size_t len)
{
	if (text_eq(name, "verify.json")) {
		(void)take_document(n, text, len);
	} else if (text_eq(name, "receipt.json")) {
		json_decref(n->receipt);
		n->receipt = json_parse(text, len, NULL, 0);
	} else if (text_starts(name, "journal/")) {
		take_journal(n, text, len);
	}
}

static int take_tar(struct report_node *n, const char *bytes, size_t len)
{
	struct tar_entry e;

	while (len >= TAR_BLOCK && tar_parse_head(bytes, &e) == 0) {
		uint64_t whole = e.size + tar_padding(e.size);

		if (whole > len - TAR_BLOCK)
			return -EINVAL;
		take_member(n, e.path, bytes + TAR_BLOCK, (size_t)e.size);
		bytes += TAR_BLOCK + whole;
		len -= TAR_BLOCK + (size_t)whole;
	}
	return n->document ? 0 : -EINVAL;
}

static void node_free(struct report_node *n)
{
	json_decref(n->document);
	json_decref(n->journal);
	json_decref(n->receipt);
}

/* "/a/b/node001.json" -> "node001" */
static void name_fill(const char *path, char *ret, size_t size)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');

	(void)text_format(ret, size, "%.*s",
			  (int)(dot && dot > name ? (size_t)(dot - name) : strlen(name)), name);
}

static struct report_node *node_add(struct report *r)
{
	size_t space = r->space ? 2 * r->space : 64;
	struct report_node *nodes;

	if (r->count < r->space)
		return &r->nodes[r->count];
	nodes = space <= 2 * REPORT_NODES_MAX ? realloc(r->nodes, space * sizeof *nodes) : NULL;
	if (!nodes)
		return NULL;
	r->nodes = nodes;
	r->space = space;
	return &r->nodes[r->count];
}

/* Of many machines most are ok, and of those only the name is shown. */
static void node_shrink(const struct report *r, struct report_node *n)
{
	if (r->count < REPORT_WHOLE_MAX || n->verdict != VERDICT_OK)
		return;
	node_free(n);
	n->document = n->journal = n->receipt = NULL;
}

static int file_add(struct report *r, const char *path)
{
	AUTO_BUF struct buf b = { .max = FILE_MAX };
	struct report_node *n = node_add(r);
	int rc = n ? fs_read(AT_FDCWD, path, FILE_MAX, &b) : -ENOMEM;

	if (rc < 0)
		return rc;
	*n = (struct report_node) { .document = NULL };
	name_fill(path, n->name, sizeof n->name);
	rc = text_ends(path, ".tar") ? take_tar(n, buf_text(&b), b.len)
				     : take_document(n, buf_text(&b), b.len);
	if (rc < 0) {
		node_free(n);
		return rc;
	}
	node_shrink(r, n);
	r->count++;
	return 0;
}

struct walk {
	struct report *report;
	const char *dir;
};

static int take_name(void *ctx, const char *name)
{
	struct walk *w = ctx;
	struct report *r = w->report;
	char path[PATH_MAX];
	int rc;

	if (!text_ends(name, ".json") && !text_ends(name, ".tar"))
		return 0;
	rc = TEXT_FORMAT(path, "%s/%s", w->dir, name) < 0 ? -ENAMETOOLONG : file_add(r, path);
	if (rc < 0 && rc != -ENOMEM && r->unreadable++ == 0)
		(void)TEXT_COPY(r->first_unreadable, path);
	return rc == -ENOMEM ? rc : 0;
}

int report_add(struct report *ret, const char *path, struct error *err)
{
	struct walk w = { ret, path };
	struct stat st;
	int rc = stat(path, &st) < 0 ? -errno : 0;

	if (rc == 0)
		rc = S_ISDIR(st.st_mode) ? fs_list(AT_FDCWD, path, take_name, &w)
					 : file_add(ret, path);
	if (rc >= 0)
		return 0;
	return error_set(err, FAULT_READ_FAILED, -rc, "%s: %s", path,
			 rc == -EINVAL
				 ? "is no verification (`ib-vmext verify --json`) and no support "
				   "bundle"
				 : strerror(-rc));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct report_node *)a)->name, ((const struct report_node *)b)->name);
}

void report_finish(struct report *r)
{
	if (r->count > 1)
		qsort(r->nodes, r->count, sizeof *r->nodes, by_name);
	for (size_t i = 0; i < r->count && r->count > REPORT_WHOLE_MAX; i++) {
		if (r->nodes[i].verdict != VERDICT_OK)
			continue;
		node_free(&r->nodes[i]);
		r->nodes[i].document = r->nodes[i].journal = r->nodes[i].receipt = NULL;
	}
}

void report_free(struct report *r)
{
	for (size_t i = 0; i < r->count; i++)
		node_free(&r->nodes[i]);
	free(r->nodes);
	*r = (struct report) { .nodes = NULL };
}
