/* Follows a run by inotify. */
#include "cli/watch.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/act.h"
#include "base/text.h"
#include "cli/app.h"
#include "cli/page.h"
#include "cli/standing.h"

enum {
	TICK_MS = 1000,      /* the clock on the screen */
	LOOK_MS = 5000,      /* for a folder that was not there yet */
	GATHER_MS = 100,     /* changes that come together are shown together */
	WORKER_COMES_S = 30, /* from a request to who takes it up */
	ROWS_UNKNOWN = 24,
};

/* The lock is written when it is taken and closed when its holder ends, killed or not. */
static const char *const watched[] = { ACT_STATE_DIR, ACT_STATE_DIR "/journal", STATUS_LOG_DIR };

struct watch {
	struct app *app;
	struct standing *standing;
	int events;     /* inotify */
	bool redraws;   /* on a terminal */
	unsigned drawn; /* lines on the screen that are ours */
	int64_t began_ms;
	off_t read_to; /* of the log */
	ino_t inode;
};

static void watch_folders(const struct watch *w)
{
	char path[80];

	for (size_t i = 0; i < ARRAY_SIZE(watched); i++) {
		AUTO_FD int fd = openat(w->app->host.root, watched[i],
					O_PATH | O_DIRECTORY | O_CLOEXEC);

		TEXT_FORMAT(path, "/proc/self/fd/%d", fd);
		if (fd >= 0)
			(void)inotify_add_watch(w->events, path,
						IN_CREATE | IN_DELETE | IN_MODIFY | IN_MOVED_TO |
							IN_CLOSE_WRITE);
	}
}

static void wait_for_change(const struct watch *w)
{
	const struct clock *clock = w->app->host.clock;
	struct pollfd p = { .fd = w->events, .events = POLLIN };
	char drain[4096];

	if (poll(&p, 1, w->redraws ? TICK_MS : LOOK_MS) <= 0)
		return;
	clock->sleep_ms(clock, GATHER_MS);
	while (read(w->events, drain, sizeof(drain)) > 0)
		;
}

/* At most `rows` lines of the text, each ended by "clear to the end of the line". */
static unsigned put_lines(FILE *out, const char *text, unsigned rows)
{
	unsigned n = 0;

	while (*text && n < rows) {
		size_t len = strcspn(text, "\n");

		fprintf(out, "%.*s\033[K\n", (int)len, text);
		text += len + (text[len] == '\n');
		n++;
	}
	return n;
}

static unsigned terminal_rows(FILE *out)
{
	struct winsize size = { 0 };

	if (ioctl(fileno(out), TIOCGWINSZ, &size) < 0 || size.ws_row < 2)
		return ROWS_UNKNOWN;
	return size.ws_row - 1u;
}

static void redraw(struct watch *w)
{
	FILE *out = w->app->out;
	struct page page = page_of(out);
	AUTO_FREE char *text = NULL;
	size_t size = 0;

	page.out = open_memstream(&text, &size);
	if (!page.out)
		return;
	render_standing(&page, w->standing);
	if (fclose(page.out) != 0)
		return;
	if (w->drawn)
		fprintf(out, "\033[%uA\r", w->drawn);
	w->drawn = put_lines(out, text, terminal_rows(out));
	fprintf(out, "\033[J");
	(void)fflush(out);
}

static void print_document(struct watch *w)
{
	AUTO_JSON json_t *document = standing_to_json(w->standing);
	AUTO_BUF struct buf text = { 0 };

	if (document && json_write(document, false, &text) == 0)
		fprintf(w->app->out, "%s\n", buf_text(&text));
	(void)fflush(w->app->out);
}

static int open_log(const struct watch *w, struct stat *ret)
{
	int fd = openat(w->app->host.root, STATUS_LOG, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd >= 0 && fstat(fd, ret) < 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* What was logged before is not told. */
static void skip_log(struct watch *w)
{
	struct stat st;
	AUTO_FD int fd = open_log(w, &st);

	if (fd < 0)
		return;
	w->read_to = st.st_size;
	w->inode = st.st_ino;
}

/* Whole lines that came since. A log that was set aside begins anew. */
static void print_log(struct watch *w)
{
	struct stat st;
	AUTO_FD int fd = open_log(w, &st);
	char text[8192];
	ssize_t n;

	if (fd < 0)
		return;
	if (st.st_ino != w->inode || st.st_size < w->read_to)
		w->read_to = 0;
	w->inode = st.st_ino;
	while ((n = pread(fd, text, sizeof(text), w->read_to)) > 0) {
		const char *end = memrchr(text, '\n', (size_t)n);
		size_t whole = end ? (size_t)(end - text) + 1 : n == sizeof(text) ? (size_t)n : 0;

		if (whole == 0)
			break;
		(void)fwrite(text, 1, whole, w->app->out);
		w->read_to += (off_t)whole;
	}
	(void)fflush(w->app->out);
}

static void show(struct watch *w)
{
	if (w->app->json)
		print_document(w);
	else if (w->redraws)
		redraw(w);
	else
		print_log(w);
}

/* A request that nobody takes up is not waited for for ever. */
static bool is_over(const struct watch *w)
{
	const struct standing *s = w->standing;
	int64_t waited_ms = s->now_ms - w->began_ms;

	if (!standing_goes_on(s))
		return true;
	return s->holder == 0 && !s->open && waited_ms > WORKER_COMES_S * 1000LL;
}

static int follow(struct watch *w)
{
	struct standing *s = w->standing;
	int rc;

	skip_log(w);
	for (;;) {
		watch_folders(w);
		standing_read(w->app, s);
		if (w->began_ms == 0 || s->holder != 0)
			w->began_ms = s->now_ms;
		show(w);
		if (is_over(w))
			break;
		standing_free(s);
		wait_for_change(w);
	}
	rc = standing_exit_code(s);
	if (!w->redraws && !w->app->json) {
		struct page page = page_of(w->app->out);

		render_standing(&page, s);
	}
	standing_free(s);
	return rc;
}

int status_watch(struct app *app)
{
	AUTO_FREE struct standing *s = calloc(1, sizeof(*s));
	AUTO_FD int events = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	const char *term = getenv("TERM");
	struct watch w = { .app = app, .standing = s, .events = events };
	struct error err = { 0 };

	if (!s || events < 0) {
		error_set(&err, FAULT_INTERNAL, 0, "nothing can be watched: inotify or no memory");
		return fail(app, &err);
	}
	w.redraws = isatty(fileno(app->out)) && term && !text_eq(term, "dumb");
	return follow(&w);
}
