/* The package managers that there are. */
#include "act/packages/manager.h"

#include "base/text.h"

const struct package_manager *package_manager_find(const char *name)
{
	static const struct package_manager *const managers[] = {
		&package_manager_apt,     &package_managers_rpm[0], &package_managers_rpm[1],
		&package_managers_rpm[2], &package_managers_rpm[3],
	};

	for (size_t i = 0; i < ARRAY_SIZE(managers); i++)
		if (text_eq(managers[i]->name, name))
			return managers[i];
	return NULL;
}
