/* Serves the repository's files over HTTP, with the trouble that was ordered. */
#include "mirror.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/text.h"
#include "fill.h"
#include "lab/vm/vm.h"

enum mode { MODE_NONE, MODE_STATUS, MODE_SLOW, MODE_BADSIG, MODE_HANG };

struct mirror {
	struct MHD_Daemon *daemon;
	char dir[VM_PATH_MAX];
	pthread_mutex_t lock; /* of the rest */
	enum mode mode;
	long value; /* MODE_STATUS: it; MODE_SLOW: bytes a second */
	bool stopping;
};

static const struct {
	const char *name;
	enum mode mode;
	long value;
} faults[] = {
	{ "none", MODE_NONE, 0 },     { "404", MODE_STATUS, 404 }, { "503", MODE_STATUS, 503 },
	{ "badsig", MODE_BADSIG, 0 }, { "hang", MODE_HANG, 0 },
};

static enum mode mode_now(struct mirror *m, long *value)
{
	enum mode ret;

	(void)pthread_mutex_lock(&m->lock);
	ret = m->mode;
	*value = m->value;
	if (m->stopping)
		ret = MODE_STATUS;
	(void)pthread_mutex_unlock(&m->lock);
	return ret;
}

int mirror_set_fault(struct mirror *m, const char *fault, struct error *err)
{
	enum mode mode = MODE_NONE;
	long value = 0;
	bool known = false;

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		if (text_eq(faults[i].name, fault)) {
			mode = faults[i].mode;
			value = faults[i].value;
			known = true;
		}
	if (text_starts(fault, "slow:") && text_to_long(fault + 5, 10, &value) == 0 && value > 0) {
		mode = MODE_SLOW;
		known = true;
	}
	if (!known)
		return error_set(err, FAULT_USAGE, EINVAL,
				 "fault is none, 404, 503, slow:BYTES_PER_S, badsig or hang");
	(void)pthread_mutex_lock(&m->lock);
	m->mode = mode;
	m->value = value;
	(void)pthread_mutex_unlock(&m->lock);
	return 0;
}

/* ---- one answer -------------------------------------------------------------------------- */

/* A file on its way out. */
struct sending {
	struct mirror *mirror;
	struct buf data;
	int64_t sent;
};

static void sending_free(void *ctx)
{
	struct sending *s = ctx;

	buf_free(&s->data);
	free(s);
}

static void pause_ms(long ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	(void)nanosleep(&t, NULL);
}

/* Each connection has a thread of its own, which this may hold up. */
static ssize_t send_some(void *ctx, uint64_t at, char *out, size_t max)
{
	struct sending *s = ctx;
	size_t left = s->data.len - at;
	long value;
	enum mode mode = mode_now(s->mirror, &value);

	while (mode == MODE_HANG) {
		pause_ms(50);
		mode = mode_now(s->mirror, &value);
	}
	if (mode == MODE_STATUS && at > 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (left > max)
		left = max;
	if (mode == MODE_SLOW) {
		pause_ms(100);
		if (left > (size_t)value / 10 + 1)
			left = (size_t)value / 10 + 1;
	}
	memcpy(out, s->data.data + at, left);
	return (ssize_t)left;
}

static enum MHD_Result answer_text(struct MHD_Connection *c, unsigned status, const char *text)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(
		strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result ret = MHD_queue_response(c, status, r);

	MHD_destroy_response(r);
	return ret;
}

/* One letter of what was signed is another. */
static void spoil(struct buf *data)
{
	char *label = data->data != NULL ? strstr(data->data, "Label: ib-lab") : NULL;

	if (label != NULL)
		label[strlen("Label: ib-l")] = 'e';
}

static enum MHD_Result answer_file(struct mirror *m, struct MHD_Connection *c, const char *url,
				   bool bad)
{
	struct sending *s = calloc(1, sizeof *s);
	struct MHD_Response *r;
	char path[VM_PATH_MAX];
	enum MHD_Result ret;

	if (s == NULL)
		return MHD_NO;
	s->mirror = m;
	s->data.max = 512 << 20;
	if (strstr(url, "..") != NULL || TEXT_FORMAT(path, "%s%s", m->dir, url) < 0 ||
	    fs_read(AT_FDCWD, path, s->data.max, &s->data) < 0 || s->data.data == NULL) {
		sending_free(s);
		return answer_text(c, 404, "not found\n");
	}
	if (bad && text_ends(url, "/InRelease"))
		spoil(&s->data);
	r = MHD_create_response_from_callback(s->data.len, 64 << 10, send_some, s, sending_free);
	ret = MHD_queue_response(c, 200, r);
	MHD_destroy_response(r);
	return ret;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **per_request)
{
	struct mirror *m = ctx;
	long value;
	enum mode mode = mode_now(m, &value);

	(void)version;
	(void)data;
	(void)size;
	(void)per_request;
	if (!text_eq(method, "GET") && !text_eq(method, "HEAD"))
		return answer_text(c, 405, "GET only\n");
	if (mode == MODE_STATUS)
		return answer_text(c, (unsigned)value, "trouble, as ordered\n");
	return answer_file(m, c, url, mode == MODE_BADSIG);
}

/* ---- starting ------------------------------------------------------------------------------ */

int mirror_start(const struct vm_env *env, const char *address, int port, struct mirror **ret,
		 struct error *err)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct mirror *m = calloc(1, sizeof *m);

	if (m == NULL)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "out of memory");
	(void)pthread_mutex_init(&m->lock, NULL);
	if (mirror_find(env, m->dir, err) < 0) {
		mirror_stop(m);
		return -1;
	}
	(void)inet_pton(AF_INET, address, &addr.sin_addr);
	m->daemon = MHD_start_daemon(
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION, 0, NULL, NULL,
		on_request, m, MHD_OPTION_SOCK_ADDR, &addr, MHD_OPTION_END);
	if (m->daemon == NULL) {
		mirror_stop(m);
		return error_set(err, FAULT_INTERNAL, errno, "cannot listen on %s:%d", address,
				 port);
	}
	*ret = m;
	return 0;
}

void mirror_stop(struct mirror *m)
{
	if (m == NULL)
		return;
	(void)pthread_mutex_lock(&m->lock);
	m->stopping = true;
	(void)pthread_mutex_unlock(&m->lock);
	if (m->daemon != NULL)
		MHD_stop_daemon(m->daemon);
	(void)pthread_mutex_destroy(&m->lock);
	free(m);
}
