/* host/recorder.c - notes what a machine is asked, each place once. */
#include "host/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "host/host.h"
#include "host/node.h"
#include "host/root.h"
#include "host/run.h"

int recorder_init(struct recorder *ret)
{
	*ret = (struct recorder) {
		.places = json_object(),
		.commands = json_array(),
		.spaces = json_object(),
		.complete = json_object(),
	};
	if (ret->places && ret->commands && ret->spaces && ret->complete)
		return 0;
	recorder_free(ret);
	return -ENOMEM;
}

void recorder_free(struct recorder *r)
{
	for (size_t i = 0; i < r->count; i++) {
		free(r->at[i].path);
		buf_free(&r->at[i].content);
	}
	free(r->at);
	json_decref(r->places);
	json_decref(r->commands);
	json_decref(r->spaces);
	json_decref(r->complete);
	json_decref(r->nodes);
	json_decref(r->addresses);
	json_decref(r->imds);
	*r = (struct recorder) { 0 };
}

static void fail(struct recorder *r, const char *why)
{
	if (!r->failed)
		r->failed = why;
}

static void set_new(struct recorder *r, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) < 0)
		fail(r, "no memory");
}

static struct noted *find(const struct recorder *r, const char *path)
{
	const json_t *place = json_object_get(r->places, path);

	return place ? &r->at[json_integer_value(place)] : NULL;
}

const struct noted *recorder_find(const struct recorder *r, const char *path)
{
	return find(r, path);
}

static bool make_room(struct recorder *r)
{
	size_t space = r->space ? 2 * r->space : 256;
	struct noted *at;

	if (r->count < r->space)
		return true;
	at = space <= 2 * RECORDER_PLACES_MAX ? realloc(r->at, space * sizeof *at) : NULL;
	if (!at) {
		fail(r, "too many files were read");
		return false;
	}
	r->at = at;
	r->space = space;
	return true;
}

/* The place of that path, made if there is none; NULL, and the recorder has failed, if it cannot
 * be. */
static struct noted *note(struct recorder *r, const char *path, enum noted_kind kind)
{
	struct noted *n = find(r, path);
	char *copy;

	if (n)
		return n;
	if (text_eq(path, ".") || !make_room(r))
		return NULL;
	copy = strdup(path);
	if (!copy) {
		fail(r, "no memory");
		return NULL;
	}
	set_new(r, r->places, path, json_integer((json_int_t)r->count));
	n = &r->at[r->count++];
	*n = (struct noted) { .path = copy, .kind = kind };
	return n;
}

/* What was read last is what counts: an attribute may change between two looks. */
static void set_content(struct recorder *r, struct noted *n, const char *data, size_t len)
{
	r->bytes = r->bytes - n->content.len + len;
	buf_clear(&n->content);
	if (r->bytes > RECORDER_BYTES_MAX)
		fail(r, "more was read than can be kept");
	else if (buf_add(&n->content, data, len) < 0)
		fail(r, "no memory");
}

static void note_link(void *ctx, const char *path, const char *target)
{
	struct recorder *r = ctx;
	struct noted *n = note(r, path, NOTED_LINK);

	if (n)
		set_content(r, n, target, strlen(target));
}

/* Where the path leads; each symlink on the way is noted. False if it leads nowhere. */
static bool resolve(const struct host *h, const char *path, bool follow, char ret[static PATH_MAX])
{
	const struct root_query q = { .root = h->root,
				      .path = path,
				      .follow = follow,
				      .link = note_link,
				      .ctx = h->recorder };

	return root_walk(&q, ret, PATH_MAX) == 0;
}

/* As `resolve`; a world answers for some paths that its root does not have. */
static void resolve_or_take(const struct host *h, const char *path, char ret[static PATH_MAX])
{
	if (!resolve(h, path, true, ret))
		(void)text_copy(ret, PATH_MAX, path + strspn(path, "/"));
}

static void note_target(const struct host *h, const char *real)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(h->root, real, target, sizeof target - 1);

	if (n < 0)
		return;
	target[n] = '\0';
	note_link(h->recorder, real, target);
}

void recorder_read(const struct host *h, const char *path, const char *data, size_t len)
{
	char real[PATH_MAX];
	struct noted *n;

	if (!h->recorder)
		return;
	resolve_or_take(h, path, real);
	n = note(h->recorder, real, NOTED_FILE);
	if (!n)
		return;
	n->was_read = true;
	set_content(h->recorder, n, data, len);
}

void recorder_too_long(const struct host *h, const char *path, size_t max)
{
	char real[PATH_MAX];
	struct noted *n;

	if (!h->recorder)
		return;
	resolve_or_take(h, path, real);
	n = note(h->recorder, real, NOTED_FILE);
	if (n && max > n->longer_than)
		n->longer_than = max;
}

