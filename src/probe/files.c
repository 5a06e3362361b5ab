/* probe/files.c - walks files and directories of configuration. */
#include "probe/files.h"

#include <string.h>

#include "base/text.h"
#include "host/host.h"

bool files_has(const struct host *h, const char *path)
{
	char target[256];

	return host_exists(h, path) || host_read_link_name(h, path, target, sizeof target) == 0;
}

bool files_read(const struct host *h, const char *path, void (*fn)(void *ctx, struct slice text),
		void *ctx)
{
	AUTO_BUF struct buf b = { .max = FILES_MAX };

	if (host_read(h, path, FILES_MAX, &b) < 0)
		return false;
	fn(ctx, (struct slice) { buf_text(&b), b.len });
	return true;
}

struct walk {
	const struct host *host;
	const char *dir, *suffix;
	void (*fn)(void *ctx, const char *path, struct slice text);
	void *ctx;
};

static int walk_file(void *ctx, const char *name)
{
	const struct walk *w = ctx;
	AUTO_BUF struct buf b = { .max = FILES_MAX };
	char path[384];

	if (text_ends(name, w->suffix) && TEXT_FORMAT(path, "%s/%s", w->dir, name) == 0 &&
	    host_read(w->host, path, FILES_MAX, &b) == 0)
		w->fn(w->ctx, path, (struct slice) { buf_text(&b), b.len });
	return 0;
}

void files_each(const struct host *h, const char *dir, const char *suffix,
		void (*fn)(void *ctx, const char *path, struct slice text), void *ctx)
{
	struct walk w = { h, dir, suffix, fn, ctx };

	(void)!host_list(h, dir, walk_file, &w);
}

static struct slice unquote(struct slice s)
{
	if (s.len >= 2 && (s.text[0] == '"' || s.text[0] == '\'') && s.text[s.len - 1] == s.text[0])
		return (struct slice) { s.text + 1, s.len - 2 };
	return s;
}

bool files_pair(struct slice line, struct slice *ret_key, struct slice *ret_value)
{
	struct slice key;

	line = slice_trim(line);
	if (line.len == 0 || line.text[0] == '#' || line.text[0] == ';' ||
	    !slice_cut(&line, '=', &key))
		return false;
	*ret_key = slice_trim(key);
	*ret_value = unquote(slice_trim(line));
	return true;
}

static bool list_has(const char *list, const char *word)
{
	struct slice rest = { list, strlen(list) }, part;

	while (slice_cut(&rest, ',', &part)) {
		if (slice_eq(part, word))
			return true;
	}
	return slice_eq(rest, word);
}

void files_add(struct slice word, char *list, size_t size)
{
	char plain[128];
	size_t len = strlen(list);

	if (word.len == 0 || word.len >= sizeof plain || memchr(word.text, ',', word.len) != NULL)
		return;
	SLICE_COPY(word, plain);
	if (!list_has(list, plain) && len + word.len + 1 < size)
		(void)text_format(list + len, size - len, "%s%s", len > 0 ? "," : "", plain);
}

enum tristate files_truth(struct slice value)
{
	static const char *const words[][2] = {
		{ "n", "y" }, { "no", "yes" }, { "0", "1" }, { "false", "true" }, { "off", "on" },
	};
	char plain[8];

	if (value.len >= sizeof plain)
		return TRI_UNKNOWN;
	SLICE_COPY(value, plain);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		for (int k = 0; k < 2; k++) {
			if (text_eq_nocase(plain, words[i][k]))
				return k == 1 ? TRI_YES : TRI_NO;
		}
	}
	return TRI_UNKNOWN;
}

enum tristate files_installed(const struct host *h, const struct facts *f, const char *path,
			      const char *package)
{
	if (host_exists(h, path) || facts_package(f, package) != NULL)
		return TRI_YES;
	return host_knows(h, path) || f->packages_known ? TRI_NO : TRI_UNKNOWN;
}
