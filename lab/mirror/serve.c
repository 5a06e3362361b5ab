/* Serves the repositories' files and what was added to them over HTTP, with the trouble that was
 * ordered. */
#include "mirror.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <pthread.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/text.h"
#include "fault.h"
#include "fill.h"
#include "lab/vm/vm.h"
#include "proxy.h"
#include "rpms.h"
#include "tls.h"

#define PRIVATE "/private/"

enum { PLACES_MAX = 16, CUT_MAX = 64, FILE_SIZE_MAX = 1 << 30 };

/* A directory, and what its files are below. */
struct place {
	char prefix[32]; /* "/el9/" */
	char dir[VM_PATH_MAX];
};

struct mirror {
	struct MHD_Daemon *daemon, *tls;
	struct buf key, certificate;
	struct proxy *proxy;
	pthread_mutex_t lock;            /* of the rest */
	struct place places[PLACES_MAX]; /* the last that fits is asked first */
	size_t nplaces;
	in_addr_t cut[CUT_MAX]; /* addresses that get no connection; 0: free */
	struct mirror_fault fault;
	bool (*guard)(void *ctx, const char *token); /* NULL: nobody may read what is private */
	void *guard_ctx;
	bool stopping;
};

/* The trouble with that file. */
static struct mirror_fault fault_now(struct mirror *m, const char *url)
{
	struct mirror_fault ret = { .mode = MODE_NONE };

	(void)pthread_mutex_lock(&m->lock);
	if (m->stopping)
		ret = (struct mirror_fault) { MODE_STATUS, 503, "" };
	else if (fault_hits(&m->fault, url))
		ret = m->fault;
	(void)pthread_mutex_unlock(&m->lock);
	return ret;
}

int mirror_set_fault(struct mirror *m, const char *text, struct error *err)
{
	struct mirror_fault fault;

	if (fault_parse(text, &fault, err) < 0)
		return -1;
	(void)pthread_mutex_lock(&m->lock);
	m->fault = fault;
	(void)pthread_mutex_unlock(&m->lock);
	return 0;
}

static int add_place(struct mirror *m, const char *prefix, const char *dir, struct error *err)
{
	int rc = -1;

	(void)pthread_mutex_lock(&m->lock);
	if (m->nplaces < PLACES_MAX) {
		struct place *p = &m->places[m->nplaces++];

		(void)TEXT_COPY(p->prefix, prefix);
		(void)TEXT_COPY(p->dir, dir);
		rc = 0;
	}
	(void)pthread_mutex_unlock(&m->lock);
	return rc < 0 ? error_set(err, FAULT_USAGE, ENOSPC, "no room for another directory") : 0;
}

int mirror_add(struct mirror *m, const char *dir, struct error *err)
{
	struct stat st;

	if (*dir != '/' || stat(dir, &st) < 0 || !S_ISDIR(st.st_mode))
		return error_set(err, FAULT_USAGE, ENOENT, "no directory %s", dir);
	return add_place(m, "/files/", dir, err);
}

/* A slot that holds `from` gets `to`. */
static bool swap_cut(struct mirror *m, in_addr_t from, in_addr_t to)
{
	for (size_t i = 0; i < CUT_MAX; i++)
		if (m->cut[i] == from) {
			m->cut[i] = to;
			return true;
		}
	return false;
}

void mirror_set_reach(struct mirror *m, const char *address, bool reach)
{
	in_addr_t a = inet_addr(address);

	(void)pthread_mutex_lock(&m->lock);
	(void)swap_cut(m, a, 0);
	if (!reach)
		(void)swap_cut(m, 0, a);
	(void)pthread_mutex_unlock(&m->lock);
}

void mirror_set_guard(struct mirror *m, bool (*is_good)(void *ctx, const char *token), void *ctx)
{
	(void)pthread_mutex_lock(&m->lock);
	m->guard = is_good;
	m->guard_ctx = ctx;
	(void)pthread_mutex_unlock(&m->lock);
}

