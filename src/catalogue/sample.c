/* catalogue/sample.c - makes machines of what a driver row says. */
#include "catalogue/sample.h"

#include <string.h>

#include "base/text.h"
#include "catalogue/catalogue.h"
#include "catalogue/version.h"

/* "8.*" goes to 8.30: no distribution has had more minor releases. */
enum { MINORS_MAX = 30 };

static void value_add(struct sample_values *v, const char *text)
{
	for (size_t i = 0; i < v->count; i++)
		if (text_eq(v->item[i], text))
			return;
	if (v->count < SAMPLE_ITEMS_MAX)
		(void)TEXT_COPY(v->item[v->count++], text);
}

static void values_of_list(const char *list, struct sample_values *ret)
{
	char word[SAMPLE_TEXT_MAX];

	while (list != NULL && list_next(&list, word, sizeof word))
		value_add(ret, word);
}

/* Write a version with its last part replaced. */
static void version_add(struct sample_values *v, const struct version *version, unsigned last)
{
	char text[SAMPLE_TEXT_MAX] = "";
	size_t len = 0;

	for (unsigned i = 0; i + 1 < version->nparts; i++) {
		(void)text_format(text + len, sizeof text - len, "%u.", version->part[i]);
		len = strlen(text);
	}
	(void)text_format(text + len, sizeof text - len, "%u", last);
	value_add(v, text);
}

static unsigned last_part(const struct version *v)
{
	return v->nparts > 0 ? v->part[v->nparts - 1] : 0;
}

/* Both ends, and all between where the last part alone differs. */
static void versions_of_range(const struct version_range *r, struct sample_values *ret)
{
	unsigned from = last_part(&r->first), to = last_part(&r->last);

	if (r->first.nparts != 0)
		version_add(ret, &r->first, from);
	if (r->first.nparts == r->last.nparts && r->first.nparts > 1 &&
	    r->first.part[0] == r->last.part[0])
		for (unsigned i = from + 1; i < to && i - from < SAMPLE_ITEMS_MAX; i++)
			version_add(ret, &r->first, i);
	if (r->last.nparts != 0)
		version_add(ret, &r->last, to);
}

static void versions_of_list(const char *list, struct sample_values *ret)
{
	char word[SAMPLE_TEXT_MAX], text[SAMPLE_TEXT_MAX];
	struct version_range range;

	while (list_next(&list, word, sizeof word)) {
		if (text_ends(word, ".*")) {
			for (unsigned i = 0; i <= MINORS_MAX; i++) {
				(void)TEXT_FORMAT(text, "%.*s%u", (int)strlen(word) - 1, word, i);
				value_add(ret, text);
			}
		} else if (strchr(word, '-') != NULL) {
			if (version_range_parse(word, &range))
				versions_of_range(&range, ret);
		} else {
			value_add(ret, word);
		}
	}
}

/* The kernels at each end of a range, and the nearest outside. */
static void kernels_of_range(const char *kernels, struct sample_values *ret)
{
	struct version_range r;

	if (kernels == NULL || !version_range_parse(kernels, &r))
		return;
	if (r.first.nparts != 0) {
		version_add(ret, &r.first, last_part(&r.first));
		if (last_part(&r.first) > 0)
			version_add(ret, &r.first, last_part(&r.first) - 1);
	}
	if (r.last.nparts != 0) {
		version_add(ret, &r.last, last_part(&r.last));
		version_add(ret, &r.last, last_part(&r.last) + 1);
	}
}

static void flavours_of_list(const char *flavours, struct sample_values *ret)
{
	char word[SAMPLE_TEXT_MAX];

	while (flavours != NULL && list_next(&flavours, word, sizeof word))
		value_add(ret, word[0] == '!' ? word + 1 : word);
}

/* A row that is bound to sizes is bound to the generations of these. */
static void sizes_and_generations(const struct driver_row *row, struct samples *ret)
{
	values_of_list(row->sizes, &ret->sizes);
	if (ret->sizes.count == 0)
		value_add(&ret->sizes, "");
	values_of_list(row->generations, &ret->generations);
}

void samples_begin(const struct catalogue *c, const struct driver_row *row, struct samples *ret)
{
	memset(ret, 0, sizeof *ret);
	ret->catalogue = c;
	ret->row = row;
	values_of_list(row->os_ids, &ret->os_ids);
	versions_of_list(row->os_versions, &ret->versions);
	values_of_list(row->arch, &ret->arches);
	sizes_and_generations(row, ret);
	kernels_of_range(row->kernels, &ret->kernels);
	value_add(&ret->flavours, "");
	for (size_t i = 0; i < c->ndrivers; i++) {
		kernels_of_range(c->drivers[i].kernels, &ret->kernels);
		flavours_of_list(c->drivers[i].flavours, &ret->flavours);
	}
	if (ret->kernels.count == 0)
		value_add(&ret->kernels, "5.0");
}

/* The value of one property in machine number *n, which is left divided by the choices. */
static const char *value_take(const struct sample_values *v, size_t *n)
{
	const char *item = v->item[*n % v->count];

	*n /= v->count;
	return item;
}

static void machine_make(const struct samples *s, size_t n, struct facts *ret)
{
	const char *kernel, *flavour;
	struct nic_facts *nic = &ret->nics[0];

	*nic = (struct nic_facts) { .vendor = 0x15b3,
				    .class_code = 0x0207,
				    .link_layer = LINK_LAYER_INFINIBAND };
	ret->nnics = 1;
	kernel = value_take(&s->kernels, &n);
	flavour = value_take(&s->flavours, &n);
	(void)TEXT_FORMAT(ret->kernel.release, "%s%s%s", kernel, flavour[0] != '\0' ? "-" : "",
			  flavour);
	(void)TEXT_COPY(ret->kernel.flavour, flavour);
	(void)TEXT_COPY(nic->generation, value_take(&s->generations, &n));
	(void)TEXT_COPY(ret->vm.size, value_take(&s->sizes, &n));
	(void)TEXT_COPY(ret->kernel.machine, value_take(&s->arches, &n));
	(void)TEXT_COPY(ret->os.version, value_take(&s->versions, &n));
	(void)TEXT_COPY(ret->os.id, value_take(&s->os_ids, &n));
	(void)TEXT_COPY(ret->package_manager, s->row->package_manager);
}

/* Is the size that the machine has one of that generation and architecture? */
static bool size_is_possible(const struct samples *s, const struct facts *f)
{
	const struct size_row *size = catalogue_size(s->catalogue, f->vm.size);

	return size == NULL ||
	       (size->kind == SIZE_SRIOV && text_eq(size->generation, f->nics[0].generation) &&
		text_eq(size->arch, f->kernel.machine));
}

bool samples_next(struct samples *s, struct facts *ret)
{
	size_t total = s->os_ids.count * s->versions.count * s->arches.count * s->sizes.count *
		       s->generations.count * s->kernels.count * s->flavours.count;

	memset(ret, 0, sizeof *ret);
	while (s->next < total) {
		machine_make(s, s->next++, ret);
		if (size_is_possible(s, ret) && driver_row_matches(s->row, ret, NULL, 0))
			return true;
	}
	return false;
}
