/* act/fetch/transfer.c - calls curl or wget for one try. */
#include "act/fetch/transfer.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

/* A connection that carries less than this for so long is given up. */
enum { CONNECT_S = 20, SLOW_BYTES = 1000, SLOW_S = 60, SAID_BYTES = 64 << 10 };

/* name = "value", with the escapes that curl(1) tells of. What holds a line's end was refused
 * before. */
static int config_add(struct buf *b, const char *name, const char *value)
{
	int rc = buf_add_format(b, "%s = \"", name);

	for (; rc == 0 && *value != '\0'; value++)
		rc = buf_add_format(b, *value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
	return rc < 0 ? rc : buf_add_text(b, "\"\n");
}

static int curl_proxy(const struct proxy *p, struct buf *b)
{
	char user[sizeof p->user + sizeof p->password + 2];
	int rc = config_add(b, "proxy", p->url);

	if (rc < 0 || p->user[0] == '\0')
		return rc;
	(void)TEXT_FORMAT(user, "%s:%s", p->user, p->password);
	rc = buf_add_text(b, "proxy-anyauth\n");
	return rc < 0 ? rc : config_add(b, "proxy-user", user);
}

/* One byte, and of a server that gives no parts nothing once it tells that there is more. */
static const char peek_options[] = "range = \"0-0\"\nmax-filesize = 1024\noutput = \"/dev/null\"\n";

/* Options that curl 7.29 knows. */
int transfer_curl_config(const struct transfer *t, struct buf *ret)
{
	int rc = buf_add_format(ret,
				"globoff\nfail\nshow-error\ndump-header = \"-\"\n"
				"proto = \"=http,https\"\nconnect-timeout = %d\n"
				"speed-limit = %d\nspeed-time = %d\nmax-time = %d\n",
				CONNECT_S, SLOW_BYTES, SLOW_S, t->deadline_s);

	if (rc == 0)
		rc = config_add(ret, "url", t->url);
	if (rc == 0 && t->output != NULL)
		rc = config_add(ret, "output", t->output);
	else if (rc == 0)
		rc = buf_add_text(ret, t->peek ? peek_options : "head\n");
	if (rc == 0 && t->offset > 0)
		rc = buf_add_format(ret, "continue-at = %lld\n", (long long)t->offset);
	for (size_t i = 0; i < ARRAY_SIZE(t->headers) && rc == 0; i++)
		if (t->headers[i] != NULL)
			rc = config_add(ret, "header", t->headers[i]);
	return rc < 0 ? rc : curl_proxy(t->proxy, ret);
}

static int wget_proxy(const struct proxy *p, struct buf *b)
{
	int rc = buf_add_format(b, "use_proxy = on\nhttp_proxy = %s\nhttps_proxy = %s\n", p->url,
				p->url);

	if (rc == 0 && p->user[0] != '\0')
		rc = buf_add_format(b, "proxy_user = %s\nproxy_password = %s\n", p->user,
				    p->password);
	return rc;
}

int transfer_wget_config(const struct transfer *t, struct buf *ret)
{
	int rc = buf_add_format(ret,
				"tries = 1\nmax_redirect = 0\nserver_response = on\n"
				"check_certificate = on\nnetrc = off\ncookies = off\n"
				"hsts = off\n"
				"connect_timeout = %d\ndns_timeout = %d\nread_timeout = %d\n",
				CONNECT_S, CONNECT_S, SLOW_S);

	if (rc == 0 && t->output == NULL)
		rc = buf_add_text(ret, "spider = on\n");
	if (rc == 0 && t->offset > 0)
		rc = buf_add_text(ret, "continue = on\n");
	for (size_t i = 0; i < ARRAY_SIZE(t->headers) && rc == 0; i++)
		if (t->headers[i] != NULL)
			rc = buf_add_format(ret, "header = %s\n", t->headers[i]);
	if (rc < 0)
		return rc;
	return t->proxy->url[0] != '\0' ? wget_proxy(t->proxy, ret)
					: buf_add_text(ret, "use_proxy = off\n");
}

static void tick(void *ctx, const char *line)
{
	const struct transfer *t = ctx;

	(void)line;
	if (t->tick != NULL)
		t->tick(t->ctx);
}

/* The last line that holds `mark`, from there on. */
static void find_why(const char *text, const char *mark, char *ret, size_t size)
{
	const char *at, *last = NULL;

	for (at = text; (at = strstr(at, mark)) != NULL; at++)
		last = at;
	if (last != NULL)
		(void)text_format(ret, size, "%.*s", (int)strcspn(last, "\r\n"), last);
}

static void judge_curl(const struct run_result *r, const struct transfer *t,
		       struct transfer_result *ret)
{
	answer_parse(buf_text(&r->out), r->out.len, &ret->answer);
	find_why(buf_text(&r->err), "curl: (", ret->why, sizeof ret->why);
	judgement_of_curl(r->end == RUN_EXITED ? r->code : 28, &ret->answer,
			  t->proxy->url[0] != '\0', &ret->judgement);
}

static int run_curl(const struct host *h, const struct transfer *t, bool *found,
		    struct transfer_result *ret, struct error *err)
{
	/* -q comes first, or ~/.curlrc is read. */
	static const char *const argv[] = { "curl", "-q", "--config", "-", NULL };
	AUTO_BUF struct buf config = { 0 };
	AUTO_RUN struct run_result r = { 0 };
	struct run_spec spec = { .argv = argv,
				 .deadline_s = t->deadline_s + CONNECT_S,
				 .keep = SAID_BYTES,
				 .line = tick,
				 .ctx = (void *)t,
				 .quiet = true };

	if (transfer_curl_config(t, &config) < 0)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to call curl");
	spec.input = buf_text(&config);
	spec.input_len = config.len;
	if (run(h, &spec, &r, err) < 0)
		return -1;
	*found = r.end != RUN_NOT_FOUND;
	if (*found)
		judge_curl(&r, t, ret);
	return 0;
}

static void judge_wget(const struct run_result *r, const struct transfer *t,
		       struct transfer_result *ret)
{
	answer_parse(buf_text(&r->err), r->err.len, &ret->answer);
	find_why(buf_text(&r->err), "ERROR", ret->why, sizeof ret->why);
	find_why(buf_text(&r->err), "failed:", ret->why, sizeof ret->why);
	judgement_of_wget(r->end == RUN_EXITED ? r->code : 4, &ret->answer,
			  t->proxy->url[0] != '\0', &ret->judgement);
}

static int call_wget(const struct host *h, const struct transfer *t, bool *found,
		     struct transfer_result *ret, struct error *err)
{
	const char *output = t->output != NULL ? t->output : "/dev/null";
	const char *const argv[] = { "wget",
				     "--config=" TRANSFER_WGETRC,
				     "--input-file=-",
				     "--output-document",
				     output,
				     "--progress=dot:mega",
				     NULL };
	AUTO_RUN struct run_result r = { 0 };
	struct run_spec spec = { .argv = argv,
				 .deadline_s = t->deadline_s,
				 .keep = SAID_BYTES,
				 .input = t->url,
				 .input_len = strlen(t->url),
				 .line = tick,
				 .ctx = (void *)t,
				 .quiet = true };

	if (run(h, &spec, &r, err) < 0)
		return -1;
	*found = r.end != RUN_NOT_FOUND;
	if (*found)
		judge_wget(&r, t, ret);
	return 0;
}

static int run_wget(const struct host *h, const struct transfer *t, bool *found,
		    struct transfer_result *ret, struct error *err)
{
	AUTO_BUF struct buf config = { 0 };
	int rc = transfer_wget_config(t, &config);

	if (rc == 0)
		rc = fs_make_dirs(h->root, "var/lib/ib-vmext", 0700);
	if (rc == 0)
		rc = fs_replace(h->root, TRANSFER_WGETRC, buf_text(&config), config.len, 0600);
	if (rc < 0)
		return error_set(err, FAULT_STATE_DIR, -rc,
				 "/" TRANSFER_WGETRC " cannot be written: %s", strerror(-rc));
	rc = call_wget(h, t, found, ret, err);
	(void)unlinkat(h->root, TRANSFER_WGETRC, 0);
	return rc;
}

int transfer_run(const struct host *h, const struct transfer *t, struct transfer_result *ret,
		 struct error *err)
{
	bool found = false;

	*ret = (struct transfer_result) { 0 };
	if (run_curl(h, t, &found, ret, err) < 0)
		return -1;
	if (!found && run_wget(h, t, &found, ret, err) < 0)
		return -1;
	if (found)
		return 0;
	return error_set(err, FAULT_PROGRAM_MISSING, ENOENT,
			 "neither curl nor wget is installed to download with");
}
