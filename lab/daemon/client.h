/* daemon/client.h - the other end of the control socket: one request, its answer. */
#pragma once

#include "lab.h"

struct client_request {
	const char *verb;
	json_t *args;                       /* taken */
	void (*progress)(const char *text); /* NULL, or for the lines before the last */
};

/* Connect and ask. Returns LAB_OK with a new reference in *answer (may be NULL); else the exit
 * status, with *err set. */
int client_call(const struct lab_paths *paths, const struct client_request *q, json_t **answer,
		struct error *err);

/* Connect and ask. `args` is taken. `progress` (may be NULL) gets the texts of the lines before the
 * last. Returns LAB_OK with a new reference in *answer (may be NULL); else the exit status, after
 * the reason went to stderr. */
int client_ask(const struct lab_paths *paths, const char *verb, json_t *args,
	       void (*progress)(const char *text), json_t **answer);

/* Is a daemon there? Says nothing. */
bool client_is_up(const struct lab_paths *paths);
