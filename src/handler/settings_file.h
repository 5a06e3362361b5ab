/* handler/settings_file.h - N.settings, as the agent writes it, and its protected part.
 *
 * Source: WALinuxAgent ga/exthandlers.py, update_settings_file; RFC 5652 (CMS EnvelopedData) for
 * the protected part. */
#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"

struct host;
struct settings;

enum { THUMBPRINT_SIZE = 41 };

struct settings_file {
	json_t *public_part;  /* owned; always an object */
	char *protected_part; /* owned: base64 of DER as it came; NULL if there is none */
	char thumbprint[THUMBPRINT_SIZE]; /* upper case */
};

void settings_file_free(struct settings_file *f);
#define AUTO_SETTINGS_FILE CLEANUP(settings_file_free)

/* Parse the text; nothing but white space is a request without settings. -1 with
 * FAULT_SETTINGS_FILE, or FAULT_PROTECTED_SETTINGS for a thumbprint that is none. */
int settings_file_parse(const char *text, size_t len, struct settings_file *ret, struct error *err);

/* Decode base64, white space and line ends allowed. Returns 0 or -EINVAL. */
int base64_decode(const char *text, struct buf *ret);

/* Decrypt with this VM's certificate by the host's openssl: the DER goes in by stdin, the text
 * comes by stdout; nothing touches a disk or a command line. -1 with FAULT_PROTECTED_SETTINGS or
 * FAULT_PROGRAM_MISSING. */
int protected_read(const struct host *h, const char *base64, const char *thumbprint,
		   struct settings *into, struct error *err);
