/* bench/fabric.c - the lab's fabric under many agents: how long it takes to answer, and what memory
 * that takes.
 *
 *   fabric AGENTS ROUNDS PARALLEL
 *
 * The fabric is a process of its own. Here agents are simulated, PARALLEL at a time: in each round
 * each asks for its goal state, uploads a status and reports its health, every request on a
 * connection of its own, as the real agent does. All share one certificate, for keys take long to
 * make; the source address, 127.1.x.y, tells them apart. Prints one JSON object. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/text.h"
#include "lab/fabric/fabric.h"

enum { AGENTS_MAX = 10000, PARALLEL_MAX = 256, STATUS_BYTES = 2048 };

enum kind { GOAL_STATE, STATUS, HEALTH, KINDS };

struct agent {
	char address[16];
	char status_path[512]; /* of its status blob, with the signature; "" before it is known */
};

struct bench {
	char dir[64];
	int port[FABRIC_SERVICES];
	struct agent *agents;
	size_t nagents, rounds, parallel;
	double *ms[KINDS]; /* nagents * rounds each */
	atomic_size_t next;
	atomic_size_t failed;
};

static double now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int die(const char *what)
{
	fprintf(stderr, "fabric: %s: %s\n", what, strerror(errno));
	return 2;
}

/* ---- the fabric ------------------------------------------------------------------------------ */

static const struct fabric_options *options_of(const char *dir)
{
	static struct fabric_options o;

	o = (struct fabric_options) { .state_dir = dir,
				      .wire_address = "127.0.0.1",
				      .imds_address = "127.0.0.1",
				      .blob_address = "127.0.0.1",
				      .wire_port = FABRIC_ANY_PORT,
				      .plugin_port = FABRIC_ANY_PORT,
				      .imds_port = FABRIC_ANY_PORT,
				      .blob_port = FABRIC_ANY_PORT };
	return &o;
}

/* One VM, made by the fabric itself; its document is what the others are made of. */
static json_t *document_make(const char *dir)
{
	const struct fabric_vm vm = { .name = "seed",
				      .address = "127.0.0.2",
				      .size = "Standard_HB120rs_v3",
				      .location = "southcentralus" };
	AUTO_BUF struct buf text = { 0 };
	struct fabric *f = NULL;
	struct error err = { 0 };
	char path[128];

	if (fabric_start(options_of(dir), &f, &err) < 0 || fabric_add_vm(f, &vm, &err) < 0) {
		fprintf(stderr, "fabric: %s\n", err.what);
		return NULL;
	}
	fabric_stop(f);
	(void)TEXT_FORMAT(path, "%s/seed.vm.json", dir);
	if (fs_read(AT_FDCWD, path, 1 << 20, &text) < 0 || unlink(path) < 0)
		return NULL;
	return json_parse(buf_text(&text), text.len, NULL, 0);
}

/* A thousand files need not outlive a crash. */
static int write_unsynced(const char *path, const struct buf *text)
{
	AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fs_write_all(fd, text->data, text->len);
}

static int documents_write(const struct bench *b, json_t *document)
{
	json_t *vm = json_object_get(document, "vm");
	int rc = 0;

	for (size_t i = 0; i < b->nagents && rc == 0; i++) {
		AUTO_BUF struct buf text = { 0 };
		char name[32], path[128];

		(void)TEXT_FORMAT(name, "agent%zu", i);
		(void)TEXT_FORMAT(path, "%s/%s.vm.json", b->dir, name);
		json_object_set_new(vm, "name", json_string(name));
		json_object_set_new(vm, "address", json_string(b->agents[i].address));
		rc = json_write(document, false, &text);
		if (rc == 0)
			rc = write_unsynced(path, &text);
	}
	return rc;
}

/* In the child: serve until the parent closes its end. */
static int serve(const struct bench *b, int tell, int until)
{
	struct fabric *f = NULL;
	struct error err = { 0 };
	int port[FABRIC_SERVICES];
	char c;

	if (fabric_start(options_of(b->dir), &f, &err) < 0) {
		fprintf(stderr, "fabric: %s\n", err.what);
		return 2;
	}
	for (int i = 0; i < FABRIC_SERVICES; i++)
		port[i] = fabric_port(f, (enum fabric_service)i);
	if (fs_write_all(tell, port, sizeof port) < 0)
		return 2;
	while (read(until, &c, 1) < 0 && errno == EINTR)
		;
	fabric_stop(f);
	return 0;
}

static long peak_kib(pid_t pid)
{
	AUTO_BUF struct buf text = { 0 };
	char path[64];
	const char *line;

	(void)TEXT_FORMAT(path, "/proc/%d/status", (int)pid);
	if (fs_read(AT_FDCWD, path, 64 << 10, &text) < 0)
		return -1;
	line = strstr(buf_text(&text), "VmHWM:");
	return line ? strtol(line + 6, NULL, 10) : -1;
}

