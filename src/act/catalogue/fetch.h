/* act/catalogue/fetch.h - the catalogue of a web address: fetched, checked, installed. */
#pragma once

#include <stdbool.h>

#include "act/catalogue/file.h"
#include "base/text.h"
#include "facts/settings.h"

/* Is catalogueUri a web address? */
static inline bool catalogue_is_remote(const struct settings *s)
{
	return s != NULL && (text_starts(s->catalogue_uri, "https://") ||
			     text_starts(s->catalogue_uri, "http://"));
}

/* Where it is one: get the file and its .minisig by https, check all, and install them as
 * `catalogue update` does. Looking (plan, facts) never calls this. When it fails the installed one
 * stays, and the log says so as a warning. */
void catalogue_fetch(const struct catalogue_judge *j);
