/* fabric/xml.h - XML from templates: every value is escaped, so none can end an element. */
#pragma once

#include <stddef.h>

#include "base/buf.h"

/* Add text as it must stand in an element or a quoted attribute. Characters that XML 1.0 cannot
 * hold become U+FFFD. Returns 0 or what buf_add does. */
int xml_add_text(struct buf *b, const char *text);

struct xml_slot {
	const char *key;
	const char *value; /* NULL stands for empty text */
};

/* Add a template in which {key} is replaced by the value, escaped, and {+key} by the value as it
 * is, which must be XML already. Returns 0, what buf_add does, or -EINVAL for a key without a
 * slot, which is a bug of the caller's. */
int xml_fill(struct buf *b, const char *template, const struct xml_slot *slots, size_t count);
