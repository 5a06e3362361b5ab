/* act/bundle/bundle.h - the file of an offline bundle: all that a plan downloads, signed as one.
 *
 * A tar archive (base/tar.h): manifest.json of the schema ib-vmext/offline/1, its signature in
 * minisign's format, then the files in the manifest's order. The signature covers the manifest, and
 * this each file by its size and SHA-256. docs/offline.md tells it to people. */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "base/json.h"
#include "facts/trusted.h"

struct minisig_secret;

#define BUNDLE_SCHEMA    "ib-vmext/offline/1"
#define BUNDLE_MANIFEST  "manifest.json"
#define BUNDLE_SIGNATURE BUNDLE_MANIFEST ".minisig"

enum { BUNDLE_MANIFEST_BYTES_MAX = 4 << 20 };

struct bundle {
	int fd;
	char name[300];   /* for sentences */
	json_t *manifest; /* owned; verified */
	char signer[17];  /* id of the key */
};

void bundle_close(struct bundle *b);
#define AUTO_BUNDLE CLEANUP(bundle_close)

/* Take the open file (it is closed also on failure): read manifest and signature, and verify.
 * FAULT_OFFLINE_BUNDLE says what is wrong: no bundle, not signed, by a key that is not trusted,
 * changed, of another schema. */
int bundle_open(int fd, const char *name, const struct trusted_keys *keys, struct bundle *ret,
		struct error *err);

/* Has every file the size and digest of the manifest? Where `to` is not -1, each is written below
 * that directory. FAULT_OFFLINE_BUNDLE, FAULT_WRITE_FAILED or FAULT_DISK_FULL. */
int bundle_walk(const struct bundle *b, int to, struct error *err);

uint64_t bundle_bytes(const struct bundle *b); /* of all its files */

/* Write one into the open, empty file: `manifest` lacks size and sha256 of its "files", which lie
 * below the directory `dir`; they are filled in. Returns 0 or -errno. */
int bundle_write(int fd, json_t *manifest, int dir, const struct minisig_secret *key);
