/* act/ofed/end.h - what mlnxofedinstall says: its exit code, its progress, the lines of its logs
 * that matter. Pure.
 *
 * Source: NVIDIA's documentation of MLNX_OFED, "Installation Script Return Codes", and messages
 * that users have shown (facts: catalogue, section 6). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* The fault of an exit code and of what was printed, and a clause that says what it means. */
enum fault end_fault(int code, const char *said, const char **ret_means);

/* Is this line of the output a step forward that somebody who waits wants to see? */
bool end_is_progress(const char *line);

/* The lines of an output or a log that say why it failed, as one text; "" if there are none. */
void end_lines(const char *text, char *ret, size_t size);

/* The log that the output names: an absolute path. False if it names none. */
bool end_log(const char *said, char *ret, size_t size);
