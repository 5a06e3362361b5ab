/* probe/imds.h - what Azure says about this VM.
 *
 * Source: the whole answer of /metadata/instance (facts/images.md, "IMDS"): every value is a
 * string, booleans included; publisher, offer and sku are empty for custom images; older
 * api-versions have no securityProfile. */
#pragma once

#include <stddef.h>

struct facts;
struct host;
struct vm_facts;

/* Fill size, image, placement_group and secure_boot. Returns 0, or -EINVAL and leaves *ret as it
 * was if this is no such answer: not JSON, or without an object "compute". */
int imds_parse(const char *text, size_t len, struct vm_facts *ret);

/* Asks once. Sets vm.metadata, and vm.azure if it answered. */
void imds_read(const struct host *h, struct facts *ret);
