/* act/recover.h - brings a run that was interrupted to its end, before anything else is done. */
#pragma once

#include <stdbool.h>

#include "act/act.h"

enum recover_how {
	RECOVER_REQUEST, /* go on with the same request, turn another's run back */
	RECOVER_GO_ON,   /* whoever's it is */
	RECOVER_UNDO,    /* turn it back */
};

struct recovery {
	bool found;     /* there was an open run */
	bool is_answer; /* its end is the end of this request, too: *out tells it */
};

/* Finish the open run, if there is one. With RECOVER_UNDO and settings.force a damaged journal is
 * gone on with as far as it can be read. *out is filled where there was one. */
int run_recover(struct act *a, const struct apply_options *o, enum recover_how how,
		struct outcome *out, struct recovery *ret, struct error *err);