void mirror_set_proxy(struct mirror *m, const char *user, const char *password)
{
	proxy_set_login(m->proxy, user, password);
}

/* ---- one answer -------------------------------------------------------------------------- */

/* A file on its way out. */
struct sending {
	struct mirror *mirror;
	char url[VM_PATH_MAX];
	struct buf data;
	uint64_t first, len; /* the part that was asked for */
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
	size_t left = s->len - at;
	struct mirror_fault f = fault_now(s->mirror, s->url);

	while (f.mode == MODE_HANG) {
		pause_ms(50);
		f = fault_now(s->mirror, s->url);
	}
	if (f.mode == MODE_STATUS && at > 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (f.mode == MODE_TRUNCATE) {
		left = at < s->len / 2 ? s->len / 2 - at : 0;
		if (left == 0)
			return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	if (left > max)
		left = max;
	if (f.mode == MODE_SLOW) {
		pause_ms(100);
		if (left > (size_t)f.value / 10 + 1)
			left = (size_t)f.value / 10 + 1;
	}
	memcpy(out, s->data.data + s->first + at, left);
	return (ssize_t)left;
}

static enum MHD_Result answer_text(struct MHD_Connection *c, int status, const char *text,
				   const char *header, const char *value)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(
		strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result ret;

	if (header != NULL)
		(void)MHD_add_response_header(r, header, value);
	ret = MHD_queue_response(c, (unsigned)status, r);
	MHD_destroy_response(r);
	return ret;
}

/* Where the file of a URL is. Returns 0 or -ENOENT. */
static int find_file(struct mirror *m, const char *url, struct mirror_fault f,
		     char ret[static VM_PATH_MAX])
{
	int rc = -ENOENT;

	if (strstr(url, "..") != NULL)
		return -ENOENT;
	(void)pthread_mutex_lock(&m->lock);
	for (size_t i = m->nplaces; rc < 0 && i-- > 0;) {
		const struct place *p = &m->places[i];

		if (!text_starts(url, p->prefix) ||
		    text_format(ret, VM_PATH_MAX, "%s/%s%s", p->dir, url + strlen(p->prefix),
				f.mode == MODE_EXPIRED && text_ends(url, "/InRelease") ? ".expired"
										       : "") < 0)
			continue;
		rc = fs_exists(AT_FDCWD, ret) ? 0 : -ENOENT;
	}
	(void)pthread_mutex_unlock(&m->lock);
	return rc;
}

/* What tells two versions of a file apart, for who goes on with half of it. */
static void describe(const char *path, char *ret, size_t size)
{
	struct stat st = { 0 };

	(void)stat(path, &st);
	(void)text_format(ret, size, "\"%lld-%lld\"", (long long)st.st_size,
			  (long long)st.st_mtime);
}

static enum MHD_Result queue_file(struct MHD_Connection *c, struct sending *s, int status,
				  const char *etag)
{
	struct MHD_Response *r;
	enum MHD_Result ret;
	char range[96];

	r = MHD_create_response_from_callback(s->len, 64 << 10, send_some, s, sending_free);
	(void)MHD_add_response_header(r, "Accept-Ranges", "bytes");
	(void)MHD_add_response_header(r, "ETag", etag);
	(void)TEXT_FORMAT(range, "bytes %llu-%llu/%zu", (unsigned long long)s->first,
			  (unsigned long long)(s->first + s->len - 1), s->data.len);
	if (status == 206)
		(void)MHD_add_response_header(r, "Content-Range", range);
	ret = MHD_queue_response(c, (unsigned)status, r);
	MHD_destroy_response(r);
	return ret;
}

static enum MHD_Result answer_file(struct mirror *m, struct MHD_Connection *c, const char *url,
				   struct mirror_fault f)
{
	const char *if_range = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "If-Range");
	const char *range = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Range");
	struct sending *s = calloc(1, sizeof *s);
	char path[VM_PATH_MAX], etag[64];
	int status;

	if (s == NULL)
		return MHD_NO;
	s->mirror = m;
	(void)TEXT_COPY(s->url, url);
	s->data.max = FILE_SIZE_MAX;
	if (find_file(m, url, f, path) < 0 || fs_read(AT_FDCWD, path, s->data.max, &s->data) < 0 ||
	    s->data.data == NULL) {
		sending_free(s);
		return answer_text(c, 404, "not found\n", NULL, NULL);
	}
	if (f.mode == MODE_BADSIG &&
	    (text_ends(url, "/InRelease") || text_ends(url, "/repomd.xml")))
		fault_spoil(&s->data);
	if (f.mode == MODE_CORRUPT)
		fault_corrupt(&s->data);
	describe(path, etag, sizeof etag);
	if (if_range != NULL && !text_eq(if_range, etag))
		range = NULL;
	status = range_parse(range, s->data.len, &s->first, &s->len);
	if (status != 416)
		return queue_file(c, s, status, etag);
	sending_free(s);
	return answer_text(c, 416, "no such part\n", NULL, NULL);
}

/* ---- what is private ------------------------------------------------------------------------- */

static bool may_read(struct mirror *m, const char *header)
{
	bool good;

	(void)pthread_mutex_lock(&m->lock);
	good = header != NULL && strncasecmp(header, "Bearer ", 7) == 0 && m->guard != NULL &&
	       m->guard(m->guard_ctx, header + 7);
	(void)pthread_mutex_unlock(&m->lock);
	return good;
}

static enum MHD_Result refuse_private(struct MHD_Connection *c, int status, const char *code,
				      const char *challenge)
{
	char text[128];
	struct MHD_Response *r;
	enum MHD_Result ret;

	(void)TEXT_FORMAT(text, "<?xml version=\"1.0\"?><Error><Code>%s</Code></Error>", code);
	r = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_COPY);
	(void)MHD_add_response_header(r, "x-ms-error-code", code);
	if (challenge != NULL)
		(void)MHD_add_response_header(r, "WWW-Authenticate", challenge);
	ret = MHD_queue_response(c, (unsigned)status, r);
	MHD_destroy_response(r);
	return ret;
}

