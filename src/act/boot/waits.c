/* Waits before the work begins. */
#include "act/boot/waits.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "act/process.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

enum { POLL_MS = 1000, SAY_MS = 10000, STATUS_BYTES_MAX = 256 << 10, DEPTH_MAX = 64 };

#define CLOUD_INIT "run/cloud-init"

/* Seconds since 1970, of which the file has fractions; 0 where it is no time up to the year 9999.
 */
static int64_t time_of(const json_t *number)
{
	const double last = 253402300799.0;
	double s = json_number_value(number);

	return s > 0 && s <= last ? (int64_t)s : 0;
}

void cloud_init_parse(const char *text, size_t len, struct cloud_init_state *ret)
{
	AUTO_JSON json_t *j = json_parse(text, len, NULL, 0);
	const char *stage = json_text_at(j, "v1.stage", "");
	char path[64];

	*ret = (struct cloud_init_state) { 0 };
	/* Between two stages the stage is null; result.json is there once all have ended. */
	if (!json_is_object(json_at(j, "v1")))
		return;
	ret->running = true;
	TEXT_COPY(ret->stage, stage[0] ? stage : "between two stages");
	TEXT_FORMAT(path, "v1.%s.start", stage);
	ret->since_s = time_of(json_at(j, path));
}

void cloud_init_look(const struct host *h, struct cloud_init_state *ret)
{
	AUTO_BUF struct buf text = { 0 };

	*ret = (struct cloud_init_state) { 0 };
	if (host_exists(h, CLOUD_INIT "/result.json") ||
	    host_read(h, CLOUD_INIT "/status.json", STATUS_BYTES_MAX, &text) < 0)
		return;
	cloud_init_parse(buf_text(&text), text.len, ret);
}

/* Programs that change packages by themselves, and let go of the package manager's locks between
 * their steps. As in proc/<pid>/comm, which has 15 characters. */
static const char *const updaters[] = { "unattended-upgr", "apt.systemd.dai", "dnf-automatic",
					"yum-cron", "zypper-auto" };

static bool is_updater(const struct host *h, pid_t pid, void *ctx)
{
	char path[48], comm[32], words[200];

	(void)ctx;
	TEXT_FORMAT(path, "proc/%d/comm", (int)pid);
	if (HOST_READ_LINE(h, path, comm) < 0)
		return false;
	process_words(h, pid, words, sizeof(words));
	/* It stays for the whole life of the machine, to hold a shutdown up. */
	if (strstr(words, "unattended-upgrade-shutdown"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(updaters); i++)
		if (text_eq(comm, updaters[i]))
			return true;
	/* A script in Python is called python3. */
	return text_starts(comm, "python") &&
	       (strstr(words, "/unattended-upgrade") || strstr(words, "/dnf-automatic"));
}

/* Who is waited for, and for how long it has been at it; -1 if that is not known. */
struct holder {
	char name[96];
	int64_t age_s;
};

static bool caller_is_cloud_init(const struct host *h)
{
	char name[96];

	return waits_has_caller(h, name, sizeof(name)) && text_starts(name, "cloud-init");
}

static bool find_holder(const struct host *h, struct holder *ret)
{
	struct cloud_init_state cloud;
	pid_t pid;

	cloud_init_look(h, &cloud);
	if (cloud.running && !caller_is_cloud_init(h)) {
		TEXT_FORMAT(ret->name, "cloud-init (%s)", cloud.stage);
		ret->age_s = cloud.since_s ? h->clock->realtime_ms(h->clock) / 1000 - cloud.since_s
					   : -1;
		return true;
	}
	pid = process_find(h, is_updater, NULL);
	if (pid == 0)
		return false;
	process_name(h, pid, ret->name, sizeof(ret->name));
	ret->age_s = process_age_s(h, pid);
	return true;
}

static void say(const struct waiting *w, const struct holder *of, int64_t waited_ms)
{
	const struct clock *clock = w->host->clock;
	char until[21], age[48] = "";

	time_text(clock->realtime_ms(clock) + w->limit_s * 1000LL - waited_ms, until);
	if (of->age_s >= 0)
		TEXT_FORMAT(age, ", which began %" PRId64 " s ago", of->age_s);
	log_stage(w->host->log, "waits", STAGE_WAITING, -1, "waits.wait",
		  "waiting for the end of %s%s, for %" PRId64 " s so far, until %s at most",
		  of->name, age, waited_ms / 1000, until);
}

static void say_end(const struct waiting *w, const struct holder *of, bool over)
{
	if (over)
		log_stage(w->host->log, "waits", STAGE_DONE, -1, "waits.over",
			  "%s has not ended within %d s: going on beside it", of->name, w->limit_s);
	else
		log_stage(w->host->log, "waits", STAGE_DONE, -1, "waits.done",
			  "%s has ended: going on", of->name);
}

int waits_before_work(const struct waiting *w, struct error *err)
{
	const struct clock *clock = w->host->clock;
	int64_t start = clock->monotonic_ms(clock), said = start - SAY_MS;
	struct holder of = { .age_s = -1 };

	while (find_holder(w->host, &of)) {
		int64_t now = clock->monotonic_ms(clock);

		if (w->stop && w->stop(w->ctx))
			return error_set(err, FAULT_TAKEN_OVER, 0,
					 "a newer request came while waiting for %s", of.name);
		if (now - start >= w->limit_s * 1000LL) {
			say_end(w, &of, true);
			return 0;
		}
		if (now - said >= SAY_MS) {
			say(w, &of, now - start);
			said = now;
		}
		clock->sleep_ms(clock, POLL_MS);
	}
	if (of.name[0])
		say_end(w, &of, false);
	return 0;
}

static bool is_caller(const struct host *h, pid_t pid, char *ret, size_t size)
{
	char words[512];

	process_words(h, pid, words, sizeof(words));
	if (strstr(words, "cloud-init"))
		text_format(ret, size, "cloud-init (pid %d)", (int)pid);
	else if (strstr(words, "-run-exthandlers"))
		text_format(ret, size, "the Azure agent (pid %d)", (int)pid);
	else
		return false;
	return true;
}

bool waits_has_caller(const struct host *h, char *ret, size_t size)
{
	pid_t at = getppid();

	for (int depth = 0; at > 1 && depth < DEPTH_MAX; depth++) {
		if (is_caller(h, at, ret, size))
			return true;
		at = process_parent(h, at);
	}
	return false;
}
