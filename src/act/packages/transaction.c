/* A package transaction as a value: compared, judged, journalled. */
#include "act/packages/transaction.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "base/text.h"

/* Names that the drivers of the catalogue replace or remove (facts/catalog.md; DOCA and MLNX_OFED
 * ship the same names). */
static const char *const rdma_set[] = {
	"rdma-core*",  "ibverbs-*",    "libibverbs*",   "librdmacm*",
	"libibumad*",  "libibmad*",    "libibnetdisc*", "infiniband-diags*",
	"perftest*",   "rdmacm-utils", "srptools",      "opensm*",
	"libopensm*",  "ibutils*",     "mlnx-*",        "mlx*-*",
	"mft*",        "kmod-mlnx-*",  "ofed-*",        "doca-*",
	"ucx*",        "ibacm",        "openmpi*",      "mstflint",
	"libmlx[45]*", "hcoll",        "sharp",         "knem*",
	"kmod-knem*",  "xpmem*",       "kmod-xpmem*",   "iser*",
	"isert*",      "srp-*",        "srp",           "kmod-iser*",
	"kmod-isert*", "kmod-srp*",    "kernel-mft*",   "kmod-kernel-mft*",
	"mpitests*",   "libibcm*",     "dapl*",         "libdapl*",
	"ibdump",      "ibsim*",       "rshim*",        "dump-pr*",
	"ar-mgr*",     "cc-mgr*",
};

static const char *const kernel_images[] = {
	"linux-image-*",   "linux-modules-[0-9]*", "kernel",          "kernel-core*",
	"kernel-modules*", "kernel-uek*",          "kernel-default*", "kernel-azure*",
	"kernel-rt*",      "kernel-64k*",          "kernel-hwe*",
};

/* Of the same names, but what modules are compiled with. */
static const char *const kernel_sources[] = { "kernel-*-devel*", "kernel-*-headers" };

static const char *const kind_names[] = { "install", "replace", "remove" };

void transaction_free(struct transaction *t)
{
	free(t->changes);
	*t = (struct transaction) { 0 };
}

int transaction_add(struct transaction *t, const struct change *c)
{
	if (t->count == t->space) {
		size_t space = t->space ? t->space * 2 : 32;
		struct change *grown = realloc(t->changes, space * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		t->changes = grown;
		t->space = space;
	}
	t->changes[t->count++] = *c;
	return 0;
}

/* By name; apt may list one twice, to be removed and to be installed. */
static int change_order(const void *a, const void *b)
{
	const struct change *x = a, *y = b;
	int by_name = strcmp(x->name, y->name);

	return by_name ? by_name : (int)x->kind - (int)y->kind;
}

void transaction_sort(struct transaction *t)
{
	if (t->count > 1)
		qsort(t->changes, t->count, sizeof(*t->changes), change_order);
}

bool transaction_has(const struct transaction *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++)
		if (text_eq(t->changes[i].name, name))
			return true;
	return false;
}

static bool change_equal(const struct change *a, const struct change *b)
{
	return a->kind == b->kind && strcmp(a->name, b->name) == 0 &&
	       strcmp(a->old_version, b->old_version) == 0 &&
	       strcmp(a->new_version, b->new_version) == 0;
}

bool transaction_equal(const struct transaction *a, const struct transaction *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!change_equal(&a->changes[i], &b->changes[i]))
			return false;
	return true;
}

bool transaction_is_part(const struct transaction *part, const struct transaction *whole)
{
	for (size_t i = 0; i < part->count; i++) {
		const struct change *c = &part->changes[i];
		size_t k = 0;

		while (k < whole->count &&
		       (strcmp(whole->changes[k].name, c->name) != 0 ||
			strcmp(whole->changes[k].new_version, c->new_version) != 0))
			k++;
		if (k == whole->count)
			return false;
	}
	return true;
}

void change_text(const struct change *c, char *ret, size_t size)
{
	switch (c->kind) {
	case CHANGE_INSTALL:
		text_format(ret, size, "package %s %s (new)", c->name, c->new_version);
		break;
	case CHANGE_REPLACE:
		text_format(ret, size, "package %s %s (was %s)", c->name, c->new_version,
			    c->old_version);
		break;
	case CHANGE_REMOVE:
		text_format(ret, size, "package %s %s is removed", c->name, c->old_version);
		break;
	}
}

json_t *transaction_to_json(const struct transaction *t)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < t->count; i++) {
		const struct change *c = &t->changes[i];

		if (json_array_append_new(list,
					  json_pack("{s:s, s:s, s:o, s:o, s:o, s:b}", "change",
						    kind_names[c->kind], "name", c->name, "old",
						    json_text_or_null(c->old_version), "new",
						    json_text_or_null(c->new_version), "arch",
						    json_text_or_null(c->arch), "hadConfig",
						    c->had_config)) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static int change_from_json(const json_t *j, struct change *ret)
{
	const char *kind = json_text_at(j, "change", "");

	for (size_t i = 0; i < ARRAY_SIZE(kind_names); i++) {
		if (!text_eq(kind, kind_names[i]))
			continue;
		*ret = (struct change) { .kind = (enum change_kind)i };
		TEXT_COPY(ret->name, json_text_at(j, "name", ""));
		TEXT_COPY(ret->old_version, json_text_at(j, "old", ""));
		TEXT_COPY(ret->new_version, json_text_at(j, "new", ""));
		TEXT_COPY(ret->arch, json_text_at(j, "arch", ""));
		ret->had_config = json_bool_at(j, "hadConfig", false);
		return ret->name[0] ? 0 : -EINVAL;
	}
	return -EINVAL;
}

int transaction_from_json(const json_t *j, struct transaction *ret, struct error *err)
{
	struct change c;
	json_t *item;
	size_t i;

	if (!json_is_array(j))
		return error_set(err, FAULT_JOURNAL_DAMAGED, EINVAL,
				 "there is no package transaction where one is due");
	json_array_foreach((json_t *)j, i, item)
	{
		if (change_from_json(item, &c) < 0)
			return error_set(err, FAULT_JOURNAL_DAMAGED, EINVAL,
					 "change %zu of the package transaction cannot be read", i);
		if (transaction_add(ret, &c) < 0)
			return error_set(err, FAULT_INTERNAL, ENOMEM,
					 "no memory for a package transaction");
	}
	return 0;
}

static bool matches_any(const char *full, const char *const *patterns, size_t count)
{
	char name[96];

	TEXT_FORMAT(name, "%.*s", (int)strcspn(full, ":"), full);
	for (size_t i = 0; i < count; i++)
		if (fnmatch(patterns[i], name, 0) == 0)
			return true;
	return false;
}

bool transaction_is_rdma(const char *name)
{
	return matches_any(name, rdma_set, ARRAY_SIZE(rdma_set));
}

int transaction_judge(const struct transaction *t, struct error *err)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct change *c = &t->changes[i];

		if (matches_any(c->name, kernel_images, ARRAY_SIZE(kernel_images)) &&
		    !matches_any(c->name, kernel_sources, ARRAY_SIZE(kernel_sources)))
			return error_set(err, FAULT_PACKAGE_UNSAFE, 0,
					 "the package manager would %s the kernel package %s",
					 kind_names[c->kind], c->name);
		if (c->kind == CHANGE_REMOVE && !transaction_is_rdma(c->name))
			return error_set(err, FAULT_PACKAGE_UNSAFE, 0,
					 "the package manager would remove %s %s, which is not of "
					 "the RDMA set",
					 c->name, c->old_version);
	}
	return 0;
}
