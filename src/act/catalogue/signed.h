/* act/catalogue/signed.h - a catalogue with its signature: read and verified, and put in its place.
 * For catalogue_file.c, which adds what depends on time and on other catalogues. */
#pragma once

#include "base/minisig.h"
#include "catalogue/parse.h"

struct error;
struct host;
struct settings;

struct signed_catalogue {
	struct buf file, signature; /* as they were read */
	struct minisig_key key;     /* that verified it */
	struct catalogue_owned catalogue;
};
void signed_free(struct signed_catalogue *s);
#define AUTO_SIGNED CLEANUP(signed_free)

/* Read PATH and PATH.minisig, verify, parse. `h` NULL: a path as open(2) takes it; else an absolute
 * one below the host's root. -1 with FAULT_CATALOGUE_UNREADABLE, _SIGNATURE or _MALFORMED,
 * FAULT_SETTINGS for a trusted key that is none. */
int signed_read(const struct host *h, const char *path, const struct settings *s,
		struct signed_catalogue *ret, struct error *err);

/* The installed one: the key beside it is trusted, too. */
int signed_read_installed(const struct host *h, const struct settings *s,
			  struct signed_catalogue *ret, struct error *err);

/* Put it below the open state directory, in place of the former one. */
int signed_install(int state, const struct signed_catalogue *s, struct error *err);
