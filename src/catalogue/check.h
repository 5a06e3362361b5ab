/* catalogue/check.h - reads a catalogue as a critic: which rows can never be chosen, or say two
 * things at once. Pure; for `catalogue check`, and for the test of the built-in catalogue. */
#pragma once

struct catalogue;

enum catalogue_finding_kind {
	FINDING_UNREACHABLE = 0, /* no machine can be as the row wants it */
	FINDING_SHADOWED,        /* earlier rows of its route serve every machine that it serves */
	FINDING_FILE_NAME,    /* the artefact's name tells another distribution, version or arch */
	FINDING_NO_DIGEST,    /* nobody has told what the artefact must be */
	FINDING_UNKNOWN_WORD, /* a generation or a size that the catalogue does not have */
	FINDING_KIND_COUNT
};

struct catalogue_finding {
	enum catalogue_finding_kind kind;
	const char *row_id; /* of the driver row */
	char what[240];     /* a clause: what is wrong, or which row shadows it */
};

/* Call `report` for each finding, in the order of the rows. Returns how many there were. */
unsigned catalogue_check(const struct catalogue *c,
			 void (*report)(void *ctx, const struct catalogue_finding *f), void *ctx);

const char *catalogue_finding_name(enum catalogue_finding_kind kind); /* "no-digest" */
