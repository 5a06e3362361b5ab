/* catalogue/artefact.h - what the file name of a vendor's artefact says about itself. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct driver_row;

/* The last component of the row's URL, without a query. */
const char *artefact_name(const struct driver_row *row);

/* Does the name tell the row's release, distribution, version and architecture, each where it can
 * be read? If not, `why` says which does not fit. Source: the names in NVIDIA's archives, such as
 * MLNX_OFED_LINUX-5.6-1.0.3.3-sles15sp3-x86_64.tgz, doca-host-3.2.1-044000_25.10_rhel9.x86_64.rpm
 * and doca-host_3.2.3-019000-25.10-ubuntu2404_amd64.deb. */
bool artefact_name_fits(const struct driver_row *row, char *why, size_t why_size);