/* Simulated: the one shared access signature that the store knows is "of-the-lab", whatever else
 * the query says. */
static bool is_signed(const char *signature)
{
	return text_eq(signature, "of-the-lab");
}

static enum MHD_Result answer_store(struct mirror *m, struct MHD_Connection *c, const char *url,
				    struct mirror_fault f)
{
	char path[VM_PATH_MAX];

	if (TEXT_FORMAT(path, "/files/%s", url + strlen(PRIVATE)) < 0)
		return refuse_private(c, 404, "BlobNotFound", NULL);
	return answer_file(m, c, path, f);
}

/* Source: "Authorize with Microsoft Entra ID" of Azure Storage: TLS, a token for storage, and a
 * version that knows tokens; or a shared access signature in the query. */
static enum MHD_Result answer_private(struct mirror *m, struct MHD_Connection *c, const char *url,
				      struct mirror_fault f)
{
	const char *token = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization");
	const char *version = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "x-ms-version");
	const char *signature = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "sig");
	const char *challenge = "Bearer resource_id=https://storage.azure.com";

	if (MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION) == NULL)
		return refuse_private(c, 400, "AccountRequiresHttps", NULL);
	if (signature != NULL)
		return is_signed(signature) ? answer_store(m, c, url, f)
					    : refuse_private(c, 403, "AuthenticationFailed", NULL);
	if (token == NULL)
		return refuse_private(c, 401, "NoAuthenticationInformation", challenge);
	if (version == NULL || strcmp(version, "2017-11-09") < 0)
		return refuse_private(c, 400, "MissingRequiredHeader", NULL);
	if (!may_read(m, token))
		return refuse_private(c, 401, "InvalidAuthenticationInfo", challenge);
	return answer_store(m, c, url, f);
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **per_request)
{
	struct mirror *m = ctx;
	struct mirror_fault f = fault_now(m, url);

	(void)version;
	(void)data;
	(void)size;
	(void)per_request;
	if (!text_eq(method, "GET") && !text_eq(method, "HEAD"))
		return answer_text(c, 405, "GET only\n", NULL, NULL);
	if (f.mode == MODE_REDIRECT)
		return answer_text(c, 302, "trouble, as ordered\n", "Location", url);
	if (f.mode == MODE_STATUS)
		return answer_text(c, (int)f.value, "trouble, as ordered\n",
				   f.value == 429 ? "Retry-After" : NULL, "1");
	if (text_starts(url, PRIVATE))
		return answer_private(m, c, url, f);
	return answer_file(m, c, url, f);
}

