/* cli/report_part.h - the parts of what a page says of one machine. Used by report_html.c alone. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "cli/report.h"

/* The text as HTML shows it, in an element or an attribute. */
void html_put(FILE *out, const char *text);

void part_machine(const struct report_node *n, FILE *out);
void part_checks(const struct report_node *n, bool green, FILE *out);
void part_ports(const struct report_node *n, FILE *out);    /* against what is expected */
void part_timeline(const struct report_node *n, FILE *out); /* of the last run's stages */
void part_changes(const struct report_node *n, FILE *out);  /* what the last run was to change */
