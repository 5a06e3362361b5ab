/* Reads who is logged in, who forbids to shut down, and what the agent runs. */
#include "act/boot/onlookers.h"

#include <stdio.h>
#include <string.h>
#include <utmp.h>

#include "act/pairs.h"
#include "act/process.h"
#include "base/text.h"
#include "host/host.h"

#define SESSIONS   "run/systemd/sessions"
#define INHIBITORS "run/systemd/inhibit"

enum { FILE_BYTES_MAX = 16 << 10, UTMP_BYTES_MAX = 4 << 20 };

bool session_is_persons(const char *text, char *ret, size_t size)
{
	char class[32], state[32];

	pairs_value(text, "CLASS", class, sizeof(class));
	pairs_value(text, "STATE", state, sizeof(state));
	pairs_value(text, "USER", ret, size);
	/* "user", "user-early", "user-incomplete"; not "manager", "greeter", "background", ... */
	return text_starts(class, "user") && !text_eq(state, "closing");
}

/* "shutdown:sleep": is one of the words? */
static bool list_names(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; at; at = strchr(at, ':')) {
		at += *at == ':';
		if (strncmp(at, word, len) == 0 && (at[len] == ':' || at[len] == '\0'))
			return true;
	}
	return false;
}

bool inhibitor_blocks_shutdown(const char *text, char *ret, size_t size)
{
	char what[128], mode[16], who[64], why[96];

	pairs_value(text, "WHAT", what, sizeof(what));
	pairs_value(text, "MODE", mode, sizeof(mode));
	pairs_value(text, "WHO", who, sizeof(who));
	pairs_value(text, "WHY", why, sizeof(why));
	text_format(ret, size, "%s (%s)", who, why);
	return list_names(what, "shutdown") && text_starts(mode, "block");
}

struct listing {
	const struct host *host;
	const char *dir;
	bool (*is)(const char *text, char *ret, size_t size);
	char *ret;
	size_t size;
};

static int list_one(void *ctx, const char *name)
{
	struct listing *l = ctx;
	AUTO_BUF struct buf text = { 0 };
	char path[300];

	/* "1.ref" is a pipe that the holder has open. */
	if (text_ends(name, ".ref") || name[0] == '.')
		return 0;
	TEXT_FORMAT(path, "%s/%s", l->dir, name);
	return host_read(l->host, path, FILE_BYTES_MAX, &text) == 0 &&
	       l->is(buf_text(&text), l->ret, l->size);
}

static bool is_alive(const struct host *h, pid_t pid)
{
	char path[32];

	TEXT_FORMAT(path, "proc/%d", (int)pid);
	return host_exists(h, path);
}

/* Programs that die leave their entry behind. */
static bool utmp_names(const struct host *h, char *ret, size_t size)
{
	AUTO_BUF struct buf data = { 0 };
	struct utmp u;

	if (host_read(h, "run/utmp", UTMP_BYTES_MAX, &data) < 0)
		return false;
	for (size_t at = 0; at + sizeof(u) <= data.len; at += sizeof(u)) {
		memcpy(&u, data.data + at, sizeof(u));
		if (u.ut_type != USER_PROCESS || !is_alive(h, u.ut_pid))
			continue;
		text_format(ret, size, "%.*s", (int)strnlen(u.ut_user, sizeof(u.ut_user)),
			    u.ut_user);
		return true;
	}
	return false;
}

bool onlooker_user(const struct host *h, char *ret, size_t size)
{
	struct listing l = { h, SESSIONS, session_is_persons, ret, size };

	return utmp_names(h, ret, size) || host_list(h, SESSIONS, list_one, &l) == 1;
}

bool onlooker_inhibitor(const struct host *h, char *ret, size_t size)
{
	struct listing l = { h, INHIBITORS, inhibitor_blocks_shutdown, ret, size };

	return host_list(h, INHIBITORS, list_one, &l) == 1;
}

static bool is_command(const struct host *h, pid_t pid, void *ctx)
{
	char words[512], parent[512];

	(void)ctx;
	process_words(h, pid, words, sizeof(words));
	if (!strstr(words, "/var/lib/waagent/") || strstr(words, "ib-vmext"))
		return false;
	process_words(h, process_parent(h, pid), parent, sizeof(parent));
	return strstr(parent, "-run-exthandlers") != NULL;
}

bool onlooker_command(const struct host *h, char *ret, size_t size)
{
	char words[200];
	pid_t pid = process_find(h, is_command, NULL);

	if (pid == 0)
		return false;
	process_words(h, pid, words, sizeof(words));
	text_format(ret, size, "pid %d: %s", (int)pid, words);
	return true;
}
