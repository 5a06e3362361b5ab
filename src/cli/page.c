/* Wraps text, and colours labels. */
#include "cli/page.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"

enum { TEXT_MAX = 2048 };

static const char *const style_codes[] = {
	[PAGE_PLAIN] = "",         [PAGE_STRONG] = "\033[1m",  [PAGE_GOOD] = "\033[32m",
	[PAGE_BAD] = "\033[1;31m", [PAGE_NOTE] = "\033[1;33m",
};

struct page page_for(FILE *out, unsigned terminal_columns, bool terminal, const char *columns,
		     const char *no_color, const char *term)
{
	long n = terminal_columns > 0 ? (long)terminal_columns : PAGE_WIDTH_DEFAULT;
	long given;

	if (columns && text_to_long(columns, 10, &given) == 0 && given > 0)
		n = given;
	n = n < PAGE_WIDTH_MIN ? PAGE_WIDTH_MIN : n > PAGE_WIDTH_MAX ? PAGE_WIDTH_MAX : n;
	return (struct page) { .out = out,
			       .width = (unsigned)n,
			       .colour = terminal && !(no_color && no_color[0]) && term &&
					 !text_eq(term, "dumb") };
}

struct page page_of(FILE *out)
{
	struct winsize size = { 0 };
	int fd = fileno(out);
	bool terminal = fd >= 0 && isatty(fd);

	if (!terminal || ioctl(fd, TIOCGWINSZ, &size) < 0)
		size.ws_col = 0;
	return page_for(out, size.ws_col, terminal, getenv("COLUMNS"), getenv("NO_COLOR"),
			getenv("TERM"));
}

/* The columns that these bytes of UTF-8 take, as good as all of them one a letter. */
static unsigned columns_of(const char *text, size_t len)
{
	unsigned n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

static void put(FILE *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		fputc(c < 0x20 || c == 0x7f ? '?' : c, out);
	}
}

static void put_spaces(FILE *out, unsigned n)
{
	fprintf(out, "%*s", (int)n, "");
}

/* Write the words from column `at` on; later lines begin at `left`. A word that fits on no line
 * stands on one of its own. */
static void put_wrapped(const struct page *p, unsigned left, unsigned at, const char *text)
{
	static const char white[] = " \t\n\r";
	bool first = true;

	for (text += strspn(text, white); *text; text += strspn(text, white)) {
		size_t len = strcspn(text, white);
		unsigned width = columns_of(text, len);

		if (!first && at + 1 + width > p->width) {
			fputc('\n', p->out);
			put_spaces(p->out, left);
			at = left;
			first = true;
		}
		if (!first)
			fputc(' ', p->out);
		put(p->out, text, len);
		at += width + !first;
		first = false;
		text += len;
	}
	fputc('\n', p->out);
}

/* Returns the column behind it. */
static unsigned put_label(const struct page *p, const struct page_label *l)
{
	size_t len = strlen(l->text);
	unsigned width = columns_of(l->text, len);
	bool coloured = p->colour && l->style != PAGE_PLAIN && len > 0;

	put_spaces(p->out, l->indent);
	if (coloured)
		fputs(style_codes[l->style], p->out);
	put(p->out, l->text, len);
	if (coloured)
		fputs("\033[0m", p->out);
	if (width < l->field) {
		put_spaces(p->out, l->field - width);
		width = l->field;
	}
	return l->indent + width;
}

static void item_put(const struct page *p, const struct page_label *label, const char *text)
{
	unsigned at = put_label(p, label);

	put_wrapped(p, label->indent + label->field, at, text);
}

void page_item(const struct page *p, const struct page_label *label, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	item_put(p, label, text);
}

void page_text(const struct page *p, unsigned indent, const char *fmt, ...)
{
	struct page_label none = { .indent = indent, .text = "" };
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	item_put(p, &none, text);
}

void page_heading(const struct page *p, const char *text)
{
	struct page_label label = { .style = PAGE_STRONG, .text = text };

	fputc('\n', p->out);
	item_put(p, &label, "");
}
