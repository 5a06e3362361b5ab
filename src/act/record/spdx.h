/* act/record/spdx.h - the receipt as an SPDX 2.3 document: everything that was put on the disk,
 * with digest and source. Pure.
 *
 * Source: The Software Package Data Exchange Specification, version 2.3, and its JSON schema. */
#pragma once

#include "base/json.h"

/* The same receipt gives the same document. A new reference, NULL without memory. */
json_t *spdx_of_receipt(const json_t *receipt);
