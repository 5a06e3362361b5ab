/* host/world.c - reads world.json and answers from it. */
#include "host/world.h"

#include <errno.h>
#include <string.h>

#include "base/fs.h"
#include "base/text.h"

enum { WORLD_MAX = 16 << 20 };

static const struct {
	const char *key;
	json_type type;
} members[] = {
	{ "kernel", JSON_OBJECT }, { "imds", JSON_OBJECT },      { "commands", JSON_ARRAY },
	{ "statfs", JSON_OBJECT }, { "dirs", JSON_ARRAY },       { "complete", JSON_ARRAY },
	{ "nodes", JSON_OBJECT },  { "addresses", JSON_OBJECT },
};

static int check_members(const json_t *world, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		const json_t *j = json_object_get(world, members[i].key);

		if (j && !json_is_null(j) && json_typeof(j) != members[i].type)
			return error_set(err, FAULT_WORLD, 0, "world.json: \"%s\" is not %s",
					 members[i].key,
					 members[i].type == JSON_ARRAY ? "an array" : "an object");
	}
	return 0;
}

static int check_commands(const json_t *world, struct error *err)
{
	const json_t *command;
	size_t i;

	json_array_foreach(json_object_get(world, "commands"), i, command)
	{
		if (json_array_size(json_object_get(command, "argv")) == 0)
			return error_set(err, FAULT_WORLD, 0,
					 "world.json: commands.%zu has no argv", i);
	}
	return 0;
}

json_t *world_load(int dir, struct error *err)
{
	AUTO_BUF struct buf text = { .max = WORLD_MAX };
	AUTO_JSON json_t *world = NULL;
	char why[200] = "";
	int rc = fs_read(dir, "world.json", WORLD_MAX, &text);

	if (rc < 0) {
		(void)error_set(err, FAULT_WORLD, -rc, "cannot read world.json: %s", strerror(-rc));
		return NULL;
	}
	world = json_parse(buf_text(&text), text.len, why, sizeof why);
	if (!world) {
		(void)error_set(err, FAULT_WORLD, 0, "world.json is not JSON: %s", why);
		return NULL;
	}
	if (!text_eq(json_text_at(world, "schema", NULL), "ib-vmext/world/1")) {
		(void)error_set(err, FAULT_WORLD, 0,
				"world.json: \"schema\" is not \"ib-vmext/world/1\"");
		return NULL;
	}
	if (check_members(world, err) < 0 || check_commands(world, err) < 0)
		return NULL;
	return TAKE(world);
}

static bool same_argv(const json_t *recorded, const char *const *argv)
{
	size_t n = json_array_size(recorded);

	for (size_t i = 0; i < n; i++) {
		if (!argv[i] || !text_eq(json_string_value(json_array_get(recorded, i)), argv[i]))
			return false;
	}
	return argv[n] == NULL;
}

const json_t *world_command(const json_t *world, const char *const *argv)
{
	const json_t *command;
	size_t i;

	json_array_foreach(json_object_get(world, "commands"), i, command)
	{
		if (same_argv(json_object_get(command, "argv"), argv))
			return command;
	}
	return NULL;
}

/* What follows `path` in `entry`, both without slashes around them: "" if they are the same, NULL
 * if it is not a parent. */
static const char *below(const char *entry, const char *path)
{
	size_t len;

	entry += strspn(entry, "/");
	path += strspn(path, "/");
	len = strlen(path);
	while (len > 0 && path[len - 1] == '/')
		len--;
	if (len == 0 || (len == 1 && path[0] == '.'))
		return entry;
	if (strncmp(entry, path, len) != 0 || (entry[len] != '/' && entry[len] != '\0'))
		return NULL;
	entry += len;
	return entry + strspn(entry, "/");
}

bool world_lists(const json_t *world, const char *path)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(world, "dirs"), i, entry)
	{
		if (json_is_string(entry) && below(json_string_value(entry), path))
			return true;
	}
	return false;
}

bool world_completes(const json_t *world, const char *path)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(world, "complete"), i, entry)
	{
		if (json_is_string(entry) && below(path, json_string_value(entry)))
			return true;
	}
	return false;
}

static int add_name(void *ctx, const char *name)
{
	return json_object_set_new(ctx, name, json_true()) < 0 ? -ENOMEM : 0;
}

static int add_listed(const json_t *world, const char *path, json_t *names)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(world, "dirs"), i, entry)
	{
		const char *rest = json_is_string(entry) ? below(json_string_value(entry), path)
							 : NULL;
		char name[256];

		if (!rest || !*rest)
			continue;
		if (TEXT_FORMAT(name, "%.*s", (int)strcspn(rest, "/"), rest) < 0)
			return -ENAMETOOLONG;
		if (add_name(names, name) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int each_sorted(json_t *names, int (*fn)(void *ctx, const char *name), void *ctx)
{
	size_t n = json_object_size(names), i = 0;
	AUTO_FREE const char **sorted = calloc(n + 1, sizeof *sorted);
	const char *key;
	const json_t *value;
	int rc = 0;

	if (!sorted)
		return -ENOMEM;
	json_object_foreach(names, key, value) sorted[i++] = key;
	qsort(sorted, n, sizeof *sorted, by_bytes);
	for (i = 0; i < n && rc == 0; i++)
		rc = fn(ctx, sorted[i]);
	return rc;
}

int world_list(const json_t *world, const char *path, const struct world_dir *dir,
	       int (*fn)(void *ctx, const char *name), void *ctx)
{
	AUTO_JSON json_t *names = json_object();
	int rc;

	if (!names)
		return -ENOMEM;
	rc = dir->real ? fs_list(dir->root, dir->real, add_name, names) : 0;
	if (rc < 0 && rc != -ENOENT)
		return rc;
	rc = add_listed(world, path, names);
	return rc < 0 ? rc : each_sorted(names, fn, ctx);
}

int world_space(const json_t *world, const char *path, uint64_t *ret_free, uint64_t *ret_total)
{
	const json_t *best = NULL;
	const json_t *value;
	const char *mount;
	size_t longest = 0;

	json_object_foreach(json_object_get(world, "statfs"), mount, value)
	{
		if (below(path, mount) && (!best || strlen(mount) > longest)) {
			best = value;
			longest = strlen(mount);
		}
	}
	if (!json_is_integer(json_object_get(best, "freeBytes")) ||
	    !json_is_integer(json_object_get(best, "totalBytes")))
		return -ENODATA;
	*ret_free = (uint64_t)json_integer_value(json_object_get(best, "freeBytes"));
	*ret_total = (uint64_t)json_integer_value(json_object_get(best, "totalBytes"));
	return 0;
}
