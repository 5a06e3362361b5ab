/* The packages that the lab's Azure offers: the zips of one directory, known by their names. */
#include "lab.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>

#include "base/fs.h"
#include "base/text.h"
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

	if (dash == NULL || dash[1] == '\0' || dash[strspn(dash + 1, "0123456789.") + 1] != '\0')
		return NULL;
	return dash + 1;
}

/* ib-vmext-VERSION.zip is the product; others are named as the agent names their directories, PUBLISHER.TYPE-VERSION.zip
 * (the type is what follows the last dot). Names of another form are none of ours. */
static int offer(void *ctx, const char *name)
{
	struct scan *s = ctx;
	char stem[256], path[VM_PATH_MAX];
	const char *publisher = IB_LAB_PUBLISHER, *type = IB_LAB_TYPE;
	char *version, *dot;

	if (!text_ends(name, ".zip") || TEXT_COPY(stem, name) < 0)
		return 0;
	stem[strlen(stem) - 4] = '\0';
	version = find_version(stem);
	if (version == NULL)
		return 0;
	version[-1] = '\0';
	if (!text_eq(stem, PRODUCT)) {
		dot = strrchr(stem, '.');
		if (dot == NULL)
			return 0;
		*dot = '\0';
		publisher = stem;
		type = dot + 1;
	}
	(void)TEXT_FORMAT(path, "%s/%s", s->lab->dist, name);
	if (fabric_publish_extension(s->lab->fabric, publisher, type, version, path, s->err) < 0)
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
