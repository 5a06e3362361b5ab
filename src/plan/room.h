/* plan/room.h - what the files of this room share. Nobody else includes it. */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"
#include "catalogue/catalogue.h"
#include "plan/plan.h"

/* What is to become of the machine, once that is known. */
enum intent { INTENT_OPEN = 0, INTENT_KEEP, INTENT_INSTALL, INTENT_REFUSE };

/* What a plan is made of. */
struct inputs {
	const struct facts *facts;
	const struct settings *settings;
	const struct catalogue *catalogue;
	enum intent intent;
	const struct pack_facts *pack; /* of which the route that was chosen takes its modules;
					  NULL: of none */
};

/* How a route came off. The order is the one in which a refusal is explained: nearer to being
 * chosen is later. */
enum route_end {
	ROUTE_NO_ROW,   /* nothing in the catalogue for this distribution; keep: nothing to keep */
	ROUTE_UNSERVED, /* rows for the distribution, none for this machine */
	ROUTE_BLOCKED,  /* there is a row, but something on this machine stands against it */
	ROUTE_OTHER_VERSION, /* it cannot give the version that the settings ask for */
	ROUTE_NOT_ASKED,     /* it could serve; the settings ask for another */
	ROUTE_FITS,
};

/* A vendor's row as it is with modules from a pack. */
struct prebuilt {
	struct driver_row row; /* its options and reason are the texts below, once it is settled */
	const struct pack_facts *pack;
	char options[384], why[240];
};

/* Beside plan.candidates[], entry by entry: what the decision needs and the document does not. */
struct routes {
	/* NULL where there is none; keep's is of the driver that is installed */
	const struct driver_row *rows[PLAN_CANDIDATES_MAX];
	enum route_end ends[PLAN_CANDIDATES_MAX];
	const struct rule *blocks[PLAN_CANDIDATES_MAX]; /* of those that ended ROUTE_BLOCKED */
	struct prebuilt prebuilt;                       /* .pack is NULL where none serves */
};

/* One thing to hold a machine and a driver row against. */
struct rule {
	const char *id; /* of data/warnings.json; a rule that only blocks may have one of its own */
	enum { RULE_WARNS, RULE_BLOCKS } effect;
	/* Does it hold? Then `what` is what was found: a clause without a full stop, which begins
	 * like a word in a sentence where it blocks. The row is NULL where nothing of the catalogue
	 * is at hand, never where the rule blocks. */
	bool (*holds)(const struct inputs *in, const struct driver_row *row, char *what,
		      size_t size);
	enum fault fault; /* of a refusal by it; none: unsupported-image */
};

/* The rules by theme, each list ended by one without an id. */
extern const struct rule rules_of_machine[], rules_of_driver[], rules_of_network[],
	rules_of_packs[], rules_that_block[];

/* steps_names.c: persistentNames is asked for, and the system cannot, or somebody else does. */
bool names_cannot_be_given(const struct inputs *in, const struct driver_row *row, char *what,
			   size_t size);
bool names_are_given(const struct inputs *in, const struct driver_row *row, char *what,
		     size_t size);

/* The first rule that stands against the row on this machine, NULL if none does. */
const struct rule *rules_find_block(const struct inputs *in, const struct driver_row *row,
				    char *what, size_t size);

/* What to do about a rule that blocks: the warning's remedy, where one is of the same id. */
const char *rule_remedy(const struct rule *rule);

/* Add what the reader should know, although it stops nothing. The row is that of the route that was
 * chosen, NULL if it has none, or if the machine is refused. */
void warnings_add(const struct inputs *in, const struct driver_row *row, struct plan *ret);

/* Fill the decision of a refusal: its code and remedy are the fault's. The reason begins with a
 * capital or a name and ends without a full stop: who shows it goes on. */
void decision_refuse(struct decision *ret, enum fault fault, const char *fmt, ...) PRINTF(3, 4);

