/* Reads the output of apt-get -s and dpkg-query. */
#include "act/apt_parse.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

struct words {
	const char *at, *end;
};

/* The next run of characters up to white space or one of `stop`; returns its length. */
static size_t next_word(struct words *w, const char *stop, char *ret, size_t size)
{
	size_t n = 0;

	while (w->at < w->end && *w->at == ' ')
		w->at++;
	while (w->at < w->end && *w->at != ' ' && !strchr(stop, *w->at)) {
		if (n + 1 < size)
			ret[n++] = *w->at;
		w->at++;
	}
	ret[n] = '\0';
	return n;
}

static bool skip(struct words *w, char c)
{
	while (w->at < w->end && *w->at == ' ')
		w->at++;
	if (w->at == w->end || *w->at != c)
		return false;
	w->at++;
	return true;
}

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
	return 0;
}

int apt_parse_simulation(const char *text, size_t len, struct transaction *ret)
{
	const char *end = text + len;

	for (const char *line = text; line < end;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		struct words w = { line + 5, stop ? stop : end };
		size_t length = (size_t)(w.end - line);
		struct change c;
		bool install = length > 5 && memcmp(line, "Inst ", 5) == 0;
		bool removal = length > 5 &&
			       (memcmp(line, "Remv ", 5) == 0 || memcmp(line, "Purg ", 5) == 0);

		if (install || removal) {
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

static enum dpkg_state state_of(const char *abbrev)
{
	if (abbrev[2] == 'R')
		return DPKG_HALF; /* needs to be installed again */
	switch (abbrev[1]) {
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

int dpkg_parse_line(const char *line, enum dpkg_state *ret_state, char *name, size_t name_size,
		    char *version, size_t version_size)
{
	char abbrev[4] = "";
	size_t length = strlen(line);
	struct words w = { line + 3, line + length };

	if (length < 4)
		return -EINVAL;
	memcpy(abbrev, line, 3);
	if (!next_word(&w, "", name, name_size))
		return -EINVAL;
	(void)next_word(&w, "", version, version_size);
	*ret_state = state_of(abbrev);
	return 0;
}
