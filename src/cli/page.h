/* cli/page.h - text for a person: wrapped to the width of what it is shown on, coloured where that
 * is a terminal. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/cleanup.h"

enum page_style { PAGE_PLAIN = 0, PAGE_STRONG, PAGE_GOOD, PAGE_BAD, PAGE_NOTE };

struct page {
	FILE *out;
	unsigned width; /* columns */
	bool colour;
};

enum { PAGE_WIDTH_DEFAULT = 80, PAGE_WIDTH_MIN = 40, PAGE_WIDTH_MAX = 160 };

/* The width is that of COLUMNS, else of the terminal, else 80, within bounds. Colour only on a
 * terminal that can show it, and never where NO_COLOR is set (no-color.org). */
struct page page_of(FILE *out);

/* The same, from what is known about the terminal: its width (0: not known), whether it is one, and
 * the variables, NULL where they are not set. */
struct page page_for(FILE *out, unsigned terminal_columns, bool terminal, const char *columns,
		     const char *no_color, const char *term);

/* A label in its style, in a field of `field` columns from column `indent` on, and the text behind
 * it, wrapped between there and the right edge. No label: the text stands alone. White space is one
 * space; control characters, which facts may hold, are shown as '?'. */
struct page_label {
	unsigned indent, field;
	enum page_style style;
	const char *text;
};

void page_item(const struct page *p, const struct page_label *label, const char *fmt, ...)
	PRINTF(3, 4);

/* The text alone, from column `indent` on. */
void page_text(const struct page *p, unsigned indent, const char *fmt, ...) PRINTF(3, 4);

/* An empty line and a heading. */
void page_heading(const struct page *p, const char *text);
