/* act/fetch/transfer_parse.c - reads the heads of answers, and judges ends by tables. */
#include "act/fetch/transfer_parse.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

enum { LINE_MAX_BYTES = 4096, RETRY_AFTER_MOST_S = 86400 };

static int64_t number_of(const char *text)
{
	int64_t value = 0;
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 17)
		return -1;
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (text[i] - '0');
	return value;
}

/* "HTTP/1.1 200 OK", "HTTP/2 200" */
static bool parse_status(const char *line, struct answer *a)
{
	const char *at = line + strlen("HTTP/");
	int64_t status;

	if (!text_starts(line, "HTTP/"))
		return false;
	at += strcspn(at, " ");
	at += strspn(at, " ");
	status = number_of(at);
	*a = (struct answer) { .length = -1, .total = -1 };
	if (status >= 100 && status <= 599)
		a->status = (int)status;
	return true;
}

/* What follows the name of a header, NULL if the line is another. */
static const char *value_of(const char *line, const char *name)
{
	size_t len = strlen(name);

	if (strncasecmp(line, name, len) != 0 || line[len] != ':')
		return NULL;
	return line + len + 1 + strspn(line + len + 1, " \t");
}

/* A date has a letter first; a number of days is no wait of ours. */
static int seconds_of(const char *value)
{
	int64_t s = number_of(value);

	return s >= 0 && s <= RETRY_AFTER_MOST_S ? (int)s : 0;
}

/* wget writes such a line of its own, with a remark behind the address. */
static void take_location(const char *value, struct answer *a)
{
	size_t len = strcspn(value, " \t");

	if (len < sizeof a->location)
		(void)TEXT_FORMAT(a->location, "%.*s", (int)len, value);
	else
		a->location[0] = '\0';
}

static void parse_line(char *line, struct answer *a)
{
	const char *value;

	line = text_trim(line);
	if (parse_status(line, a) || a->status == 0)
		return;
	if ((value = value_of(line, "Content-Length")) != NULL)
		a->length = number_of(value);
	else if ((value = value_of(line, "Content-Range")) != NULL)
		a->total = strchr(value, '/') != NULL ? number_of(strchr(value, '/') + 1) : -1;
	else if ((value = value_of(line, "Retry-After")) != NULL)
		a->retry_after_s = seconds_of(value);
	else if ((value = value_of(line, "Location")) != NULL)
		take_location(value, a);
}

void answer_parse(const char *text, size_t len, struct answer *ret)
{
	const char *end = text + len;
	char line[LINE_MAX_BYTES];

	*ret = (struct answer) { .length = -1, .total = -1 };
	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((stop != NULL ? stop : end) - text);

		if (n < sizeof line) {
			memcpy(line, text, n);
			line[n] = '\0';
			parse_line(line, ret);
		}
		text += n + (stop != NULL);
	}
}

/* Codes and statuses, each with what it means. */
struct meaning {
	int code;
	enum fault fault;
	bool again;
};

static const struct meaning statuses[] = {
	{ 401, FAULT_DOWNLOAD_REFUSED, false },
	{ 403, FAULT_DOWNLOAD_REFUSED, false },
	{ 404, FAULT_DOWNLOAD_NOT_FOUND, false },
	{ 410, FAULT_DOWNLOAD_NOT_FOUND, false },
	{ 407, FAULT_DOWNLOAD_PROXY, false },
	{ 408, FAULT_DOWNLOAD, true },
	{ 425, FAULT_DOWNLOAD, true },
	{ 429, FAULT_DOWNLOAD, true },
	{ 500, FAULT_DOWNLOAD, true },
	{ 502, FAULT_DOWNLOAD, true },
	{ 503, FAULT_DOWNLOAD, true },
	{ 504, FAULT_DOWNLOAD, true },
};

