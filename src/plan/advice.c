/* plan/advice.c - lookups in the generated tables of warnings and known issues. */
#include "plan/advice.h"

#include "base/text.h"

#include "plan-known-issues.h"
#include "plan-warnings.h"

const struct warning_row *warning_row_at(size_t i)
{
	return i < ARRAY_SIZE(warning_table) ? &warning_table[i] : NULL;
}

const struct warning_row *warning_row(const char *id)
{
	for (size_t i = 0; i < ARRAY_SIZE(warning_table); i++)
		if (text_eq(warning_table[i].id, id))
			return &warning_table[i];
	return NULL;
}

/* They stand in order, without a gap, from 1 on. */
const struct issue_row *issue_row(unsigned long long number)
{
	if (number < 1 || number > ARRAY_SIZE(issue_table))
		return NULL;
	return &issue_table[number - 1];
}
