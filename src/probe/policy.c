/* probe/policy.c - reads what package managers are told to keep, to leave out and to go through. */
#include "probe/policy.h"

#include <string.h>

#include "base/text.h"
#include "host/host.h"
#include "probe/files.h"
#include "probe/package.h"
#include "probe/slice.h"

enum { NAME_MAX_SIZE = 96 };

static bool holds_text(struct slice s, const char *part)
{
	return memmem(s.text, s.len, part, strlen(part)) != NULL;
}

/* Words between white space and commas. */
static void add_words(struct slice words, char *list, size_t size)
{
	struct slice word, part;

	while (slice_word(&words, &word)) {
		while (slice_cut(&word, ',', &part))
			files_add(part, list, size);
		files_add(word, list, size);
	}
}

/* What a repository says until its section ends; [main] is one as well. */
struct repository {
	char excludes[sizeof((struct package_policy_facts *)0)->excludes];
	bool is_off, is_dead;
};

static void repository_end(struct repository *r, struct package_policy_facts *ret)
{
	struct slice excludes = { r->excludes, strlen(r->excludes) };

	if (!r->is_off) {
		add_words(excludes, ret->excludes, sizeof ret->excludes);
		if (r->is_dead)
			(void)TEXT_COPY(ret->mirrors, "centos-eol");
	}
	*r = (struct repository) { .is_off = false };
}

static void repository_take(struct repository *r, struct slice key, struct slice value)
{
	if (slice_eq(key, "exclude") || slice_eq(key, "excludepkgs"))
		add_words(value, r->excludes, sizeof r->excludes);
	else if (slice_eq(key, "enabled"))
		r->is_off = files_truth(value) == TRI_NO;
	else if (slice_eq(key, "mirrorlist") || slice_eq(key, "baseurl"))
		/* Both were switched off in 2024. */
		r->is_dead |= holds_text(value, "://mirrorlist.centos.org/") ||
			      holds_text(value, "://mirror.centos.org/");
}

void policy_parse_dnf(const char *text, size_t len, struct package_policy_facts *ret)
{
	struct slice rest = { text, len }, line, key = { "", 0 }, value;
	struct repository r = { .is_off = false };

	while (slice_line(&rest, &line)) {
		struct slice plain = slice_trim(line);

		if (plain.len == 0 || plain.text[0] == '#' || plain.text[0] == ';')
			continue;
		if (line.text[0] == ' ' || line.text[0] == '\t') {
			repository_take(&r, key, plain); /* goes on with the value before */
		} else if (plain.text[0] == '[') {
			repository_end(&r, ret);
			key.len = 0;
		} else if (files_pair(plain, &key, &value)) {
			repository_take(&r, key, value);
		}
	}
	repository_end(&r, ret);
}

static void add_lock(struct slice name, struct package_policy_facts *ret)
{
	char plain[NAME_MAX_SIZE];

	if (name.len >= sizeof plain)
		return;
	SLICE_COPY(name, plain);
	if (package_is_kernel(plain) || package_is_rdma(plain) || package_is_rdma_pattern(plain))
		files_add(name, ret->locks, sizeof ret->locks);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "kernel-core-0:5.14.0-503.el9.*" and "0:kernel-3.10.0-1160.el7.*" -> the name: what stands before
 * the first '-' that a version follows. */
static struct slice name_of_lock(struct slice lock)
{
	size_t epoch = 0;

	while (epoch < lock.len && is_digit(lock.text[epoch]))
		epoch++;
	if (epoch > 0 && epoch < lock.len && lock.text[epoch] == ':')
		lock = (struct slice) { lock.text + epoch + 1, lock.len - epoch - 1 };
	for (size_t i = 0; i + 1 < lock.len; i++) {
		if (lock.text[i] == '-' && (is_digit(lock.text[i + 1]) || lock.text[i + 1] == '*'))
			return (struct slice) { lock.text, i };
	}
	return lock;
}

void policy_parse_versionlock(const char *text, size_t len, struct package_policy_facts *ret)
{
	struct slice rest = { text, len }, line, lock;

	while (slice_line(&rest, &line)) {
		if (!slice_word(&line, &lock) || lock.text[0] == '#')
			continue;
		if (lock.text[0] == '!') /* this one version is left out */
			lock = (struct slice) { lock.text + 1, lock.len - 1 };
		add_lock(name_of_lock(lock), ret);
	}
}

void policy_parse_zypp_locks(const char *text, size_t len, struct package_policy_facts *ret)
{
	struct slice rest = { text, len }, line, key;

	while (slice_line(&rest, &line)) {
		if (slice_cut(&line, ':', &key) && slice_eq(slice_trim(key), "solvable_name"))
			add_lock(slice_trim(line), ret);
	}
}

static void add_pins(struct slice names, struct package_policy_facts *ret)
{
	struct slice name;
	char plain[NAME_MAX_SIZE];

	while (slice_word(&names, &name)) {
		if (name.len >= sizeof plain)
			continue;
		SLICE_COPY(name, plain);
		if (package_is_rdma(plain) || package_is_rdma_pattern(plain))
			files_add(name, ret->pins, sizeof ret->pins);
	}
}

void policy_parse_preferences(const char *text, size_t len, struct package_policy_facts *ret)
{
	struct slice rest = { text, len }, line, key;

	while (slice_line(&rest, &line)) {
		if (slice_cut(&line, ':', &key) && slice_eq(slice_trim(key), "Package"))
			add_pins(line, ret);
	}
}

/* Is what follows the word "proxy" a value, and one that names a proxy? */
static bool is_proxy_value(struct slice rest)
{
	static const char *const nothing[] = { "", "_none_", "none", "direct", "false" };
	char plain[16];
	size_t n = 0;

	if (rest.len == 0 || strchr(" \t=\"'", rest.text[0]) == NULL)
		return false;
	for (size_t i = 0; i < rest.len && n + 1 < sizeof plain; i++) {
		if (strchr(" \t=\"';{}\r", rest.text[i]) == NULL)
			plain[n++] = rest.text[i];
	}
	plain[n] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(nothing); i++) {
		if (text_eq_nocase(plain, nothing[i]))
			return false;
	}
	return true;
}

