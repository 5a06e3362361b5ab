/* probe/own.c - looks for each file of configuration that a plan may write. */
#include "probe/own.h"

#include "base/text.h"
#include "facts/facts.h"
#include "facts/own_files.h"
#include "host/host.h"

static const char *const paths[] = {
	OWN_SESSION_LIMITS, OWN_SYSTEM_LIMITS,  OWN_USER_LIMITS,
	OWN_NAMES_RULE,     OWN_IPOIB_UNIT,     OWN_IPOIB_RULE,
	OWN_IPOIB_MANAGER,  OWN_IPOIB_NETWORKD, OWN_OPENIBD_ORDER,
};
_Static_assert(ARRAY_SIZE(paths) <= FACTS_OWN_FILES_MAX, "facts have room for each");

void own_read(const struct host *h, struct facts *ret)
{
	ret->nown_files = 0;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (host_exists(h, paths[i]))
			(void)TEXT_COPY(ret->own_files[ret->nown_files++].path, paths[i]);
}
