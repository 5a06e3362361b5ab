/* base/fault.c - lookups in the generated table of faults. */
#include "base/fault.h"

#include <errno.h>
#include <string.h>

#include "base/fault-table.h"

const struct fault_row *fault_row(enum fault fault)
{
	/* A number that is none of ours can only be our own bug; the reader still gets a true row.
	 */
	if ((unsigned)fault >= FAULT_COUNT)
		fault = FAULT_INTERNAL;
	return &fault_table[fault];
}

enum fault fault_by_slug(const char *slug)
{
	for (unsigned i = 0; i < FAULT_COUNT; i++)
		if (strcmp(fault_table[i].slug, slug) == 0)
			return (enum fault)i;
	return FAULT_NONE;
}

enum fault fault_of_write(int rc, enum fault otherwise)
{
	return rc == -ENOSPC || rc == -EDQUOT ? FAULT_DISK_FULL : otherwise;
}

const struct exit_row *exit_row(int code)
{
	for (size_t i = 0; i < exit_table_count; i++)
		if (exit_table[i].code == code)
			return &exit_table[i];
	return NULL;
}
