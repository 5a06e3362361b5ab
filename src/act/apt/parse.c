/* Reads the output of apt-get -s and dpkg-query. */
#include "act/apt/parse.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

struct words {
	const char *at, *end;
};

static bool at_end(struct words *w)
{
	while (w->at < w->end && *w->at == ' ')
		w->at++;
	return w->at == w->end;
}

/* The next run of characters up to a space or one of `stop`. False, with *ret empty, if there is
 * none or if it does not fit. */
static bool next_word(struct words *w, const char *stop, char *ret, size_t size)
{
	size_t n = 0;

	ret[0] = '\0';
	if (at_end(w))
		return false;
	while (w->at + n < w->end && w->at[n] && w->at[n] != ' ' && !strchr(stop, w->at[n]))
		n++;
	if (n == 0 || n >= size)
		return false;
	memcpy(ret, w->at, n);
	ret[n] = '\0';
	w->at += n;
	return true;
}

static bool skip(struct words *w, char c)
{
	(void)at_end(w);
	if (w->at == w->end || *w->at != c)
		return false;
	w->at++;
	return true;
}

/* "[amd64]" where the parenthesis closes; not every apt prints it. */
static void parse_arch(const struct words *w, char *ret, size_t size)
{
	const char *close = memchr(w->at, ')', (size_t)(w->end - w->at));
	struct words arch;

	ret[0] = '\0';
	if (!close || close == w->at || close[-1] != ']')
		return;
	for (arch.at = close - 1; arch.at > w->at && *arch.at != '['; arch.at--)
		;
	if (*arch.at != '[')
		return;
	arch.at++;
	arch.end = close - 1;
	(void)next_word(&arch, "", ret, size);
}

/* Returns 0 or -EINVAL. The name of a foreign architecture's package ends in ":arch". */
static int parse_change(struct words *w, bool removal, struct change *ret)
{
	*ret = (struct change) { .kind = removal ? CHANGE_REMOVE : CHANGE_INSTALL };
	if (!next_word(w, "[(", ret->name, sizeof(ret->name)))
		return -EINVAL;
	if (skip(w, '[')) {
		if (!next_word(w, "]", ret->old_version, sizeof(ret->old_version)) || !skip(w, ']'))
			return -EINVAL;
		if (!removal)
			ret->kind = CHANGE_REPLACE;
	}
	if (removal)
		return ret->old_version[0] ? 0 : -EINVAL;
	if (!skip(w, '(') || !next_word(w, ")", ret->new_version, sizeof(ret->new_version)))
		return -EINVAL;
	parse_arch(w, ret->arch, sizeof(ret->arch));
	return 0;
}

static bool begins(const struct words *line, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(line->end - line->at) > len && memcmp(line->at, word, len) == 0;
}

int apt_parse_simulation(const char *text, size_t len, struct transaction *ret)
{
	const char *end = text + len;

	for (const char *line = text; line < end;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		struct words w = { line, stop ? stop : end };
		bool removal = begins(&w, "Remv ") || begins(&w, "Purg ");
		struct change c;

		if (removal || begins(&w, "Inst ")) {
			w.at += strlen("Inst ");
			if (parse_change(&w, removal, &c) < 0)
				return -EINVAL;
			if (transaction_add(ret, &c) < 0)
				return -ENOMEM;
		}
		line = stop ? stop + 1 : end;
	}
	transaction_sort(ret);
	return 0;
}

static enum dpkg_state state_of(char letter)
{
	switch (letter) {
	case 'i':
		return DPKG_INSTALLED;
	case 'c':
		return DPKG_CONFIG_FILES;
	case 'n':
		return DPKG_ABSENT;
	default:
		return DPKG_HALF; /* U, F, H, W, t: unpacked, half-done, waiting for triggers */
	}
}

int dpkg_parse_line(const char *line, size_t len, struct dpkg_package *ret)
{
	struct words w = { line, line + len };
	struct dpkg_package p = { 0 };

	if (len < strlen("ii x"))
		return -EINVAL;
	p.reinstall = line[2] == 'R';
	p.state = p.reinstall ? DPKG_HALF : state_of(line[1]);
	w.at += 3;
	if (!next_word(&w, ":", p.name, sizeof(p.name)) || !skip(&w, ':'))
		return -EINVAL;
	if (w.at < w.end && *w.at != ' ' && !next_word(&w, "", p.arch, sizeof(p.arch)))
		return -EINVAL;
	if (!at_end(&w) && !next_word(&w, "", p.version, sizeof(p.version)))
		return -EINVAL;
	*ret = p;
	return 0;
}
