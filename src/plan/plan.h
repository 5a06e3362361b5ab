/* plan/plan.h - facts + settings + catalogue -> decision and steps. Pure: no signature here has a
 * struct host. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"
#include "facts/facts.h"
#include "facts/settings.h"

struct catalogue;

/* What a step is; act/ has one {check, apply, confirm, undo} for each kind. */
enum step_kind {
	STEP_PACKAGES,   /* install packages, as one transaction; an item is a name, or
			    name=version: that version, or one that only goes on after it */
	STEP_FILE,       /* write a file of ours */
	STEP_MODULES,    /* load modules that are not loaded */
	STEP_DOWNLOAD,   /* fetch one artefact and hold it against its digest */
	STEP_REPOSITORY, /* make the artefact's packages known to the package manager */
	STEP_INSTALLER,  /* run mlnxofedinstall of the unpacked artefact */
	STEP_SERVICES,   /* enable units for the next boot */
	STEP_BUILD,      /* see that each DKMS module of the stack is there for each kernel that can
			    run next; build what is missing */
	STEP_PREBUILT,   /* put modules in place that were built before, from a pack */
	STEP_SIGN,       /* sign what was built with the owner's key */
	STEP_INITRAMFS,  /* renew each initramfs that holds a module of the stack */
	STEP_NEXT_BOOT,  /* look whether the next boot will have its network and its modules;
			    changes nothing */
	STEP_RELOAD,     /* put the new modules in the place of the loaded ones, under a dead-man
			    switch */
	STEP_MANAGER,   /* have systemd take over defaults that it reads once; items: their names */
	STEP_FOREIGN,   /* build what hangs on the stack and is somebody else's anew against it */
	STEP_SETTING,   /* set one line of somebody else's file; items: its path, key, value */
	STEP_NAMES,     /* name RDMA devices that have the kernel's names */
	STEP_TAKEOVER,  /* have who manages the network read a file of ours; items: its units */
	STEP_ADDRESSES, /* give IPoIB interfaces the addresses that the host assigned */
	STEP_KIND_COUNT
};

enum { PLAN_STEPS_MAX = 32, PLAN_ITEMS_MAX = 40, PLAN_CANDIDATES_MAX = 16, PLAN_WARNINGS_MAX = 32 };

struct step {
	char id[32]; /* "packages": stable, unique in the plan */
	enum step_kind kind;
	char what[160]; /* "install rdma-core, ... with apt" */
	char items[PLAN_ITEMS_MAX]
		  [192]; /* package names, module names, units, options; the path of a file, without
			    a leading slash; address and digest of an artefact */
	unsigned nitems;
	char content[1024]; /* of the file, for STEP_FILE */
	char changes[PLAN_ITEMS_MAX]
		    [160]; /* for the reader: "package rdma-core", "file /etc/..." */
	unsigned nchanges;
	char undo[160]; /* "" if it cannot be undone */
};

struct decision {
	int exit_code;
	enum fault fault;
	char route[16]; /* "keep", "inbox", ...; "" if none */
	char version[64];
	char reason[320];
	char remedy[320];
};

struct candidate {
	char route[16];
	char version[64];
	bool eligible;
	char why[240];
	char peer_memory[12];
	struct {
		int64_t seconds, download_bytes, disk_bytes;
		char basis[12];
	} estimate; /* -1 if unknown */
};

struct warning {
	char id[48];
	char what[240];
	char remedy[240];
};

struct plan {
	struct decision decision;
	struct candidate candidates[PLAN_CANDIDATES_MAX];
	unsigned ncandidates;
	struct step steps[PLAN_STEPS_MAX];
	unsigned nsteps;
	struct warning warnings[PLAN_WARNINGS_MAX];
	unsigned nwarnings;
	bool resolved;
	bool reboot;
};

/* Judge in the order 10, 13, 11, 12 (1 is the reader's of the settings) and plan. *f has been
 * through catalogue_classify. Never fails and never allocates: a refusal is a decision with its
 * code and no steps. */
void plan_build(const struct facts *f, const struct settings *s, const struct catalogue *c,
		struct plan *ret);

/* Where the plan needs a restart, put a live reload in its place. FAULT_RELOAD_REFUSED on Hyper-V,
 * whatever uses the module, and where a module of somebody else hangs on the stack. */
int plan_reload(struct plan *p, const struct facts *f, struct error *err);

/* A refusal as a plan: decision only. */
void plan_refuse(const struct error *err, struct plan *ret);

/* Is the stack that is there kept? Then steps, if any, are of its configuration alone. */
bool plan_keeps(const struct plan *p);

/* May waiting change this decision? True for 11 by a late adapter or silent metadata; never for
 * Network Direct, 10, 12, 13. */
bool plan_may_change(const struct plan *p, const struct facts *f);

/* ib-vmext/plan/1, and back (the journal keeps the plan that a run executes). */
json_t *plan_to_json(const struct plan *p);
int plan_from_json(const json_t *j, struct plan *ret, struct error *err);

/* FAULT_RELOAD_REFUSED where the loaded modules must not be put out: on Hyper-V, where that is not
 * known, and where something else hangs on them. */
int reload_refuse(const struct facts *f, struct error *err);

const char *step_kind_name(enum step_kind kind); /* "packages" */
