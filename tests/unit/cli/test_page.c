/* tests/unit/cli/test_page.c - where lines are broken, and when there is colour. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/page.h"

static const struct {
	const char *name;
	unsigned terminal;
	bool is_terminal;
	const char *columns, *no_color, *term;
	unsigned width;
	bool colour;
} rows[] = {
	{ "a terminal", 100, true, NULL, NULL, "xterm", 100, true },
	{ "COLUMNS outweighs it", 100, true, "60", NULL, "xterm", 60, true },
	{ "a file", 0, false, NULL, NULL, "xterm", 80, false },
	{ "a file, and COLUMNS", 0, false, "120", NULL, NULL, 120, false },
	{ "NO_COLOR", 100, true, NULL, "1", "xterm", 100, false },
	{ "NO_COLOR without a value is not set", 100, true, NULL, "", "xterm", 100, true },
	{ "a dumb terminal", 100, true, NULL, NULL, "dumb", 100, false },
	{ "a terminal that nobody names", 100, true, NULL, NULL, NULL, 100, false },
	{ "too narrow", 7, true, NULL, NULL, "xterm", 40, true },
	{ "too wide", 1000, true, NULL, NULL, "xterm", 160, true },
	{ "COLUMNS that is no number", 90, true, "wide", NULL, "xterm", 90, true },
	{ "COLUMNS of nothing", 90, true, "0", NULL, "xterm", 90, true },
};

static void knows_its_width(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct page p = page_for(NULL, rows[i].terminal, rows[i].is_terminal,
					 rows[i].columns, rows[i].no_color, rows[i].term);

		if (p.width != rows[i].width || p.colour != rows[i].colour)
			fail_msg("%s: %u, %d", rows[i].name, p.width, p.colour);
	}
}

static const struct {
	const char *name;
	struct page_label label;
	bool colour;
	const char *text, *want;
} item_rows[] = {
	{ "a short line", { 0, 6, PAGE_PLAIN, "Why" }, false, "so", "Why   so\n" },
	{ "a line that is full",
	  { 0, 0, PAGE_PLAIN, "" },
	  false,
	  "1234567890 1234567890 1234567890 1234567",
	  "1234567890 1234567890 1234567890 1234567\n" },
	{ "one letter more",
	  { 0, 0, PAGE_PLAIN, "" },
	  false,
	  "1234567890 1234567890 1234567890 12345678",
	  "1234567890 1234567890 1234567890\n12345678\n" },
	{ "later lines stand below the text",
	  { 2, 4, PAGE_PLAIN, "no" },
	  false,
	  "the first words of it and the words that follow them",
	  "  no  the first words of it and the\n      words that follow them\n" },
	{ "a word that fits nowhere",
	  { 2, 2, PAGE_PLAIN, "-" },
	  false,
	  "https://example.com/a/very/long/address/that/goes/on see",
	  "  - https://example.com/a/very/long/address/that/goes/on\n    see\n" },
	{ "a label that is too long", { 0, 2, PAGE_PLAIN, "label" }, false, "text", "labeltext\n" },
	{ "letters, not bytes",
	  { 0, 0, PAGE_PLAIN, "" },
	  false,
	  "éééééééééé éééééééééé éééééééééé ééééééé",
	  "éééééééééé éééééééééé éééééééééé ééééééé\n" },
	{ "white space is one space", { 0, 0, PAGE_PLAIN, "" }, false, "  a\n\tb  ", "a b\n" },
	{ "what would command the terminal is shown",
	  { 0, 0, PAGE_PLAIN, "" },
	  false,
	  "a\033[2Jb\177",
	  "a?[2Jb?\n" },
	{ "a label in colour", { 0, 5, PAGE_GOOD, "yes" }, true, "x", "\033[32myes\033[0m  x\n" },
	{ "plain stays plain", { 0, 5, PAGE_PLAIN, "yes" }, true, "x", "yes  x\n" },
	{ "no text", { 2, 0, PAGE_NOTE, "id" }, false, "", "  id\n" },
};

static void breaks_lines(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(item_rows); i++) {
		AUTO_FREE char *text = NULL;
		size_t len = 0;
		struct page p = { .out = open_memstream(&text, &len),
				  .width = 40,
				  .colour = item_rows[i].colour };

		page_item(&p, &item_rows[i].label, "%s", item_rows[i].text);
		assert_int_equal(fclose(p.out), 0);
		if (!text_eq(text, item_rows[i].want))
			fail_msg("%s: \"%s\"", item_rows[i].name, text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_its_width),
		cmocka_unit_test(breaks_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
