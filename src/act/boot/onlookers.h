/* act/boot/onlookers.h - who else has a say in whether this machine is restarted now.
 *
 * Sources: run/utmp, run/systemd/sessions/ and run/systemd/inhibit/ (NAME=value lines that logind
 * writes), and the processes of the Azure agent. Each function puts a name for a person to read
 * into `ret`, and returns whether there is one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct host;

/* A file of run/systemd/sessions/: is it the session of a person? Then *ret is the user's name. */
bool session_is_persons(const char *text, char *ret, size_t size);

/* A file of run/systemd/inhibit/: does it forbid to shut down? A delay does not. */
bool inhibitor_blocks_shutdown(const char *text, char *ret, size_t size);

bool onlooker_user(const struct host *h, char *ret, size_t size);
bool onlooker_inhibitor(const struct host *h, char *ret, size_t size);

/* A command of another extension, as a child of the agent. What such a command has left running is
 * none any more. */
bool onlooker_command(const struct host *h, char *ret, size_t size);
