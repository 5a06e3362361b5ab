/* facts/names.h - the words that stand for enum values in JSON and in text, one list for each enum.
 */
#pragma once

#include <stddef.h>

/* words[value]; NULL where a value has no word, as "unknown" has none. */
struct name_list {
	const char *const *words;
	size_t count;
};

extern const struct name_list names_metadata_state, names_link_layer, names_port_state,
	names_port_phys_state, names_driver_kind, names_dkms_state, names_traffic_kind,
	names_traffic_end;

/* The word for a value; NULL if it has none. */
const char *name_of(const struct name_list *list, int value);

/* The value of a word, or -1 if there is no such word. */
int name_value(const struct name_list *list, const char *word);