/* What is not here is FAULT_DOWNLOAD, and not tried again. */
static const struct meaning curl_codes[] = {
	{ 5, FAULT_DOWNLOAD_PROXY, true },   /* the proxy's name cannot be resolved */
	{ 6, FAULT_DOWNLOAD, true },         /* the host's cannot */
	{ 7, FAULT_DOWNLOAD, true },         /* no connection */
	{ 16, FAULT_DOWNLOAD, true },        /* HTTP/2 framing */
	{ 18, FAULT_DOWNLOAD, true },        /* fewer bytes than told */
	{ 23, FAULT_DISK_FULL, false },      /* the file cannot be written */
	{ 28, FAULT_DOWNLOAD, true },        /* no connection in time, or too slow */
	{ 35, FAULT_DOWNLOAD_TLS, true },    /* the handshake failed */
	{ 51, FAULT_DOWNLOAD_TLS, false },   /* the certificate is another host's */
	{ 52, FAULT_DOWNLOAD, true },        /* no answer */
	{ 53, FAULT_DOWNLOAD_TLS, false },   /* no such engine */
	{ 54, FAULT_DOWNLOAD_TLS, false },   /* the engine cannot be used */
	{ 55, FAULT_DOWNLOAD, true },        /* sending failed */
	{ 56, FAULT_DOWNLOAD, true },        /* receiving failed */
	{ 58, FAULT_DOWNLOAD_TLS, false },   /* the local certificate */
	{ 59, FAULT_DOWNLOAD_TLS, false },   /* the cipher */
	{ 60, FAULT_DOWNLOAD_TLS, false },   /* the certificate is not trusted */
	{ 66, FAULT_DOWNLOAD_TLS, false },   /* no engine */
	{ 77, FAULT_DOWNLOAD_TLS, false },   /* the store of certificates cannot be read */
	{ 80, FAULT_DOWNLOAD, true },        /* the end of TLS */
	{ 83, FAULT_DOWNLOAD_TLS, false },   /* the issuer */
	{ 90, FAULT_DOWNLOAD_TLS, false },   /* the pinned key */
	{ 91, FAULT_DOWNLOAD_TLS, false },   /* the certificate's status */
	{ 92, FAULT_DOWNLOAD, true },        /* HTTP/2 stream */
	{ 97, FAULT_DOWNLOAD_PROXY, false }, /* the proxy's handshake */
};

static const struct meaning wget_codes[] = {
	{ 3, FAULT_DISK_FULL, false },                                     /* input or output */
	{ 4, FAULT_DOWNLOAD, true },                                       /* network */
	{ 5, FAULT_DOWNLOAD_TLS, false },                                  /* the certificate */
	{ 6, FAULT_DOWNLOAD_REFUSED, false }, { 7, FAULT_DOWNLOAD, true }, /* protocol */
};

static const struct meaning *find(const struct meaning *table, size_t count, int code)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].code == code)
			return &table[i];
	return NULL;
}

static bool is_redirect(const struct answer *a)
{
	return (a->status == 301 || a->status == 302 || a->status == 303 || a->status == 307 ||
		a->status == 308) &&
	       a->location[0] != '\0';
}

static bool is_error(int status)
{
	return status >= 400;
}

/* By the status, where it tells; true if it did. */
static bool judge_status(const struct answer *a, struct judgement *ret)
{
	const struct meaning *m = find(statuses, ARRAY_SIZE(statuses), a->status);

	*ret = (struct judgement) { .fault = FAULT_DOWNLOAD };
	ret->redirect = is_redirect(a);
	ret->too_far = a->status == 416;
	if (m != NULL) {
		ret->fault = m->fault;
		ret->again = m->again;
	}
	return ret->redirect || is_error(a->status);
}

static void judge_code(const struct meaning *m, struct judgement *ret)
{
	if (m != NULL) {
		ret->fault = m->fault;
		ret->again = m->again;
	}
}

static void judge_done(int code, const struct answer *a, struct judgement *ret)
{
	/* 63: there is more than a look at it should get. */
	if ((code == 0 || code == 63) && (a->status == 200 || a->status == 206))
		*ret = (struct judgement) { .fault = FAULT_NONE };
}

void judgement_of_curl(int code, const struct answer *a, bool proxied, struct judgement *ret)
{
	if (judge_status(a, ret))
		return;
	judge_code(find(curl_codes, ARRAY_SIZE(curl_codes), code), ret);
	/* 33: this server gives no parts. */
	ret->too_far = code == 33 || code == 36;
	if (proxied && code == 7)
		ret->fault = FAULT_DOWNLOAD_PROXY;
	judge_done(code, a, ret);
}

void judgement_of_wget(int code, const struct answer *a, bool proxied, struct judgement *ret)
{
	if (judge_status(a, ret))
		return;
	judge_code(find(wget_codes, ARRAY_SIZE(wget_codes), code), ret);
	if (proxied && code == 4 && a->status == 0)
		ret->fault = FAULT_DOWNLOAD_PROXY;
	judge_done(code, a, ret);
}
