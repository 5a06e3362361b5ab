/* tests/unit/plan/rows.h - a small catalogue of vendors' rows, and the machine that they are for.
 */
#pragma once

#include "catalogue/catalogue.h"
#include "machine.h"
#include "plan/plan.h"

enum { ROW_DOCA, ROW_MLNX, ROW_DISTRO, ROW_INBOX, ROW_SPARE, ROW_COUNT };

/* What one test works on: change it, then bench_plan. */
struct bench {
	struct facts facts;
	struct settings settings;
	struct driver_row rows[ROW_COUNT];
	struct catalogue catalogue;
	struct plan plan;
};

/* A Standard_HB120rs_v3 with Ubuntu 22.04 where DOCA-OFED, MLNX_OFED and inbox serve, the two
 * vendors' by compiling, each with a digest. No module is loaded, nothing is to be warned of. The
 * rows DISTRO and SPARE are for nobody yet. */
void bench_reset(struct bench *b);
void bench_plan(struct bench *b);

/* The warning of this id, NULL if the plan has none. */
const struct warning *bench_warning(const struct bench *b, const char *id);
const struct candidate *bench_candidate(const struct bench *b, const char *route);
const struct step *bench_step(const struct bench *b, const char *id);

/* Parts of machines. */
void os_set(struct facts *f, const char *id, const char *version, const char *manager);
void rows_set_os(struct bench *b, const char *ids, const char *versions, const char *manager);
void space_add(struct facts *f, const char *path, uint64_t free_mib);
void dkms_add(struct facts *f, const char *name, const char *kernel, enum dkms_state state);
void driver_set(struct facts *f, enum driver_kind kind, const char *version);
void generation_set(struct bench *b, const char *generation);
