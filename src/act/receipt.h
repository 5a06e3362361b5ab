/* act/receipt.h - what was done and what is right now: everything put on the disk, and the
 * fingerprint of a VM that is right. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"

struct host;

/* Everything that must be as it was for "already right" to hold, but for the ports, which are
 * looked at each time. */
struct fingerprint {
	char boot_id[40];
	char kernel[96];
	char pci[65]; /* digest of address, vendor, device and class of each Mellanox function */
	char settings[65]; /* digest of the settings as received */
	char version[32];  /* of the handler */
	char packages[65]; /* digest of inode, size and mtime of the package database */
	char modules[65];  /* digest of inode, size and mtime of each module file of the stack */
	unsigned ports;    /* InfiniBand ports that must be ACTIVE */
};

/* Take it from the machine: no child process, no metadata. */
int fingerprint_take(const struct host *h, const char *settings_digest, const char *version,
		     struct fingerprint *ret, struct error *err);

/* The name of the first field that differs, NULL if they are equal. */
const char *fingerprint_difference(const struct fingerprint *a, const struct fingerprint *b);

/* Is this VM right already: receipt there, its run ended in success, fingerprint equal, `ports`
 * ports ACTIVE now? Spawns nothing, asks no metadata. *why (may be NULL) names what differs.
 * `message` gets the sentence of the last success. */
bool receipt_holds(const struct host *h, const char *settings_digest, const char *version,
		   const char **why, char *message, size_t message_size);
