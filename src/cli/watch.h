/* cli/watch.h - `status --watch`: follows the run at work to its end. */
#pragma once

struct app;

/* On a terminal the screen is redrawn in place; elsewhere a line is printed for each that the run
 * logs, or with --json a document a line. Wakes when journal, log or lock change; on a terminal
 * once a second besides, for the clock. Returns the exit code of the run: of the last one where
 * none is at work, 14 where it was cut off or where no worker takes the request up. */
int status_watch(struct app *app);