static bool line_sets_proxy(struct slice line)
{
	static const char word[] = "proxy";
	const size_t len = strlen(word);

	line = slice_trim(line);
	if (line.len == 0 || line.text[0] == '#' || line.text[0] == ';' || slice_starts(line, "//"))
		return false;
	for (size_t i = 0; i + len <= line.len; i++) {
		if (strncasecmp(line.text + i, word, len) != 0 ||
		    (i >= 3 && strncasecmp(line.text + i - 3, "no_", 3) == 0))
			continue;
		if (is_proxy_value((struct slice) { line.text + i + len, line.len - i - len }))
			return true;
	}
	return false;
}

bool policy_sets_proxy(const char *text, size_t len)
{
	struct slice rest = { text, len }, line;

	while (slice_line(&rest, &line)) {
		if (line_sets_proxy(line))
			return true;
	}
	return false;
}

static void note_proxy(void *ctx, const char *path, struct slice text)
{
	struct package_policy_facts *p = ctx;

	if (p->proxy[0] == '\0' && policy_sets_proxy(text.text, text.len))
		SLICE_COPY(((struct slice) { path, strlen(path) }), p->proxy);
}

static void take_dnf(void *ctx, const char *path, struct slice text)
{
	policy_parse_dnf(text.text, text.len, ctx);
	note_proxy(ctx, path, text);
}

static void take_versionlock(void *ctx, const char *path, struct slice text)
{
	(void)path;
	policy_parse_versionlock(text.text, text.len, ctx);
}

static void take_zypp_locks(void *ctx, const char *path, struct slice text)
{
	(void)path;
	policy_parse_zypp_locks(text.text, text.len, ctx);
}

static void take_preferences(void *ctx, const char *path, struct slice text)
{
	(void)path;
	policy_parse_preferences(text.text, text.len, ctx);
}

/* A file or, with a suffix, each such file of a directory. */
static const struct {
	const char *path;
	const char *suffix;
	void (*take)(void *ctx, const char *path, struct slice text);
} sources[] = {
	{ "etc/environment", NULL, note_proxy },
	{ "etc/apt/apt.conf", NULL, note_proxy },
	{ "etc/apt/apt.conf.d", "", note_proxy },
	{ "etc/dnf/dnf.conf", NULL, take_dnf },
	{ "etc/yum.conf", NULL, take_dnf },
	{ "etc/yum.repos.d", ".repo", take_dnf },
	{ "etc/systemd/system/walinuxagent.service.d", ".conf", note_proxy },
	{ "etc/systemd/system/waagent.service.d", ".conf", note_proxy },
	{ "etc/dnf/plugins/versionlock.list", NULL, take_versionlock },
	{ "etc/yum/pluginconf.d/versionlock.list", NULL, take_versionlock },
	{ "etc/zypp/locks", NULL, take_zypp_locks },
	{ "etc/apt/preferences", NULL, take_preferences },
	{ "etc/apt/preferences.d", "", take_preferences },
};

struct reading {
	struct package_policy_facts *into;
	size_t source;
};

static void take_file(void *ctx, struct slice text)
{
	const struct reading *r = ctx;

	sources[r->source].take(r->into, sources[r->source].path, text);
}

void policy_read(const struct host *h, struct facts *ret)
{
	struct reading r = { .into = &ret->policy };

	for (; r.source < ARRAY_SIZE(sources); r.source++) {
		if (sources[r.source].suffix == NULL)
			(void)files_read(h, sources[r.source].path, take_file, &r);
		else
			files_each(h, sources[r.source].path, sources[r.source].suffix,
				   sources[r.source].take, r.into);
	}
}
