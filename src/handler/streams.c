/* handler/streams.c - opens the sinks of a handler's run. */
#include "handler/streams.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/text.h"
#include "handler/handler.h"
#include "host/host.h"

/* Appended to, and set aside once it is big: nothing else turns our logs over. Returns a descriptor
 * or -1. */
static int open_log(const struct host *h, const char *path)
{
	char old[PATH_MAX];
	struct stat st;

	(void)TEXT_FORMAT(old, "%s.1", path);
	if (fstatat(h->root, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size > LOG_FILE_MAX)
		(void)renameat(h->root, path, h->root, old);
	return openat(h->root, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
}

static void add_file(struct streams *s, int fd, void (*write)(void *ctx, const struct event *ev))
{
	if (fd >= 0)
		(void)log_add_sink(s->log, write, (void *)(intptr_t)fd, LEVEL_INFO);
}

void streams_open(struct streams *ret, const struct handler_app *app, const char *log_folder,
		  const char *events_folder)
{
	const struct host *h = app->host;
	char path[PATH_MAX];

	*ret = (struct streams) { .log = h->log, .text_fd = -1, .json_fd = -1 };
	if (h->log == NULL)
		return;
	ret->sinks_before = h->log->nsinks;
	ret->secrets_before = h->log->nsecrets;
	if (fs_make_dirs(h->root, LOG_DIRECTORY, 0755) == 0)
		ret->text_fd = open_log(h, LOG_FILE);
	add_file(ret, ret->text_fd, log_sink_text);
	if (log_folder[0] != '\0' &&
	    fs_make_dirs(h->root, path_below_root(log_folder), 0755) == 0 &&
	    TEXT_FORMAT(path, "%s/ib-vmext.log.jsonl", path_below_root(log_folder)) == 0)
		ret->json_fd = open_log(h, path);
	add_file(ret, ret->json_fd, log_sink_json);
	ret->events = (struct event_writer) { .host = h, .version = app->version };
	(void)TEXT_COPY(ret->events.dir, events_folder);
	(void)TEXT_FORMAT(ret->events.operation, "%s-%ld-%lld", app->version, (long)getpid(),
			  (long long)h->clock->realtime_ms(h->clock));
	if (events_folder[0] != '\0')
		(void)log_add_sink(h->log, event_writer_sink, &ret->events, LEVEL_INFO);
}

void streams_close(struct streams *s)
{
	if (s->log == NULL)
		return;
	s->log->nsinks = s->sinks_before;
	s->log->nsecrets = s->secrets_before;
	s->log = NULL;
	if (s->text_fd >= 0)
		(void)close(s->text_fd);
	if (s->json_fd >= 0)
		(void)close(s->json_fd);
}
