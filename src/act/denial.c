/* Reads the newest records of the access vector cache: where no auditd runs they are in the
 * kernel's log alone. */
#include "act/denial.h"

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
#include "probe/slice.h"

enum { DMESG_S = 20, TAIL_BYTES = 64 << 10, RECENT_MS = 300000 };

#define AUDIT_LOG "var/log/audit/audit.log"

/* What stands behind the first `key`; false if it is not there. */
static bool behind(struct slice line, const char *key, struct slice *ret)
{
	const char *at = memmem(line.text, line.len, key, strlen(key));

	if (!at)
		return false;
	at += strlen(key);
	*ret = (struct slice) { at, (size_t)(line.text + line.len - at) };
	return true;
}

/* The value behind " KEY=": up to a space or, where it is quoted, the closing quote. Empty if there
 * is none. */
static struct slice value_of(struct slice line, const char *key)
{
	struct slice rest = { "", 0 }, value;
	char end = ' ';

	if (!behind(line, key, &rest))
		return rest;
	if (slice_starts(rest, "\"")) {
		end = '"';
		rest.text++;
		rest.len--;
	}
	return slice_cut(&rest, end, &value) ? value : rest;
}

/* "audit(1700000000.123:45)" */
static bool time_of(struct slice line, int64_t *ret)
{
	char text[32];
	unsigned long long s;
	unsigned ms;

	SLICE_COPY(value_of(line, "audit("), text);
	if (sscanf(text, "%11llu.%3u:", &s, &ms) != 2)
		return false;
	*ret = (int64_t)s * 1000 + ms;
	return true;
}

/* What stands in the braces behind "denied". */
static bool permission_of(struct slice line, struct slice *ret)
{
	struct slice rest;

	if (!behind(line, "avc:  denied  {", &rest) || !slice_cut(&rest, '}', ret))
		return false;
	*ret = slice_trim(*ret);
	return ret->len > 0;
}

/* "system_u:object_r:lib_t:s0": the third. */
static struct slice type_of(struct slice context)
{
	struct slice part;

	if (!slice_cut(&context, ':', &part) || !slice_cut(&context, ':', &part))
		return (struct slice) { "", 0 };
	return slice_cut(&context, ':', &part) ? part : context;
}

int denial_parse(const char *text, size_t len, struct denial *ret)
{
	struct slice line = { text, len }, permission, type, object;
	int64_t at_ms;

	if (!permission_of(line, &permission) || !time_of(line, &at_ms) ||
	    slice_eq(value_of(line, " permissive="), "1"))
		return -EINVAL;
	type = type_of(value_of(line, " tcontext="));
	if (type.len == 0)
		return -EINVAL;
	object = value_of(line, " path=");
	if (object.len == 0)
		object = value_of(line, " name=");
	ret->at_ms = at_ms;
	SLICE_COPY(permission, ret->permission);
	SLICE_COPY(value_of(line, " comm="), ret->program);
	SLICE_COPY(object, ret->object);
	SLICE_COPY(value_of(line, " tclass="), ret->kind);
	SLICE_COPY(type, ret->type);
	return 0;
}

static void take_newest(const char *text, size_t len, struct denial *newest)
{
	struct slice rest = { text, len }, line;
	struct denial d;

	while (slice_line(&rest, &line))
		if (denial_parse(line.text, line.len, &d) == 0 && d.at_ms >= newest->at_ms)
			*newest = d;
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
