/* Takes the status that the agent uploads, and tells what it says. */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

#include "inner.h"

#define HANDLERS "aggregateStatus.handlerAggregateStatus"
#define SEQ_NO   "aggregateStatus.vmArtifactsAggregateStatus.goalStateAggregateStatus.inSvdSeqNo"

/* The incarnation that the agent says it has processed; -1 if it does not say. The agents write a
 * number or its text. */
static int64_t report_incarnation(const json_t *report)
{
	const json_t *j = json_at(report, SEQ_NO);
	long n = -1;

	if (json_is_integer(j))
		return json_integer_value(j);
	if (json_is_string(j))
		(void)text_to_long(json_string_value(j), 10, &n);
	return n;
}

static json_t *report_handler(const json_t *report, const json_t *ext)
{
	char name[320];
	json_t *handler;
	size_t i;

	if (extension_handler_name(ext, name, sizeof name) < 0)
		return NULL;
	json_array_foreach(json_at(report, HANDLERS), i, handler)
	{
		if (text_eq_nocase(json_text_at(handler, "handlerName", ""), name))
			return handler;
	}
	return NULL;
}

/* An extension under removal is gone once the agent has processed that and names it no more. */
static bool removals_finish(struct guest *vm)
{
	json_t *extensions = json_at(vm->doc, "goal.extensions");
	bool changed = false;

	for (size_t i = json_array_size(extensions); i-- > 0;) {
		json_t *ext = json_array_get(extensions, i);
		long long removing = json_int_at(ext, "removing", 0);

		if (removing == 0 || report_incarnation(vm->report) < removing ||
		    report_handler(vm->report, ext))
			continue;
		(void)json_array_remove(extensions, i);
		changed = true;
	}
	return changed;
}

void guest_report_take(struct fabric *f, struct guest *vm)
{
	size_t len = vm->blob.len;
	char why[160] = "";
	struct error err;
	json_t *j;

	/* Pages are filled up, with blanks through the host and with zeros directly. */
	while (len > 0 && strchr(" \n\t\r", vm->blob.data[len - 1]))
		len--; /* strchr finds the zero, too */
	if (len == 0)
		return;
	j = json_parse(vm->blob.data, len, why, sizeof why);
	if (!json_is_object(j)) {
		LOG(f->log, WARNING, "lab.report", "VM %s uploaded a status that is not JSON: %s",
		    vm->name, why);
		json_decref(j);
		return;
	}
	json_decref(vm->report);
	vm->report = j;
	vm->report_time_ms = fabric_now_ms();
	vm->serial++;
	if (removals_finish(vm) && guest_save(f, vm, &err) < 0)
		LOG(f->log, ERROR, "lab.state", "%s", err.what);
	(void)pthread_cond_broadcast(&f->uploaded);
}

json_t *fabric_vm_report(struct fabric *f, const char *name)
{
	json_t *ret = NULL;
	char time[21];
	struct guest *vm;

	fabric_lock(f);
	vm = guest_by_name(f, name);
	if (vm && !vm->report) {
		ret = json_null();
	} else if (vm) {
		int64_t incarnation = report_incarnation(vm->report);

		time_text(vm->report_time_ms, time);
		ret = json_pack("{s:I,s:s,s:o,s:O}", "serial", (json_int_t)vm->serial, "time", time,
				"incarnation",
				incarnation < 0 ? json_null() : json_integer(incarnation), "status",
				vm->report);
	}
	fabric_unlock(f);
	return ret;
}

/* Whether the sequence number asked for is the one reported. A handler that failed before it came
 * to its settings reports none, and will not. */
static bool seq_no_current(const json_t *ext, const json_t *handler)
{
	const json_t *reported = json_at(handler, "runtimeSettingsStatus.sequenceNumber");

	if (!json_object_get(ext, "settings") && !json_object_get(ext, "protectedSettings"))
		return true;
	if (!reported)
		return !text_eq_nocase(json_text_at(handler, "status", ""), "Ready");
	return json_integer_value(reported) == json_int_at(ext, "seqNo", 0);
}

/* Whether a handler's report is about what is asked for, in a goal state that is not older. */
static bool report_current(const struct guest *vm, const json_t *ext, const json_t *handler)
{
	if (report_incarnation(vm->report) < json_int_at(ext, "incarnation", 0))
		return false;
	if (json_int_at(ext, "removing", 0) > 0)
		return true;
	return text_eq(json_text_at(handler, "handlerVersion", ""),
		       json_text_at(ext, "version", "")) &&
	       seq_no_current(ext, handler);
}

static json_t *extension_report(const struct guest *vm, const json_t *ext)
{
	json_t *handler = report_handler(vm->report, ext);
	json_t *status = json_at(handler, "runtimeSettingsStatus.settingsStatus.status");

	char time[21] = "";

	if (vm->report)
		time_text(vm->report_time_ms, time);
	return json_pack("{s:I,s:o,s:O?,s:O?,s:b}", "serial", (json_int_t)vm->serial, "time",
			 json_text_or_null(time), "handler", handler, "status", status, "current",
			 vm->report && report_current(vm, ext, handler));
}

json_t *fabric_extension_report(struct fabric *f, const char *name, const char *extension)
{
	json_t *ret = NULL, *ext;
	struct guest *vm;

	fabric_lock(f);
	vm = guest_by_name(f, name);
	ext = vm ? extension_find(json_object_get(vm->doc, "goal"), extension) : NULL;
	if (ext)
		ret = extension_report(vm, ext);
	fabric_unlock(f);
	return ret;
}

static void deadline_in(int timeout_ms, struct timespec *ret)
{
	(void)clock_gettime(CLOCK_MONOTONIC, ret);
	ret->tv_sec += timeout_ms / 1000;
	ret->tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (ret->tv_nsec >= 1000000000) {
		ret->tv_nsec -= 1000000000;
		ret->tv_sec++;
	}
}

/* The newest serial, or a negative errno. The lock is held; the VM may go while we wait. */
static int64_t serial_wait(struct fabric *f, const char *name, int64_t serial, int timeout_ms)
{
	struct timespec deadline;

	deadline_in(timeout_ms, &deadline);
	for (;;) {
		const struct guest *vm = guest_by_name(f, name);

		if (!vm)
			return -ENOENT;
		if (vm->serial > serial)
			return vm->serial;
		if (f->stopping)
			return -ECANCELED;
		if (pthread_cond_timedwait(&f->uploaded, &f->lock, &deadline) == ETIMEDOUT)
			return guest_by_name(f, name) ? -ETIMEDOUT : -ENOENT;
	}
}

int64_t fabric_wait(struct fabric *f, const char *name, int64_t serial, int timeout_ms,
		    struct error *err)
{
	int64_t rc;

	fabric_lock(f);
	rc = serial_wait(f, name, serial, timeout_ms);
	fabric_unlock(f);
	if (rc < 0)
		return error_set(err, rc == -ENOENT ? FAULT_USAGE : FAULT_DEADLINE, (int)-rc,
				 "no status of VM %s after number %lld: %s", name,
				 (long long)serial, strerror((int)-rc));
	return rc;
}