/* Exit codes 10, 13 and 11, in this order. False if the machine is refused: the decision is set. */
bool machine_judge(const struct inputs *in, struct plan *ret);

/* Add a candidate for every route that there is: keep first, then in the order of preference. */
void routes_consider(const struct inputs *in, struct plan *ret, struct routes *ret_routes);

/* keep: the first of them. ROUTE_UNSERVED: the stack shows its ports, but a part of it is missing.
 */
enum route_end keep_consider(const struct inputs *in, struct candidate *c,
			     const struct driver_row **ret_row);

/* Say in a candidate why it is not eligible. */
void candidate_refuse(struct candidate *c, const char *fmt, ...) PRINTF(2, 3);

/* Add the steps that bring the row's driver onto the machine, and what has to follow it, without
 * those that change nothing. They may need a reboot to take effect. Where the stack is kept, only
 * what has to follow; the row may be NULL then. */
void steps_build(const struct inputs *in, const struct driver_row *row, struct plan *ret);

/* The next pair of a pack that fits and a row that it saves the compiling of; *at is 0 at the
 * beginning. The texts of ret->row that are its own are not in it yet. False at the end. */
bool prebuilt_next(const struct inputs *in, unsigned *at, struct prebuilt *ret);

/* Say why no pack serves, where the settings name a place for them. */
void prebuilt_explain(const struct inputs *in, struct candidate *c);

void prebuilt_step(const struct pack_facts *pack, struct step *ret);

/* The first row of the route that serves this machine, whatever the settings ask for. Why none does
 * is left in `why`. */
const struct driver_row *row_of_route(const struct inputs *in, const char *route);

bool settings_ask_for(const struct settings *s, const char *route);

/* Is `prefix` all of the version, or its first parts? "5.5" begins 5.5-1.0.3.2, "4" not 44.0-2. */
bool version_begins(const char *version, const char *prefix);

/* Number by number: less than, equal to, or greater than 0. What has more numbers is later. */
int version_compare(const char *a, const char *b);

/* The first two numbers. False if there are not so many. */
bool version_parts(const char *version, unsigned *ret_first, unsigned *ret_second);

/* Year * 100 + month in which the kernel's line, or the release of OFED, came out; 0 if it is not
 * known. */
unsigned kernel_month(const char *release);
unsigned ofed_month(const char *version);

/* Questions about rows. */

/* Is it made by the maker of the adapter, to take the place of the kernel's own modules? */
bool row_is_vendors(const struct driver_row *row);

/* Are the modules that it brings other ones than the kernel's own? */
bool row_replaces_modules(const struct driver_row *row);
/* Does what DKMS calls so hang on the modules of the stack, and is somebody else's? */
bool dkms_hangs_on_stack(const struct facts *f, const char *name);

/* Is this module lacking even when the row's packages are installed? */
bool row_lacks_module(const struct driver_row *row, const struct facts *f, const char *name);

/* Questions about facts. */

/* Is the package there and whole? */
bool package_is_whole(const struct facts *f, const char *name);

/* Loaded, or part of the kernel image. */
bool module_is_in(const struct facts *f, const char *name);

/* Is it a fact that this kernel has no such module? */
bool module_is_missing(const struct facts *f, const char *name);

/* The first module of the stack's core that is loaded, NULL if none is: while it is, another stack
 * waits for the next boot. */
const char *stack_loaded_module(const struct facts *f);

/* Does this kernel load signed modules only, as far as is known? */
bool kernel_wants_signatures(const struct facts *f);

/* Has a function of one of these generations ("CX7,CX8")? */
bool machine_has_generation(const struct facts *f, const char *generations);

/* The first word of the list that the predicate is `wanted` for. */
bool list_find(const char *list, bool (*is)(const struct facts *f, const char *name), bool wanted,
	       const struct facts *f, char *ret, size_t size);

/* Add a word to a text as an item of a list: "a, b". */
void text_list_add(char *text, size_t size, const char *word);
