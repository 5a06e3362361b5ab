/* Reads proc/<pid>/. */
#include "act/process.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "host/host.h"

enum { ANCESTORS_MAX = 64, WORDS_BYTES_MAX = 8 << 10 };

int process_stat_parse(const char *line, pid_t *ret_parent, uint64_t *ret_start)
{
	/* The name may hold anything. */
	const char *after_name = strrchr(line, ')');
	int parent;

	if (!after_name || sscanf(after_name,
				  ") %*c %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
				  "%*s %*s %*s %*s %" SCNu64,
				  &parent, ret_start) != 2)
		return -EINVAL;
	*ret_parent = parent;
	return 0;
}

static int stat_of(const struct host *h, pid_t pid, pid_t *ret_parent, uint64_t *ret_start)
{
	char path[48], line[1024];

	TEXT_FORMAT(path, "proc/%d/stat", (int)pid);
	if (HOST_READ_LINE(h, path, line) < 0)
		return -ENOENT;
	return process_stat_parse(line, ret_parent, ret_start);
}

pid_t process_parent(const struct host *h, pid_t pid)
{
	uint64_t start;
	pid_t parent;

	return stat_of(h, pid, &parent, &start) == 0 ? parent : 0;
}

bool process_is_ancestor(const struct host *h, pid_t pid)
{
	pid_t at = getpid();

	for (int depth = 0; at > 1 && depth < ANCESTORS_MAX; depth++) {
		if (at == pid)
			return true;
		at = depth == 0 ? getppid() : process_parent(h, at);
	}
	return false;
}

int64_t process_age_s(const struct host *h, pid_t pid)
{
	char line[80];
	uint64_t start;
	double uptime_s;
	pid_t parent;

	if (pid <= 0 || stat_of(h, pid, &parent, &start) < 0 ||
	    HOST_READ_LINE(h, "proc/uptime", line) < 0 || sscanf(line, "%lf", &uptime_s) != 1)
		return -1;
	uptime_s -= (double)start / (double)sysconf(_SC_CLK_TCK);
	return uptime_s > 0 ? (int64_t)uptime_s : 0;
}

void process_name(const struct host *h, pid_t pid, char *ret, size_t size)
{
	char path[48], comm[32] = "";

	TEXT_FORMAT(path, "proc/%d/comm", (int)pid);
	if (pid < 0)
		text_copy(ret, size, "a process of another container");
	else if (HOST_READ_LINE(h, path, comm) == 0)
		text_format(ret, size, "%s (pid %d)", comm, (int)pid);
	else
		text_format(ret, size, "pid %d", (int)pid);
}

void process_words(const struct host *h, pid_t pid, char *ret, size_t size)
{
	AUTO_BUF struct buf words = { 0 };
	char path[48];

	ret[0] = '\0';
	TEXT_FORMAT(path, "proc/%d/cmdline", (int)pid);
	if (host_read(h, path, WORDS_BYTES_MAX, &words) < 0 || !words.len)
		return;
	for (size_t i = 0; i + 1 < words.len; i++)
		if (words.data[i] == '\0')
			words.data[i] = ' ';
	text_copy(ret, size, words.data);
}

struct search {
	const struct host *host;
	bool (*is)(const struct host *h, pid_t pid, void *ctx);
	void *ctx;
	pid_t found;
};

static int search_one(void *ctx, const char *name)
{
	struct search *s = ctx;
	long pid;

	if (text_to_long(name, 10, &pid) < 0 || pid <= 1 ||
	    process_is_ancestor(s->host, (pid_t)pid) || !s->is(s->host, (pid_t)pid, s->ctx))
		return 0;
	s->found = (pid_t)pid;
	return 1;
}

pid_t process_find(const struct host *h, bool (*is)(const struct host *h, pid_t pid, void *ctx),
		   void *ctx)
{
	struct search s = { h, is, ctx, 0 };

	return host_list(h, "proc", search_one, &s) == 1 ? s.found : 0;
}
