/* cli/treat_lines.h - which lines of a file matter, and files that are no lines. Used inside
 * treat*.c only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "cli/alias.h"

struct line_state {
	bool kept; /* the stanza or section that this line is part of */
};

/* `state` is a struct line_state that begins as zeros. */
bool line_is_of_module(void *state, const char *line, size_t len);  /* modules.dep, .builtin */
bool line_is_of_package(void *state, const char *line, size_t len); /* dpkg's status */
bool line_is_of_rpm(void *state, const char *line, size_t len);     /* NAME-VERSION, NAME|... */
bool line_is_of_mount(void *state, const char *line, size_t len);   /* proc/mounts */
bool line_is_of_agent(void *state, const char *line, size_t len);   /* waagent.conf */
bool line_is_of_cloud(void *state, const char *line, size_t len);   /* cloud.cfg, of the network */
bool line_is_of_proxy(void *state, const char *line, size_t len);   /* whatever sets one */
bool line_is_of_manager(void *state, const char *line, size_t len); /* systemd's system.conf */
bool line_is_of_order(void *state, const char *line, size_t len);   /* a unit: what it waits for */
bool word_is_of_boot(void *state, const char *word, size_t len);    /* proc/cmdline */
bool line_is_no_comment(void *state, const char *line, size_t len);

enum { TREAT_REDUCED = 1 << 9 }; /* a flag beside those of alias.h */

/* As alias_text, for: what everybody has; the file of a module (when reduced what it says of its
 * kernel, and whether it is signed, as probe/ takes it from a file that is no ELF); pools of KVP
 * (linux/hyperv.h: records of a key of 512 bytes and a value of 2048, ended by NUL with rubbish
 * behind it); proc/net/route (route(8): hexadecimal, the byte order of the machine). */
int treat_nothing(struct aliases *a, unsigned flags, const char *text, size_t len, struct buf *ret);
int treat_module(struct aliases *a, unsigned flags, const char *text, size_t len, struct buf *ret);
int treat_renamer(struct aliases *a, unsigned flags, const char *text, size_t len, struct buf *ret);
int treat_kvp(struct aliases *a, unsigned flags, const char *text, size_t len, struct buf *ret);
int treat_routes(struct aliases *a, unsigned flags, const char *text, size_t len, struct buf *ret);
