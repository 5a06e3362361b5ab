/* cli/treat.c - one table: for each kind of file the lines to keep, and what hides in them. */
#include "cli/treat.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "base/text.h"
#include "cli/treat_lines.h"

/* Lines that nobody is to see, whoever reads facts from them. */
enum { ALWAYS = 1 << 8 };

static const struct {
	const char *pattern;
	bool (*keeps)(void *state, const char *line, size_t len); /* NULL: every line */
	int (*write)(struct aliases *a, unsigned flags, const char *text, size_t len,
		     struct buf *ret);
	unsigned flags;
} treatments[] = {
	{ "*lib/modules/*/modules.dep", line_is_of_module, treat_nothing, 0 },
	{ "*lib/modules/*/modules.builtin", line_is_of_module, treat_nothing, 0 },
	{ "*lib/modules/*.ko", NULL, treat_module, 0 },
	{ "*lib/modules/*", NULL, treat_nothing, 0 },
	{ "*bin/rdma", NULL, treat_renamer, 0 },
	{ "*/rdma_rename", NULL, treat_renamer, 0 },
	{ "var/lib/dpkg/status", line_is_of_package, alias_text, ALIAS_KEEP_QUADS },
	{ "var/lib/hyperv/.kvp_pool_*", NULL, treat_kvp, 0 },
	{ "proc/*net/route", NULL, treat_routes, 0 },
	{ "proc/*mounts", line_is_of_mount, alias_text, 0 },
	{ "proc/cmdline", word_is_of_boot, alias_text, ALWAYS },
	{ "*os-release", NULL, alias_text, ALIAS_KEEP_QUADS },
	{ "etc/waagent.conf", line_is_of_agent, alias_text, ALIAS_SETTINGS | ALWAYS },
	{ "etc/cloud/*", line_is_of_cloud, alias_text, ALIAS_SETTINGS | ALWAYS },
	{ "etc/environment", line_is_of_proxy, alias_text, ALIAS_SETTINGS | ALWAYS },
	{ "etc/systemd/system.conf*", line_is_of_manager, alias_text, ALIAS_SETTINGS | ALWAYS },
	{ "*systemd/system/openibd.service*", line_is_of_order, alias_text,
	  ALIAS_SETTINGS | ALWAYS },
	{ "etc/systemd/*", line_is_of_proxy, alias_text, ALIAS_SETTINGS | ALWAYS },
	{ "etc/apt/apt.conf*", line_is_of_proxy, alias_text, ALIAS_SETTINGS | ALWAYS },
	{ "etc/*versionlock.list", line_is_no_comment, alias_text, ALIAS_KEEP_QUADS },
	{ "etc/*", line_is_no_comment, alias_text, ALIAS_SETTINGS },
	{ "*version*", NULL, alias_text, ALIAS_KEEP_QUADS },
	{ "*", NULL, alias_text, 0 },
};

static int keep_lines(bool (*keeps)(void *state, const char *line, size_t len),
		      const struct buf *content, struct buf *ret)
{
	struct line_state state = { 0 };
	char separator = keeps == word_is_of_boot ? ' ' : '\n';
	const char *text = buf_text(content);

	for (size_t at = 0; at < content->len;) {
		const char *end = memchr(text + at, separator, content->len - at);
		size_t len = end ? (size_t)(end - text) + 1 - at : content->len - at;
		int rc = keeps(&state, text + at, len) ? buf_add(ret, text + at, len) : 0;

		if (rc < 0)
			return rc;
		at += len;
	}
	return buf_add(ret, "", 0);
}

int treat_file(struct aliases *a, const char *path, bool reduced, const struct buf *content,
	       struct buf *ret)
{
	AUTO_BUF struct buf lines = { 0 };
	unsigned flags;
	size_t i = 0;
	int rc;

	while (fnmatch(treatments[i].pattern, path, 0) != 0)
		i++;
	flags = treatments[i].flags | (reduced ? TREAT_REDUCED : 0);
	if (!treatments[i].keeps || !(flags & (TREAT_REDUCED | ALWAYS)))
		return treatments[i].write(a, flags, buf_text(content), content->len, ret);
	rc = keep_lines(treatments[i].keeps, content, &lines);
	return rc < 0 ? rc : treatments[i].write(a, flags, buf_text(&lines), lines.len, ret);
}

int treat_path(struct aliases *a, const char *path, struct buf *ret)
{
	return alias_text(a, ALIAS_KEEP_QUADS, path, strlen(path), ret);
}

/* These tell versions of four numbers, which look like addresses. */
static bool tells_versions(const char *program)
{
	static const char *const programs[] = { "rpm",       "dpkg",   "dpkg-query", "apt-get",
						"apt-cache", "dnf",    "yum",        "tdnf",
						"zypper",    "dkms",   "modinfo",    "ofed_info",
						"uname",     "waagent" };
	const char *slash = strrchr(program, '/');

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		if (text_eq(slash ? slash + 1 : program, programs[i]))
			return true;
	return false;
}

