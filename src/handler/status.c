/* handler/status.c - renders and writes N.status. */
#include "handler/status.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fs.h"
#include "base/redact.h"
#include "base/text.h"
#include "handler/environment.h"
#include "host/host.h"

#define NAME      "InfiniBandDriverLinux"
#define OPERATION "Enable InfiniBand"

enum { STATUS_FILE_MAX = 256 << 10 };

static const char *const state_names[] = {
	[STATUS_TRANSITIONING] = "transitioning",
	[STATUS_SUCCESS] = "success",
	[STATUS_ERROR] = "error",
};

const char *status_state_name(enum status_state state)
{
	return state_names[state];
}

/* One character of what a program may have said: its length, 0 if it is not UTF-8. Overlong forms,
 * surrogates and what is above U+10FFFF are none (RFC 3629, section 3). */
static size_t character_length(const unsigned char *p)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = { { 0x80, 0x00, 0 },
		      { 0xe0, 0xc0, 0x80 },
		      { 0xf0, 0xe0, 0x800 },
		      { 0xf8, 0xf0, 0x10000 } };

	for (size_t n = 0; n < ARRAY_SIZE(forms); n++) {
		uint32_t c = p[0] & (unsigned char)~forms[n].mask;

		if ((p[0] & forms[n].mask) != forms[n].lead)
			continue;
		for (size_t i = 1; i <= n; i++) {
			if ((p[i] & 0xc0) != 0x80) /* the NUL at the end included */
				return 0;
			c = c << 6 | (p[i] & 0x3f);
		}
		return c < forms[n].least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ? 0
											  : n + 1;
	}
	return 0;
}

void utf8_fit(char *text, size_t size)
{
	size_t at = 0;

	while (text[at] != '\0') {
		size_t n = character_length((const unsigned char *)text + at);

		if (n == 0 || (unsigned char)text[at] < ' ' || text[at] == 0x7f) {
			text[at] = n == 0 ? '?' : ' ';
			n = 1;
		}
		if (at + n >= size)
			break;
		at += n;
	}
	text[at] = '\0';
}

/* Cut a copy into a fixed array. A character that text_copy has cut in two becomes '?'s, which
 * utf8_fit would keep: so fit first, in a copy of the whole. */
static void copy_fit(char *ret, size_t size, const char *text)
{
	AUTO_FREE char *whole = strdup(text);

	if (whole == NULL) {
		ret[0] = '\0';
		return;
	}
	utf8_fit(whole, size);
	(void)text_copy(ret, size, whole);
}

void status_set(struct status *s, enum status_state state, int code, const char *message)
{
	s->state = state;
	s->code = code;
	copy_fit(s->message, sizeof s->message, message);
}

static struct substatus *find_sub(struct status *s, const char *name)
{
	for (unsigned i = 0; i < s->nsubs; i++)
		if (text_eq(s->subs[i].name, name))
			return &s->subs[i];
	if (s->nsubs == STATUS_SUBS_MAX)
		return NULL;
	copy_fit(s->subs[s->nsubs].name, sizeof s->subs[0].name, name);
	return &s->subs[s->nsubs++];
}

void status_sub(struct status *s, const char *name, enum status_state state, int code,
		const char *message)
{
	struct substatus *sub = find_sub(s, name);

	if (sub == NULL)
		return;
	sub->state = state;
	sub->code = code;
	copy_fit(sub->message, sizeof sub->message, message);
}

void status_advice(char *ret, size_t size, const char *cause, const char *remedy, const char *slug)
{
	size_t len = strlen(cause);
	bool ended = len > 0 && strchr(".?!:;", cause[len - 1]) != NULL;

	(void)text_format(ret, size, "%s%s Next: %s (ib-vmext explain %s)", cause, ended ? "" : ".",
			  remedy, slug);
}

void status_fail(struct status *s, enum fault fault, const char *what)
{
	const struct fault_row *row = fault_row(fault);
	char cause[STATUS_MESSAGE_SIZE];
	char message[STATUS_MESSAGE_SIZE];
	size_t left = sizeof cause - strlen(row->remedy) - strlen(row->slug) - 40;

	copy_fit(cause, left, what[0] != '\0' ? what : row->cause);
	status_advice(message, sizeof message, cause, row->remedy, row->slug);
	status_set(s, STATUS_ERROR, row->exit_code, message);
}

void status_settle(struct status *s)
{
	for (unsigned i = 0; i < s->nsubs; i++) {
		struct substatus *sub = &s->subs[i];

		if (sub->state != STATUS_TRANSITIONING)
			continue;
		sub->state = s->state == STATUS_SUCCESS ? STATUS_SUCCESS : STATUS_ERROR;
		sub->code = s->code;
	}
}

void status_redact(struct status *s, const struct log *log)
{
	if (log == NULL)
		return;
	redact(s->message, log->secrets, log->nsecrets);
	for (unsigned i = 0; i < s->nsubs; i++)
		redact(s->subs[i].message, log->secrets, log->nsecrets);
}

static json_t *message_to_json(const char *message)
{
	return json_pack("{s:s, s:s}", "lang", "en-US", "message", message);
}

static json_t *subs_to_json(const struct status *s)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < s->nsubs; i++) {
		const struct substatus *sub = &s->subs[i];

		(void)json_array_append_new(
			list, json_pack("{s:s, s:s, s:i, s:o}", "name", sub->name, "status",
					state_names[sub->state], "code", sub->code,
					"formattedMessage", message_to_json(sub->message)));
	}
	return list;
}

json_t *status_to_json(const struct status *s, int64_t now_ms)
{
	char when[21];

	time_text(now_ms, when);
	return json_pack("[{s:s, s:s, s:{s:s, s:s, s:s, s:s, s:i, s:o, s:o}}]", "version", "1.0",
			 "timestampUTC", when, "status", "name", NAME, "operation", OPERATION,
			 "configurationAppliedTime", when, "status", state_names[s->state], "code",
			 s->code, "formattedMessage", message_to_json(s->message), "substatus",
			 subs_to_json(s));
}

int status_write(const struct host *h, const char *dir, int64_t seq, const json_t *document)
{
	AUTO_FD int fd = -1;
	AUTO_BUF struct buf text = { 0 };
	char name[40];
	int rc;

	if (document == NULL)
		return -ENOMEM;
	fd = openat(h->root, path_below_root(dir), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	rc = json_write(document, false, &text);
	if (rc < 0)
		return rc;
	(void)TEXT_FORMAT(name, "%lld.status", (long long)seq);
	return fs_replace(fd, name, text.data, text.len, 0644);
}

int status_read(const struct host *h, const char *dir, int64_t seq, enum status_state *ret)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_JSON json_t *j = NULL;
	char path[FOLDER_SIZE + 40];
	const char *state;
	int rc;

	(void)TEXT_FORMAT(path, "%s/%lld.status", path_below_root(dir), (long long)seq);
	rc = host_read(h, path, STATUS_FILE_MAX, &text);
	if (rc < 0)
		return rc;
	j = json_parse(buf_text(&text), text.len, NULL, 0);
	state = j != NULL ? json_text_at(j, "0.status.status", "") : "";
	for (size_t i = 0; i < ARRAY_SIZE(state_names); i++) {
		if (!text_eq(state, state_names[i]))
			continue;
		*ret = (enum status_state)i;
		return 0;
	}
	return -EINVAL;
}