static void note_as_it_is(const struct host *h, const char *real)
{
	struct stat st;

	/* What is not below the root comes from the "dirs" of a world. */
	if (fstatat(h->root, real, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(st.st_mode))
		(void)note(h->recorder, real, NOTED_DIR);
	else if (S_ISLNK(st.st_mode))
		note_target(h, real);
	else
		(void)note(h->recorder, real, NOTED_FILE);
}

void recorder_seen(const struct host *h, const char *path)
{
	char real[PATH_MAX];

	if (!h->recorder)
		return;
	resolve_or_take(h, path, real);
	note_as_it_is(h, real);
}

void recorder_listed(const struct host *h, const char *path, const char *name)
{
	char dir[PATH_MAX], real[PATH_MAX];

	if (!h->recorder)
		return;
	resolve_or_take(h, path, dir);
	if (TEXT_FORMAT(real, "%s%s%s", text_eq(dir, ".") ? "" : dir, text_eq(dir, ".") ? "" : "/",
			name) == 0)
		note_as_it_is(h, real);
}

void recorder_link(const struct host *h, const char *path)
{
	char real[PATH_MAX];

	if (h->recorder && resolve(h, path, false, real))
		note_target(h, real);
}

void recorder_complete(const struct host *h, const char *path)
{
	if (h->recorder)
		set_new(h->recorder, h->recorder->complete, path, json_true());
}

void recorder_machine(const struct host *h, const char *machine)
{
	if (h->recorder)
		(void)TEXT_COPY(h->recorder->machine, machine);
}

void recorder_space(const struct host *h, const char *path, uint64_t free_bytes,
		    uint64_t total_bytes)
{
	char mount[PATH_MAX];

	if (!h->recorder)
		return;
	(void)TEXT_FORMAT(mount, "/%s", text_eq(path, ".") ? "" : path);
	set_new(h->recorder, h->recorder->spaces, mount,
		json_pack("{s:I, s:I}", "freeBytes", (json_int_t)free_bytes, "totalBytes",
			  (json_int_t)total_bytes));
}

/* A value is NULL where what was asked for is not there. */
static void note_in(struct recorder *r, json_t **object, const char *key, json_t *value)
{
	if (!*object)
		*object = json_object();
	if (value)
		set_new(r, *object, key, value);
}

void recorder_node(const struct host *h, const char *path, const struct node *node)
{
	char mode[8];

	if (!h->recorder)
		return;
	(void)TEXT_FORMAT(mode, "%04o", node ? node->mode : 0);
	note_in(h->recorder, &h->recorder->nodes, path,
		node ? json_pack("{s:s, s:i}", "mode", mode, "group", (int)node->group) : NULL);
}

void recorder_ipv4(const struct host *h, const char *netdev, const char *address)
{
	if (h->recorder)
		note_in(h->recorder, &h->recorder->addresses, netdev,
			address ? json_string(address) : NULL);
}

/* What a program wrote, as JSON can carry it. */
static json_t *output(const struct buf *b)
{
	AUTO_BUF struct buf text = { 0 };
	json_t *j;

	if (buf_add(&text, buf_text(b), b->len) < 0)
		return NULL;
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] == '\0')
			text.data[i] = '?';
	j = json_string(text.data);
	if (j)
		return j;
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.data[i] > 127)
			text.data[i] = '?';
	return json_string(text.data);
}

static json_t *words(const char *const *argv)
{
	json_t *j = json_array();

	for (; *argv; argv++) {
		if (json_array_append_new(j, json_string(*argv)) < 0) {
			json_decref(j);
			return NULL;
		}
	}
	return j;
}

/* A program that did not come to an end of its own: as a shell tells it. */
static int exit_code(const struct run_result *result)
{
	if (result->end == RUN_TIMED_OUT)
		return 124;
	return result->end == RUN_SIGNALLED ? 128 + result->code : result->code;
}

void recorder_command(const struct host *h, const struct run_spec *spec,
		      const struct run_result *result)
{
	json_t *command;

	if (!h->recorder || result->end == RUN_NOT_FOUND)
		return;
	command = json_pack("{s:o, s:i, s:o}", "argv", words(spec->argv), "code", exit_code(result),
			    "stdout", output(&result->out));
	if (result->err.len > 0 && json_object_set_new(command, "stderr", output(&result->err)) < 0)
		fail(h->recorder, "no memory");
	if (json_array_append_new(h->recorder->commands, command) < 0)
		fail(h->recorder, "no memory");
}

static json_t *metadata_answer(enum metadata_end end, int status, const char *body, size_t len)
{
	json_t *answer = end == METADATA_ANSWERED ? json_parse(body, len, NULL, 0) : NULL;
	char code[16];

	if (json_is_object(answer))
		return answer;
	json_decref(answer);
	if (end == METADATA_NONE)
		return json_null();
	if (end == METADATA_TIMEOUT)
		return json_pack("{s:s}", "error", "timeout");
	/* An answer that is no object is no answer of the service. */
	(void)TEXT_FORMAT(code, "%d", end == METADATA_ANSWERED ? 0 : status);
	return json_pack("{s:s}", "error", code);
}

void recorder_metadata(const struct host *h, enum metadata_end end, int status, const char *body,
		       size_t len)
{
	if (!h->recorder)
		return;
	json_decref(h->recorder->imds);
	h->recorder->imds = metadata_answer(end, status, body, len);
	if (!h->recorder->imds)
		fail(h->recorder, "no memory");
}