/* ---- an agent -------------------------------------------------------------------------------- */

static int dial(const struct bench *b, const struct agent *a, enum fabric_service service)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)b->port[service]) };
	struct sockaddr_in from = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (inet_pton(AF_INET, "127.0.0.1", &to.sin_addr) == 1 &&
	    inet_pton(AF_INET, a->address, &from.sin_addr) == 1 && fd >= 0 &&
	    bind(fd, (struct sockaddr *)&from, sizeof from) == 0 &&
	    connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

/* Ask, and read to the end. Returns the HTTP status, or -1. */
static int ask(const struct bench *b, const struct agent *a, enum fabric_service service,
	       const char *line, const char *headers, const char *body, struct buf *ret)
{
	AUTO_FD int fd = dial(b, a, service);
	AUTO_BUF struct buf text = { 0 };
	char piece[8192];
	ssize_t n;

	buf_clear(ret);
	if (fd < 0 ||
	    buf_add_format(&text,
			   "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n"
			   "x-ms-version: 2012-11-30\r\n%s\r\n%s",
			   line, strlen(body), headers, body) < 0 ||
	    fs_write_all(fd, text.data, text.len) < 0)
		return -1;
	while ((n = read(fd, piece, sizeof piece)) > 0)
		if (buf_add(ret, piece, (size_t)n) < 0)
			return -1;
	return n == 0 && text_starts(buf_text(ret), "HTTP/1.1 ")
		       ? (int)strtol(buf_text(ret) + 9, NULL, 10)
		       : -1;
}

/* The text between two markers, with &amp; undone; false where they are not there. */
static bool between(const char *text, const char *before, const char *after, char *ret, size_t size)
{
	const char *from = strstr(text, before), *to;
	size_t n = 0;

	from = from ? from + strlen(before) : NULL;
	to = from ? strstr(from, after) : NULL;
	if (!to)
		return false;
	for (; from < to && n + 1 < size; from++) {
		ret[n++] = *from;
		if (text_starts(from, "&amp;"))
			from += 4;
	}
	ret[n] = '\0';
	return from == to;
}

/* Where its status goes: by its goal state, and the extensions' configuration that this names. */
static bool learn(const struct bench *b, struct agent *a, const char *goal)
{
	AUTO_BUF struct buf config = { 0 };
	char url[1024], line[1100], blob[1024];
	const char *path;

	if (!between(goal, "<ExtensionsConfig>", "</ExtensionsConfig>", url, sizeof url) ||
	    !strstr(url, "/machine"))
		return false;
	(void)TEXT_FORMAT(line, "GET %s", strstr(url, "/machine"));
	if (ask(b, a, FABRIC_WIRE, line, "", "", &config) != 200 ||
	    !between(buf_text(&config), "<StatusUploadBlob", "</StatusUploadBlob>", blob,
		     sizeof blob))
		return false;
	path = strstr(blob, "/status/");
	return path && TEXT_COPY(a->status_path, path) == 0;
}

static const char *status_body(void)
{
	static char text[STATUS_BYTES + 64];

	if (!text[0])
		(void)TEXT_FORMAT(
			text,
			"{\"version\":\"1.1\",\"aggregateStatus\":{\"handlerAggregateStatus\":[]},"
			"\"padding\":\"%0*d\"}",
			STATUS_BYTES - 80, 0);
	return text;
}

static int poll_once(const struct bench *b, struct agent *a, enum kind kind, struct buf *answer)
{
	char line[600];

	switch (kind) {
	case GOAL_STATE:
		return ask(b, a, FABRIC_WIRE, "GET /machine/?comp=goalstate", "", "", answer);
	case STATUS:
		(void)TEXT_FORMAT(line, "PUT %s", a->status_path);
		return ask(b, a, FABRIC_BLOB, line, "x-ms-blob-type: BlockBlob\r\n", status_body(),
			   answer);
	default:
		return ask(b, a, FABRIC_WIRE, "POST /HealthService", "", "{}", answer);
	}
}

/* One agent's round. */
static void round_of(struct bench *b, size_t number)
{
	static const int good[KINDS] = { 200, 201, 200 };
	struct agent *a = &b->agents[number % b->nagents];
	AUTO_BUF struct buf answer = { 0 };

	for (int k = 0; k < KINDS; k++) {
		double began = now_ms();
		int status = poll_once(b, a, (enum kind)k, &answer);

		b->ms[k][number] = now_ms() - began;
		if (status != good[k] ||
		    (k == GOAL_STATE && !a->status_path[0] && !learn(b, a, buf_text(&answer))))
			atomic_fetch_add(&b->failed, 1);
	}
}

/* Rounds of one agent are far apart: by nagents, of which at most `parallel` run at once. */
static void *work(void *ctx)
{
	struct bench *b = ctx;
	size_t number;

	while ((number = atomic_fetch_add(&b->next, 1)) < b->nagents * b->rounds)
		round_of(b, number);
	return NULL;
}

static int run(struct bench *b)
{
	pthread_t threads[PARALLEL_MAX];
	size_t n = 0;

	(void)status_body(); /* made before there are many */
	while (n < b->parallel && pthread_create(&threads[n], NULL, work, b) == 0)
		n++;
	for (size_t i = 0; i < n; i++)
		(void)pthread_join(threads[i], NULL);
	return n == b->parallel ? 0 : die("threads");
}

/* ---- what is told ---------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void print_kind(const struct bench *b, enum kind kind, const char *name)
{
	size_t n = b->nagents * b->rounds;
	double *ms = b->ms[kind];

	qsort(ms, n, sizeof *ms, by_value);
	printf(",\"%s\":{\"medianMs\":%.2f,\"p99Ms\":%.2f,\"worstMs\":%.2f}", name, ms[n / 2],
	       ms[n * 99 / 100], ms[n - 1]);
}

static void print(const struct bench *b, double ms, long kib)
{
	size_t requests = b->nagents * b->rounds * KINDS;

	printf("{\"agents\":%zu,\"parallel\":%zu,\"requests\":%zu,\"failed\":%zu,\"seconds\":%.2f,"
	       "\"perSecond\":%.0f,\"vmHwmKiB\":%ld",
	       b->nagents, b->parallel, requests, atomic_load(&b->failed), ms / 1e3,
	       (double)requests / ms * 1e3, kib);
	print_kind(b, GOAL_STATE, "goalState");
	print_kind(b, STATUS, "status");
	print_kind(b, HEALTH, "health");
	printf("}\n");
}

/* ---- all of it ------------------------------------------------------------------------------- */

static int measure(struct bench *b)
{
	int told[2], end[2], status = 0, rc;
	double began;
	pid_t child;
	long kib;

	if (pipe2(told, O_CLOEXEC) < 0 || pipe2(end, O_CLOEXEC) < 0)
		return die("pipe");
	child = fork();
	if (child == 0) {
		(void)close(end[1]);
		_exit(serve(b, told[1], end[0]));
	}
	(void)close(told[1]);
	if (child < 0 || read(told[0], b->port, sizeof b->port) != (ssize_t)sizeof b->port)
		return die("the fabric did not start");
	began = now_ms();
	rc = run(b);
	began = now_ms() - began;
	kib = peak_kib(child);
	(void)close(end[1]);
	(void)waitpid(child, &status, 0);
	if (rc == 0)
		print(b, began, kib);
	return rc != 0 ? rc : status != 0 || atomic_load(&b->failed) > 0;
}

static int number_of(const char *text, long most, size_t *ret)
{
	long n = 0;

	if (text_to_long(text, 10, &n) < 0 || n < 1 || n > most)
		return -EINVAL;
	*ret = (size_t)n;
	return 0;
}

int main(int argc, char **argv)
{
	struct bench b = { .dir = "/tmp/bench-fabric-XXXXXX" };
	AUTO_JSON json_t *document = NULL;
	int rc;

	if (argc != 4 || number_of(argv[1], AGENTS_MAX, &b.nagents) < 0 ||
	    number_of(argv[2], 1000, &b.rounds) < 0 ||
	    number_of(argv[3], PARALLEL_MAX, &b.parallel) < 0 || b.parallel > b.nagents) {
		fprintf(stderr, "usage: fabric AGENTS ROUNDS PARALLEL\n");
		return 2;
	}
	b.agents = calloc(b.nagents, sizeof *b.agents);
	for (int k = 0; k < KINDS; k++)
		b.ms[k] = calloc(b.nagents * b.rounds, sizeof *b.ms[k]);
	if (!b.agents || !b.ms[0] || !b.ms[1] || !b.ms[2] || !mkdtemp(b.dir))
		return die("memory");
	for (size_t i = 0; i < b.nagents; i++)
		(void)TEXT_FORMAT(b.agents[i].address, "127.1.%zu.%zu", i / 250, i % 250 + 1);
	document = document_make(b.dir);
	rc = document && documents_write(&b, document) == 0 ? measure(&b) : die("the state");
	(void)!fs_remove(AT_FDCWD, b.dir);
	for (int k = 0; k < KINDS; k++)
		free(b.ms[k]);
	free(b.agents);
	return rc;
}