static json_t *treat_text(struct aliases *a, unsigned flags, const char *text)
{
	AUTO_BUF struct buf b = { 0 };

	return alias_text(a, flags, text, strlen(text), &b) < 0 ? NULL : json_string(buf_text(&b));
}

static json_t *treat_output(struct aliases *a, bool reduced, const char *program, const char *text)
{
	AUTO_BUF struct buf all = { 0 }, lines = { 0 };

	if (!tells_versions(program))
		return treat_text(a, 0, text);
	if (!reduced || !text_eq(program, "rpm"))
		return treat_text(a, ALIAS_KEEP_QUADS, text);
	if (buf_add_text(&all, text) < 0 || keep_lines(line_is_of_rpm, &all, &lines) < 0)
		return NULL;
	return treat_text(a, ALIAS_KEEP_QUADS, buf_text(&lines));
}

json_t *treat_command(struct aliases *a, bool reduced, const json_t *command)
{
	static const char *const outputs[] = { "stdout", "stderr" };
	AUTO_JSON json_t *ret = json_pack("{s:[], s:I}", "argv", "code",
					  (json_int_t)json_int_at(command, "code", 0));
	const char *program = json_text_at(command, "argv.0", "");
	const json_t *word;
	size_t i;

	json_array_foreach(json_object_get(command, "argv"), i, word)
	{
		if (json_array_append_new(
			    json_object_get(ret, "argv"),
			    treat_text(a, ALIAS_KEEP_QUADS, json_string_value(word))) < 0)
			return NULL;
	}
	for (i = 0; i < ARRAY_SIZE(outputs); i++) {
		const char *text = json_text_at(command, outputs[i], NULL);

		if (text && json_object_set_new(ret, outputs[i],
						treat_output(a, reduced, program, text)) < 0)
			return NULL;
	}
	return TAKE(ret);
}

/* Of metadata: what the facts say, what is left out with all below it, and what names somebody. */
static const char *const shown[] = {
	"vmSize", "publisher", "offer", "sku", "version", "error", NULL
};
static const char *const dropped[] = { "customData", "userData",         "publicKeys", "tags",
				       "tagsList",   "extendedLocation", NULL };
static const char *const naming[] = { "name",           "computerName",
				      "adminUsername",  "resourceGroupName",
				      "vmScaleSetName", NULL };

static bool is_one_of(const char *const *list, const char *word)
{
	for (; *list; list++)
		if (text_eq_nocase(*list, word))
			return true;
	return false;
}

static json_t *treat_member(struct aliases *a, const char *key, const json_t *value)
{
	AUTO_BUF struct buf b = { 0 };

	if (!json_is_string(value) || is_one_of(shown, key))
		return json_deep_copy(value);
	return alias_value(a, json_string_value(value), &b) < 0 ? NULL : json_string(buf_text(&b));
}

static json_t *treat_array(struct aliases *a, const char *key, const json_t *array)
{
	AUTO_JSON json_t *ret = json_array();
	const json_t *value;
	size_t i;

	json_array_foreach(array, i, value)
	{
		json_t *item = json_is_object(value) ? treat_metadata(a, value)
						     : treat_member(a, key, value);

		if (json_array_append_new(ret, item) < 0)
			return NULL;
	}
	return TAKE(ret);
}

json_t *treat_metadata(struct aliases *a, const json_t *imds)
{
	AUTO_JSON json_t *ret = json_object();
	const char *key;
	json_t *value;

	if (!json_is_object(imds))
		return json_null();
	json_object_foreach((json_t *)imds, key, value)
	{
		json_t *item;

		if (is_one_of(dropped, key))
			continue;
		if (json_is_object(value))
			item = treat_metadata(a, value);
		else if (json_is_array(value))
			item = treat_array(a, key, value);
		else
			item = treat_member(a, key, value);
		if (json_object_set_new(ret, key, item) < 0)
			return NULL;
	}
	return TAKE(ret);
}

/* Does the text have the name as a word, or anywhere if it is long? As alias_text looks for it. */
static bool has_name(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = text; (at = strcasestr(at, name)) != NULL; at++)
		if (len >= 8 || ((at == text || !isalnum((unsigned char)at[-1])) &&
				 !isalnum((unsigned char)at[len])))
			return true;
	return false;
}

int treat_add_name(struct aliases *a, const char *name, const char *keep)
{
	return !*name || has_name(keep, name) ? 0 : alias_add_name(a, name);
}

int treat_add_names(struct aliases *a, const json_t *imds, const char *keep)
{
	const char *key;
	json_t *value;
	int rc = 0;

	json_object_foreach((json_t *)imds, key, value)
	{
		if (json_is_object(value))
			rc = treat_add_names(a, value, keep);
		else if (json_is_string(value) && is_one_of(naming, key))
			rc = treat_add_name(a, json_string_value(value), keep);
		if (rc < 0)
			break;
	}
	return rc;
}
