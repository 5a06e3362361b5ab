/* act/command.h - an argv that grows. The words are borrowed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

struct command {
	const char **argv; /* owned; NULL-terminated once a word was added */
	size_t n, space;
	bool failed; /* there was no memory: it is not run */
};

void command_free(struct command *cmd);
#define AUTO_COMMAND CLEANUP(command_free)

void command_add(struct command *cmd, const char *word);
void command_add_all(struct command *cmd, const char *const *words); /* may be NULL */
