/* Reads the newest records of the access vector cache: where no auditd runs they are in the
 * kernel's log alone. */
#include "act/denial.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

enum { DMESG_S = 20, TAIL_BYTES = 64 << 10, RECENT_MS = 300000 };

#define AUDIT_LOG "var/log/audit/audit.log"

/* The value behind " KEY=", up to a space or, where it is quoted, the closing quote; false if there
 * is none. */
static bool value_of(const char *line, size_t len, const char *key, char *ret, size_t size)
{
	const char *end = line + len, *at = memmem(line, len, key, strlen(key)), *stop;
	char stop_at = ' ';
	size_t n = 0;

	if (!at)
		return false;
	at += strlen(key);
	if (at < end && *at == '"')
		stop_at = *at++;
	stop = memchr(at, stop_at, (size_t)(end - at));
	for (; at < (stop ? stop : end) && n + 1 < size; at++)
		ret[n++] = (char)(isprint((unsigned char)*at) ? *at : '?');
	ret[n] = '\0';
	return n > 0;
}
#define VALUE_OF(line, len, key, array) value_of((line), (len), (key), (array), sizeof(array))

/* "audit(1700000000.123:45)" */
static bool time_of(const char *line, size_t len, int64_t *ret)
{
	char text[32];
	unsigned long long s;
	unsigned ms;

	if (!VALUE_OF(line, len, "audit(", text) || sscanf(text, "%11llu.%3u:", &s, &ms) != 2)
		return false;
	*ret = (int64_t)s * 1000 + ms;
	return true;
}

/* What stands in the braces behind "denied". */
static bool permission_of(const char *line, size_t len, char *ret, size_t size)
{
	static const char head[] = "avc:  denied  { ";
	const char *at = memmem(line, len, head, sizeof(head) - 1), *stop;

	if (!at)
		return false;
	at += sizeof(head) - 1;
	stop = memmem(at, (size_t)(line + len - at), " }", 2);
	return stop && text_format(ret, size, "%.*s", (int)(stop - at), at) == 0;
}

/* "system_u:object_r:lib_t:s0": the third. */
static void keep_type(char *context)
{
	char *at = context;

	for (int i = 0; i < 2; i++) {
		char *colon = strchr(at, ':');

		if (!colon)
			return;
		at = colon + 1;
	}
	at[strcspn(at, ":")] = '\0';
	memmove(context, at, strlen(at) + 1);
}

int denial_parse(const char *line, size_t len, struct denial *ret)
{
	struct denial d = { 0 };
	char permissive[4];

	if (!permission_of(line, len, d.permission, sizeof(d.permission)) ||
	    !time_of(line, len, &d.at_ms) || !VALUE_OF(line, len, " tcontext=", d.type) ||
	    (VALUE_OF(line, len, " permissive=", permissive) && permissive[0] == '1'))
		return -EINVAL;
	for (char *p = d.permission; *p; p++)
		if (!isprint((unsigned char)*p))
			*p = '?';
	keep_type(d.type);
	(void)VALUE_OF(line, len, " comm=", d.program);
	if (!VALUE_OF(line, len, " path=", d.object))
		(void)VALUE_OF(line, len, " name=", d.object);
	(void)VALUE_OF(line, len, " tclass=", d.kind);
	*ret = d;
	return 0;
}

static void take_newest(const char *text, size_t len, struct denial *newest)
{
	const char *end = text + len;

	for (const char *line = text; line < end;) {
		const char *nl = memchr(line, '\n', (size_t)(end - line));
		const char *stop = nl ? nl : end;
		struct denial d;

		if (denial_parse(line, (size_t)(stop - line), &d) == 0 && d.at_ms >= newest->at_ms)
			*newest = d;
		line = stop + 1;
	}
}

static void read_kernel_log(const struct host *h, struct denial *newest)
{
	static const char *const argv[] = { "dmesg", NULL };
	struct run_spec spec = {
		.argv = argv, .deadline_s = DMESG_S, .keep = TAIL_BYTES, .quiet = true
	};
	AUTO_RUN struct run_result result = { 0 };
	struct error ignored = { 0 };

	if (run(h, &spec, &result, &ignored) == 0)
		take_newest(buf_text(&result.out), result.out.len, newest);
}

static void read_audit_log(const struct host *h, struct denial *newest)
{
	AUTO_FREE char *text = malloc(TAIL_BYTES);
	AUTO_FD int fd = host_open(h, AUDIT_LOG, O_RDONLY);
	struct stat st;
	ssize_t n;

	if (!text || fd < 0 || fstat(fd, &st) < 0)
		return;
	n = pread(fd, text, TAIL_BYTES, st.st_size > TAIL_BYTES ? st.st_size - TAIL_BYTES : 0);
	if (n > 0)
		take_newest(text, (size_t)n, newest);
}

static bool is_for_want_of_permission(const struct error *err)
{
	return err->sys == EACCES || err->fault == FAULT_NOEXEC ||
	       strcasestr(err->what, "permission denied");
}

static bool enforces(const struct host *h)
{
	char text[8];

	return HOST_READ_LINE(h, "sys/fs/selinux/enforce", text) == 0 && text_eq(text, "1");
}

void denial_explain(const struct host *h, struct error *err)
{
	struct error was = *err;
	struct denial d = { 0 };

	if (was.fault == FAULT_SELINUX_DENIED || !is_for_want_of_permission(&was) || !enforces(h))
		return;
	read_kernel_log(h, &d);
	read_audit_log(h, &d);
	if (d.at_ms < h->clock->realtime_ms(h->clock) - RECENT_MS)
		return;
	(void)error_set(err, FAULT_SELINUX_DENIED, was.sys,
			"SELinux denied %s to %s on %s \"%s\" of the type %s: %.200s", d.permission,
			d.program, d.kind, d.object, d.type, was.what);
}
