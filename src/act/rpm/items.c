/* A list of what would be done. */
#include "act/rpm/items.h"

#include <errno.h>

#include "base/text.h"

void rpm_items_free(struct rpm_items *items)
{
	free(items->at);
	*items = (struct rpm_items) { 0 };
}

static bool same(const struct rpm_item *a, const struct rpm_item *b)
{
	return a->action == b->action && text_eq(a->name, b->name) &&
	       text_eq(a->version, b->version) && text_eq(a->arch, b->arch);
}

int rpm_items_add(struct rpm_items *items, const struct rpm_item *item)
{
	for (size_t i = 0; i < items->count; i++)
		if (same(&items->at[i], item))
			return 0;
	if (items->count == items->space) {
		size_t space = items->space ? items->space * 2 : 32;
		struct rpm_item *grown = realloc(items->at, space * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		items->at = grown;
		items->space = space;
	}
	items->at[items->count++] = *item;
	return 0;
}
