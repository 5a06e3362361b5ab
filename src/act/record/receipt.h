/* act/record/receipt.h - what was done and what is right now: everything put on the disk, and the
 * fingerprint of a VM that is right.
 *
 * /var/lib/ib-vmext/receipt.json, schema ib-vmext/receipt/1. "installed" lists the runs
 * that changed something, oldest first: undo puts them back from the last; it stays when a later
 * run changes nothing; "put" in each is what it put on the disk (act/record/put.h). "programs" are
 * the versions of this program of which there is a copy. "artefacts" are the files that were
 * downloaded, with their digests (act/fetch/pin.h). "right" is what must be as it was for a
 * re-enable to do nothing; of an image it is the kernel alone, and "ofImage" says so. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"
#include "facts/facts.h"

struct host;
struct journal;
struct package_context;

/* Everything that must be as it was, but for the ports, which are looked at each time. */
struct fingerprint {
	char boot_id[40];
	char kernel[96];
	char pci[65]; /* digest of address, vendor, device and class of each Mellanox function */
	char settings[65]; /* digest of the settings as received */
	char version[32];  /* of the handler */
	char packages[65]; /* digest of inode, size and mtime of the package database */
	char modules[65];  /* the same of modules.dep and each module file of the stack */
};

struct fingerprint_of {
	const char *settings_digest;
	const char *version;
	const json_t *module_files; /* array of paths below the root */
};

/* Take it from the machine: no child process, no metadata. What cannot be read makes an empty
 * field, which equals nothing. */
void fingerprint_take(const struct host *h, const struct fingerprint_of *of,
		      struct fingerprint *ret);

/* The name of the first field that differs, NULL if they are equal. */
const char *fingerprint_difference(const struct fingerprint *a, const struct fingerprint *b);

/* What the receipt says of a run that ended in success. */
struct receipt_entry {
	const struct facts *facts; /* at the end */
	const struct journal
		*journal; /* of the run that changed something; NULL if nothing was changed */
	const char *settings_digest;
	const char *version;
	const char *route;
	const char *catalogue; /* its version: no older one is used from now on */
	const char *message;
	int64_t seq;
	bool awaits_boot; /* what was installed takes effect at the next boot */
	bool of_image;    /* no VM is right by it, until the first boot of one made it its own */
	const struct package_context *packages; /* asked where packages are from; may be NULL */
};

/* Read it: a new reference in *ret, NULL if there is none. FAULT_STATE_DIR if it cannot be read. */
int receipt_load(const struct host *h, json_t **ret, struct error *err);

/* The same for who only shows it: NULL if there is none or it cannot be read. */
json_t *receipt_read(const struct host *h);

/* Does what was installed still wait for the next boot? */
bool receipt_awaits_boot(const struct host *h, const json_t *receipt);

/* Was it made in an image, and did no VM make it its own since? */
bool receipt_is_of_image(const json_t *receipt);

/* Is this run one of those that undo would put back? */
bool receipt_lists(const json_t *receipt, const char *run);

/* Write it; "installed" and "programs" of an older receipt are carried over. */
int receipt_write(const struct host *h, const struct receipt_entry *e, struct error *err);

/* Put a note into the receipt that is there; `note` is borrowed. */
int receipt_note(const struct host *h, const char *key, json_t *note, struct error *err);

/* Take the entry of a run that was undone out of "installed"; the receipt goes with the last one.
 * Nothing happens where the run is not listed. */
int receipt_drop(const struct host *h, const char *run, struct error *err);
int receipt_remove(const struct host *h, struct error *err);

/* Is this VM right already: receipt there, fingerprint equal, no run open, as many ports ACTIVE now
 * as then? Spawns nothing, asks no metadata. *why (may be NULL) names what differs; `message` gets
 * the sentence of the last success. */
bool receipt_holds(const struct host *h, const char *settings_digest, const char *version,
		   const char **why, char *message, size_t message_size);
