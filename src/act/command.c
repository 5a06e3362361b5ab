/* An argv that grows. */
#include "act/command.h"

#include <stdlib.h>

void command_free(struct command *cmd)
{
	free(cmd->argv);
	*cmd = (struct command) { 0 };
}

void command_add(struct command *cmd, const char *word)
{
	if (cmd->n + 1 >= cmd->space) {
		size_t space = cmd->space ? cmd->space * 2 : 64;
		const char **grown = realloc(cmd->argv, space * sizeof(*grown));

		cmd->failed |= !grown;
		if (!grown)
			return;
		cmd->argv = grown;
		cmd->space = space;
	}
	cmd->argv[cmd->n++] = word;
	cmd->argv[cmd->n] = NULL;
}

void command_add_all(struct command *cmd, const char *const *words)
{
	for (; words && *words; words++)
		command_add(cmd, *words);
}
