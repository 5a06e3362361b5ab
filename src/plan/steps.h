/* plan/steps.h - what the files that make steps share. Nobody else includes it. */
#pragma once

#include "plan/room.h"

/* Begin a step of the plan. */
struct step *step_add(struct plan *p, const char *id, enum step_kind kind);
/* A step that would change nothing is not part of the plan: take the last one out, if so. */
void step_drop_if_idle(struct plan *p);

void item_add(struct step *s, const char *item);
void change_add(struct step *s, const char *fmt, ...) PRINTF(2, 3);

/* Copy the next name of the list, the kernel's release in the place of "%r". */
bool name_next(const char **rest, const struct facts *f, char *ret, size_t size);

/* Every package of the list is an item, since together they are the transaction; only what is not
 * there yet in that version ("": any) is a change. `suffix` goes on about it. */
void packages_fill(struct step *s, const struct facts *f, const char *list, const char *version,
		   const char *suffix);
void packages_undo(struct step *s, const struct driver_row *row);
/* The row's packages. */
void packages_step(const struct facts *f, const struct driver_row *row, struct plan *ret);

/* What a file of ours is for, beside its path. */
struct step_text {
	const char *id, *what, *content;
};

/* Write a file, whose head says who wrote it, to what end, and how it goes away again. */
void file_step(const char *path, const struct step_text *t, struct plan *ret);
/* The same, unless it is there already beside a stack that is kept: what a person has made of it
 * since is theirs. */
void own_file_step(const struct inputs *in, const char *path, const struct step_text *t,
		   struct plan *ret);

/* steps_after.c: what has to follow the driver, as the settings ask for it. The row is NULL where a
 * stack is kept that is of none. */
void after_steps(const struct inputs *in, const struct driver_row *row, struct plan *ret);
/* steps_openibd.c */
void openibd_step(const struct inputs *in, const struct driver_row *row, struct plan *ret);
/* steps_names.c; the rules about them are there, too. */
void names_steps(const struct inputs *in, const struct driver_row *row, struct plan *ret);
/* steps_ipoib.c */
void ipoib_steps(const struct inputs *in, const struct driver_row *row, struct plan *ret);

/* steps_vendor.c: the artefact's way onto the machine. */
void vendor_steps(const struct inputs *in, const struct driver_row *row, struct plan *ret);
/* Tell where the files really come from. */
void vendor_show_mirror(const struct settings *s, struct plan *p);