static enum MHD_Result on_accept(void *ctx, const struct sockaddr *addr, socklen_t len)
{
	const struct sockaddr_in *in = (const void *)addr;
	struct mirror *m = ctx;
	bool cut = false;

	(void)len;
	(void)pthread_mutex_lock(&m->lock);
	for (size_t i = 0; i < CUT_MAX; i++)
		cut = cut || (m->cut[i] != 0 && m->cut[i] == in->sin_addr.s_addr);
	(void)pthread_mutex_unlock(&m->lock);
	return cut ? MHD_NO : MHD_YES;
}

/* ---- starting ------------------------------------------------------------------------------ */

/* The apt repository at the top, one of rpm for each image that has one: it may be built later. */
static int add_places(const struct vm_env *env, struct mirror *m, struct error *err)
{
	char dir[VM_PATH_MAX], prefix[32];

	if (mirror_find(env, dir, err) < 0 || add_place(m, "/", dir, err) < 0)
		return -1;
	for (const struct distro *d = distros; d->name != NULL; d++) {
		if (d->repository[0] == '\0')
			continue;
		(void)TEXT_FORMAT(prefix, "/%s/", d->repository);
		if (rpms_path(env, d, dir, err) < 0 || add_place(m, prefix, dir, err) < 0)
			return -1;
	}
	return 0;
}

static struct MHD_Daemon *start(struct mirror *m, const char *address, int port, bool tls)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	struct MHD_OptionItem keys[] = {
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, m->key.data },
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, m->certificate.data },
		{ MHD_OPTION_END, 0, NULL },
	};

	(void)inet_pton(AF_INET, address, &addr.sin_addr);
	return MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
					(tls ? MHD_USE_TLS : 0),
				0, on_accept, m, on_request, m, MHD_OPTION_SOCK_ADDR, &addr,
				MHD_OPTION_ARRAY, tls ? keys : keys + 2, MHD_OPTION_END);
}

static int listen_on(struct mirror *m, const char *address, int port, struct error *err)
{
	m->daemon = start(m, address, port, false);
	m->tls = start(m, address, MIRROR_TLS_PORT, true);
	if (m->daemon == NULL || m->tls == NULL)
		return error_set(err, FAULT_INTERNAL, errno, "cannot listen on %s:%d", address,
				 port);
	return proxy_start(address, MIRROR_PROXY_PORT, &m->proxy, err);
}

int mirror_start(const struct vm_env *env, const char *address, int port, struct mirror **ret,
		 struct error *err)
{
	struct mirror *m = calloc(1, sizeof *m);

	if (m == NULL)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "out of memory");
	(void)pthread_mutex_init(&m->lock, NULL);
	if (add_places(env, m, err) < 0 || tls_read(env, &m->key, &m->certificate, err) < 0 ||
	    listen_on(m, address, port, err) < 0) {
		mirror_stop(m);
		return -1;
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
	proxy_stop(m->proxy);
	if (m->daemon != NULL)
		MHD_stop_daemon(m->daemon);
	if (m->tls != NULL)
		MHD_stop_daemon(m->tls);
	buf_free(&m->key);
	buf_free(&m->certificate);
	(void)pthread_mutex_destroy(&m->lock);
	free(m);
}
