/* act/catalogue/file.h - the signed file that replaces the built-in catalogue: chosen, checked,
 * installed.
 *
 * FILE and FILE.minisig (see base/minisig.h) hold a document of catalogue/parse.h. It is used when
 * a trusted key has signed it, it has not expired, and it is not older than the built-in one, the
 * one that the receipt names, and the installed one. Installed means below CATALOGUE_DIR, a link to
 * a directory with the file, its signature and the public key that root trusted when it came. */
#pragma once

#include <stdbool.h>

#include "act/act.h"
#include "catalogue/parse.h"

#define CATALOGUE_DIR  ACT_STATE_DIR "/catalogue"
#define CATALOGUE_FILE CATALOGUE_DIR "/catalogue.json"

enum { CATALOGUE_BYTES_MAX = 4 << 20 };

/* Borrowed. What a catalogue is judged by. */
struct catalogue_judge {
	const struct host *host;          /* its clock, receipt and installed catalogue */
	const struct settings *settings;  /* trustedKeys, catalogueUri; NULL: none */
	const struct catalogue *built_in; /* the least version */
};

/* Read a file of this process (`path` as open(2) takes it) and check all. -1 with one of the faults
 * FAULT_CATALOGUE_*; FAULT_SETTINGS if trustedKeys holds what is no key. */
int catalogue_file_read(const struct catalogue_judge *j, const char *path,
			struct catalogue_owned *ret, struct error *err);

struct catalogue_choice {
	const struct catalogue *use;  /* never NULL: the built-in one, or that of `owned` */
	struct catalogue_owned owned; /* empty for the built-in one */
	char from[512];               /* "built in", or the path */
};

/* The first that is valid: the file of catalogueUri (what was fetched of a web address is
 * installed), the installed one, the built-in one. Why one before it is not used goes to the log,
 * as a warning. Writes nothing. */
void catalogue_choose(const struct catalogue_judge *j, struct catalogue_choice *ret);
void catalogue_choice_free(struct catalogue_choice *c);
#define AUTO_CATALOGUE_CHOICE CLEANUP(catalogue_choice_free)

/* Install the file, after all checks. A reader, or a crash, finds the former one or the new one.
 * Returns 0 with the new one in *ret; -1 with the fault: then the former one stands. */
int catalogue_install(struct act *a, const struct catalogue_judge *j, const char *path,
		      struct catalogue_owned *ret, struct error *err);

/* The same of an absolute path below the host's root, into its open state directory. */
int catalogue_install_from(int state, const struct catalogue_judge *j, const char *path,
			   struct catalogue_owned *ret, struct error *err);
