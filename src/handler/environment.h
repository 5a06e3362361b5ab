/* handler/environment.h - HandlerEnvironment.json, and which request the agent means.
 *
 * Source: WALinuxAgent azurelinuxagent/ga/exthandlers.py, create_handler_env: a list whose element
 * 0 has handlerEnvironment{logFolder, configFolder, statusFolder, heartbeatFile, eventsFolder}. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct handler_app;
struct host;

enum { FOLDER_SIZE = 512, ENVIRONMENT_MAX = 64 << 10, SETTINGS_FILE_MAX = 4 << 20 };

struct environment {
	char directory[FOLDER_SIZE]; /* of the handler; absolute, as are the others */
	char log_folder[FOLDER_SIZE];
	char config_folder[FOLDER_SIZE];
	char status_folder[FOLDER_SIZE];
	char events_folder[FOLDER_SIZE]; /* "" where the agent has none */
};

/* Parse the text of HandlerEnvironment.json; `directory` is left alone. Returns 0, or -EINVAL with
 * the reason in `why`. */
int environment_parse(const char *text, size_t len, struct environment *ret, char *why,
		      size_t why_size);

/* Find and read it: in $AZURE_GUEST_AGENT_EXTENSION_PATH where that is set, else in the current
 * directory, else above the program's. -1 with FAULT_HANDLER_ENVIRONMENT naming the file and the
 * reason. */
int environment_read(const struct handler_app *app, struct environment *ret, struct error *err);

/* The sequence number: $ConfigSequenceNumber, else that of the newest N.settings. -1 with
 * FAULT_SETTINGS_FILE. */
int environment_sequence(const struct handler_app *app, const struct environment *env, int64_t *ret,
			 struct error *err);

/* A path of the agent's, as the *at calls want it below the host's root: without the leading
 * slashes. */
const char *path_below_root(const char *path);
