/* tools/gen-tables.h - the makers that gen-tables has a mode for. Each reads `file` and writes the
 * whole output. */
#pragma once

#include <stdio.h>

void make_fault_ids(const char *file, FILE *out);
void make_fault_table(const char *file, FILE *out);
void make_exit_codes_md(const char *file, FILE *out);
void make_sizes(const char *file, FILE *out);
void make_adapters(const char *file, FILE *out);
void make_drivers(const char *file, FILE *out);
void make_warnings(const char *file, FILE *out);
void make_warnings_md(const char *file, FILE *out);
void make_known_issues(const char *file, FILE *out);
void make_known_issues_md(const char *file, FILE *out);
