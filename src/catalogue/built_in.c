/* catalogue/built_in.c - the catalogue that this program carries, made of data/ at build time. */
#include "catalogue/catalogue.h"

#include "base/text.h"

#include "catalogue-adapters.h"
#include "catalogue-drivers.h"
#include "catalogue-sizes.h"

const struct catalogue catalogue_built_in = {
	.sizes = built_in_sizes,
	.nsizes = ARRAY_SIZE(built_in_sizes),
	.adapters = built_in_adapters,
	.nadapters = ARRAY_SIZE(built_in_adapters),
	.drivers = built_in_drivers,
	.ndrivers = ARRAY_SIZE(built_in_drivers),
	.version = built_in_version,
};
