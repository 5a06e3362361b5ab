/* The packages that the lab's Azure offers: the zips of one directory, known by their names. */
#include "dist.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>

#include "base/fs.h"
#include "base/text.h"
#include "lab.h"
#include "lab/fabric/fabric.h"

#define PRODUCT "ib-vmext"

struct scan {
	struct lab *lab;
	struct error *err;
	int count;
};

/* Where the version begins in "NAME-1.2.3"; NULL if there is none. */
static char *find_version(char *stem)
{
	char *dash = strrchr(stem, '-');

	if (dash == NULL || !isdigit((unsigned char)dash[1]) ||
	    dash[strspn(dash + 1, "0123456789.") + 1] != '\0')
		return NULL;
	return dash + 1;
}

bool dist_parse(const char *file, struct dist_name *ret)
{
	char *version, *dot;

	if (!text_ends(file, ".zip") || TEXT_COPY(ret->text, file) < 0)
		return false;
	ret->text[strlen(ret->text) - 4] = '\0';
	version = find_version(ret->text);
	if (version == NULL)
		return false;
	version[-1] = '\0';
	ret->version = version;
	ret->publisher = IB_LAB_PUBLISHER;
	ret->type = IB_LAB_TYPE;
	if (text_eq(ret->text, PRODUCT))
		return true;
	dot = strrchr(ret->text, '.');
	if (dot == NULL || dot == ret->text || dot[1] == '\0')
		return false;
	*dot = '\0';
	ret->publisher = ret->text;
	ret->type = dot + 1;
	return true;
}

static int offer(void *ctx, const char *name)
{
	struct scan *s = ctx;
	struct dist_name n;
	char path[VM_PATH_MAX];

	if (!dist_parse(name, &n))
		return 0;
	(void)TEXT_FORMAT(path, "%s/%s", s->lab->dist, name);
	if (fabric_publish_extension(s->lab->fabric, n.publisher, n.type, n.version, path, s->err) <
	    0)
		return -EIO;
	s->count++;
	return 0;
}

int dist_scan(struct lab *lab, struct error *err)
{
	struct scan s = { .lab = lab, .err = err };
	int rc;

	if (!fs_exists(AT_FDCWD, lab->dist))
		return 0;
	rc = fs_list(AT_FDCWD, lab->dist, offer, &s);
	if (rc < 0 && rc != -EIO)
		return error_set(err, FAULT_INTERNAL, -rc, "cannot read %s: %s", lab->dist,
				 strerror(-rc));
	return rc < 0 ? -1 : s.count;
}
