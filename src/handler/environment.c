/* handler/environment.c - finds and reads HandlerEnvironment.json, and the number of the request.
 */
#include "handler/environment.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/text.h"
#include "handler/handler.h"
#include "host/host.h"

#define FILE_NAME "HandlerEnvironment.json"

const char *path_below_root(const char *path)
{
	while (*path == '/')
		path++;
	return *path != '\0' ? path : ".";
}

/* A folder that we shall write into as root: absolute, without a way up. */
static bool is_folder(const char *path)
{
	return path[0] == '/' && strstr(path, "/../") == NULL && !text_ends(path, "/..");
}

static const struct {
	const char *key;
	bool required;
	size_t offset;
} folders[] = {
	{ "logFolder", true, offsetof(struct environment, log_folder) },
	{ "configFolder", true, offsetof(struct environment, config_folder) },
	{ "statusFolder", true, offsetof(struct environment, status_folder) },
	{ "eventsFolder_preview", false, offsetof(struct environment, events_folder) },
	{ "eventsFolder", false, offsetof(struct environment, events_folder) },
};

static int read_folder(const json_t *env, size_t i, struct environment *ret, char *why,
		       size_t why_size)
{
	const json_t *value = json_object_get(env, folders[i].key);
	const char *path = json_string_value(value);
	char *into = (char *)ret + folders[i].offset;

	if (path == NULL && !folders[i].required)
		return 0;
	if (path == NULL)
		(void)text_format(why, why_size, "handlerEnvironment.%s is %s", folders[i].key,
				  value == NULL ? "missing" : "not a string");
	else if (!is_folder(path))
		(void)text_format(why, why_size, "handlerEnvironment.%s is not an absolute path",
				  folders[i].key);
	else if (text_copy(into, FOLDER_SIZE, path) < 0)
		(void)text_format(why, why_size, "handlerEnvironment.%s is too long",
				  folders[i].key);
	else
		return 0;
	return -EINVAL;
}

int environment_parse(const char *text, size_t len, struct environment *ret, char *why,
		      size_t why_size)
{
	AUTO_JSON json_t *j = json_parse(text, len, why, why_size);
	struct environment made = { 0 };
	const json_t *env;

	if (j == NULL)
		return -EINVAL;
	if (!json_is_array(j) || json_array_size(j) == 0) {
		(void)text_copy(why, why_size, "it is not a list with one element");
		return -EINVAL;
	}
	env = json_object_get(json_array_get(j, 0), "handlerEnvironment");
	if (!json_is_object(env)) {
		(void)text_copy(why, why_size, "element 0 has no object handlerEnvironment");
		return -EINVAL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (read_folder(env, i, &made, why, why_size) < 0)
			return -EINVAL;
	(void)TEXT_COPY(made.directory, ret->directory);
	*ret = made;
	return 0;
}

static bool has_file(const struct host *h, const char *directory)
{
	char path[PATH_MAX];

	return TEXT_FORMAT(path, "%s/" FILE_NAME, path_below_root(directory)) == 0 &&
	       host_exists(h, path);
}

/* The parent of bin/ of the running program. Returns 0 or -errno. */
static int directory_of_program(const char *program, char *ret, size_t size)
{
	char path[PATH_MAX] = "";
	ssize_t n = readlink(program, path, sizeof path - 1);

	if (n < 0)
		return -errno;
	for (int up = 0; up < 2; up++) {
		char *slash = strrchr(path, '/');

		if (slash == NULL || slash == path)
			return -ENOENT;
		*slash = '\0';
	}
	return text_copy(ret, size, path);
}

static int find_directory(const struct handler_app *app, char *ret, size_t size)
{
	char here[FOLDER_SIZE];

	if (app->extension_path != NULL && app->extension_path[0] != '\0')
		return text_copy(ret, size, app->extension_path);
	if (getcwd(here, sizeof here) != NULL && has_file(app->host, here))
		return text_copy(ret, size, here);
	return directory_of_program(app->program, ret, size);
}

int environment_read(const struct handler_app *app, struct environment *ret, struct error *err)
{
	AUTO_BUF struct buf text = { 0 };
	char path[PATH_MAX], why[200] = "";
	int rc = find_directory(app, ret->directory, sizeof ret->directory);

	if (rc < 0)
		return error_set(err, FAULT_HANDLER_ENVIRONMENT, -rc,
				 "the handler's directory cannot be found: " FILE_NAME
				 " is neither here nor above the program's directory");
	(void)TEXT_FORMAT(path, "%s/" FILE_NAME, ret->directory);
	rc = host_read(app->host, path, ENVIRONMENT_MAX, &text);
	if (rc < 0)
		return error_set(err, FAULT_HANDLER_ENVIRONMENT, -rc, "%s cannot be read: %s", path,
				 strerror(-rc));
	if (environment_parse(buf_text(&text), text.len, ret, why, sizeof why) < 0)
		return error_set(err, FAULT_HANDLER_ENVIRONMENT, 0, "%s is malformed: %s", path,
				 why);
	return 0;
}

/* "7.settings" -> 7; -1 for any other name, those of several extensions in one handler included. */
static int64_t number_of(const char *name)
{
	char digits[24];
	long n = -1;

	if (!text_ends(name, ".settings") || name[0] < '0' || name[0] > '9' ||
	    TEXT_COPY(digits, name) < 0)
		return -1;
	digits[strlen(digits) - strlen(".settings")] = '\0';
	return text_to_long(digits, 10, &n) == 0 ? n : -1;
}

struct newest {
	const struct host *host;
	const char *folder;
	int64_t seq;
	struct timespec at;
};

static int take_newer(void *ctx, const char *name)
{
	struct newest *n = ctx;
	int64_t seq = number_of(name);
	char path[PATH_MAX];
	struct stat st;

	(void)TEXT_FORMAT(path, "%s/%s", path_below_root(n->folder), name);
	if (seq < 0 || fstatat(n->host->root, path, &st, 0) < 0)
		return 0;
	if (n->seq < 0 || st.st_mtim.tv_sec > n->at.tv_sec ||
	    (st.st_mtim.tv_sec == n->at.tv_sec &&
	     (st.st_mtim.tv_nsec > n->at.tv_nsec ||
	      (st.st_mtim.tv_nsec == n->at.tv_nsec && seq > n->seq)))) {
		n->seq = seq;
		n->at = st.st_mtim;
	}
	return 0;
}

int environment_sequence(const struct handler_app *app, const struct environment *env, int64_t *ret,
			 struct error *err)
{
	struct newest newest = { .host = app->host, .folder = env->config_folder, .seq = -1 };
	long n = -1;
	int rc;

	if (app->sequence != NULL && app->sequence[0] != '\0') {
		if (text_to_long(app->sequence, 10, &n) < 0 || n < 0)
			return error_set(err, FAULT_SETTINGS_FILE, EINVAL,
					 "ConfigSequenceNumber is not a number: %.40s",
					 app->sequence);
		*ret = n;
		return 0;
	}
	rc = host_list(app->host, path_below_root(env->config_folder), take_newer, &newest);
	if (rc < 0 || newest.seq < 0)
		return error_set(err, FAULT_SETTINGS_FILE, -rc, "there is no N.settings in %s",
				 env->config_folder);
	*ret = newest.seq;
	return 0;
}
