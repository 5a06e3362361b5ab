/* tests/unit/handler/fixture.c - makes the machine, runs programs by a table, and checks N.status
 * as the agent does. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fs.h"
#include "host/run.h"

static struct machine *machine_of(const struct clock *c)
{
	return (struct machine *)((char *)c - offsetof(struct machine, clock));
}

static int64_t look(const struct clock *c)
{
	return machine_of(c)->now_ms;
}

static void sleep_at_once(const struct clock *c, int64_t ms)
{
	machine_of(c)->now_ms += ms;
}

static bool has_word(const char *const *argv, const char *word)
{
	for (size_t i = 0; argv[i] != NULL; i++)
		if (strstr(argv[i], word) != NULL)
			return true;
	return false;
}

static int fake_run(const struct host *h, const struct run_spec *spec, struct run_result *ret,
		    struct error *err)
{
	struct machine *m = machine_of(h->clock);

	(void)err;
	for (size_t i = 0; spec->argv[i] != NULL; i++)
		assert_int_equal(buf_add_format(&m->ran, "%s%s", i > 0 ? " " : "", spec->argv[i]),
				 0);
	assert_int_equal(buf_add_text(&m->ran, "\n"), 0);
	buf_clear(&m->input);
	if (spec->input != NULL)
		assert_int_equal(buf_add(&m->input, spec->input, spec->input_len), 0);
	/* `systemctl is-failed` of a unit that has not failed is the one program that is content
	 * with 1. */
	*ret = (struct run_result) { .end = RUN_EXITED,
				     .code = text_eq(spec->argv[0], "systemctl") };
	for (size_t i = 0; i < m->nanswers; i++) {
		const struct answer *a = &m->answers[i];

		if (!text_eq(a->program, spec->argv[0]) ||
		    (a->word != NULL && !has_word(spec->argv, a->word)))
			continue;
		ret->end = a->code < 0 ? RUN_NOT_FOUND : RUN_EXITED;
		ret->code = a->code < 0 ? 0 : a->code;
		assert_int_equal(buf_add_text(&ret->out, a->out != NULL ? a->out : ""), 0);
		assert_int_equal(buf_add_text(&ret->err, a->err != NULL ? a->err : ""), 0);
		break;
	}
	return 0;
}

static int64_t log_now(void)
{
	return T0;
}

static const struct runner fake_runner = { .run = fake_run };

static const char environment_text[] =
	"[{\"name\":\"Microsoft.HpcCompute.InfiniBandDriverLinux\",\"version\":1.0,"
	"\"handlerEnvironment\":{\"logFolder\":\"" LOG_DIR "\",\"configFolder\":\"" HANDLER_DIR
	"/config\",\"statusFolder\":\"" STATUS_DIR "\",\"heartbeatFile\":\"" HANDLER_DIR
	"/heartbeat.log\",\"eventsFolder\":\"" LOG_DIR "/events\"}}]";

void machine_make(struct machine *m)
{
	*m = (struct machine) { .now_ms = T0, .log = { .now_ms = log_now } };
	TEXT_COPY(m->dir, "/tmp/ib-vmext-test-XXXXXX");
	assert_non_null(mkdtemp(m->dir));
	m->clock = (struct clock) { .realtime_ms = look,
				    .monotonic_ms = look,
				    .sleep_ms = sleep_at_once };
	m->host = (struct host) { .root = open(m->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
				  .live = true,
				  .runner = &fake_runner,
				  .clock = &m->clock,
				  .log = &m->log };
	assert_true(m->host.root >= 0);
	m->app = (struct handler_app) { .host = &m->host,
					.version = "1.1.7",
					.program = "/bin/true",
					.extension_path = HANDLER_DIR };
	machine_put(m, "proc/sys/kernel/random/boot_id", BOOT_1 "\n");
	machine_put(m, HANDLER_DIR "/HandlerEnvironment.json", environment_text);
	machine_put_dir(m, "run/systemd/system");
	machine_put_dir(m, HANDLER_DIR "/config");
	machine_put_dir(m, STATUS_DIR);
	machine_put_dir(m, LOG_DIR "/events");
}

void machine_drop(struct machine *m)
{
	buf_free(&m->ran);
	buf_free(&m->input);
	handler_app_free(&m->app);
	close(m->host.root);
	assert_int_equal(fs_remove(AT_FDCWD, m->dir), 0);
}

static const char *below(const char *path)
{
	return path + strspn(path, "/");
}

void machine_put_dir(const struct machine *m, const char *path)
{
	assert_int_equal(fs_make_dirs(m->host.root, below(path), 0755), 0);
}

void machine_put(const struct machine *m, const char *path, const char *text)
{
	char parent[512];

	TEXT_COPY(parent, below(path));
	if (strrchr(parent, '/') != NULL) {
		*strrchr(parent, '/') = '\0';
		machine_put_dir(m, parent);
	}
	assert_int_equal(fs_replace(m->host.root, below(path), text, strlen(text), 0644), 0);
}

void machine_remove(const struct machine *m, const char *path)
{
	assert_int_equal(fs_remove(m->host.root, below(path)), 0);
}

bool machine_has(const struct machine *m, const char *path)
{
	return fs_exists(m->host.root, below(path));
}

void machine_text(const struct machine *m, const char *path, struct buf *ret)
{
	int rc = fs_read(m->host.root, below(path), 1 << 20, ret);

	if (rc < 0)
		fail_msg("%s: %s", path, strerror(-rc));
}

json_t *machine_json(const struct machine *m, const char *path)
{
	AUTO_BUF struct buf text = { 0 };
	char why[200] = "";
	json_t *j;

	machine_text(m, path, &text);
	j = json_parse(buf_text(&text), text.len, why, sizeof why);
	if (j == NULL)
		fail_msg("%s: %s", path, why);
	return j;
}

void machine_request(struct machine *m, const char *seq, const char *public_settings)
{
	char path[256], text[4096];

	m->app.sequence = seq;
	TEXT_FORMAT(path, HANDLER_DIR "/config/%s.settings", seq);
	TEXT_FORMAT(text,
		    "{\"runtimeSettings\":[{\"handlerSettings\":{\"publicSettings\":%s,"
		    "\"protectedSettings\":null,\"protectedSettingsCertThumbprint\":null}}]}",
		    public_settings);
	machine_put(m, path, text);
}

static void check_message(const json_t *owner, size_t most)
{
	const char *message = json_text_at(owner, "formattedMessage.message", NULL);

	assert_non_null(message);
	assert_non_null(json_text_at(owner, "formattedMessage.lang", NULL));
	assert_true(strlen(message) < most);
}

/* WALinuxAgent ga/exthandlers.py: parse_ext_status, parse_ext_substatus,
 * _MAX_STATUS_FILE_SIZE_IN_BYTES. */
void check_status_text(const char *text, size_t len)
{
	static const char *const states[] = { "transitioning", "success", "error" };
	char why[200] = "";
	AUTO_JSON json_t *j = json_parse(text, len, why, sizeof why);
	const json_t *status = json_at(j, "0.status");
	const json_t *sub;
	size_t at;
	bool known = false;

	if (j == NULL)
		fail_msg("N.status: %s", why);
	assert_true(len < 128 << 10);
	assert_true(json_is_array(j) && json_is_object(status));
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		known = known || text_eq(json_text_at(status, "status", ""), states[i]);
	assert_true(known);
	assert_true(json_is_integer(json_object_get(status, "code")));
	assert_true(json_is_string(json_object_get(status, "name")));
	assert_true(json_is_string(json_object_get(status, "operation")));
	check_message(status, 1024);
	assert_true(json_is_array(json_object_get(status, "substatus")));
	json_array_foreach(json_object_get(status, "substatus"), at, sub)
	{
		known = false;
		for (size_t i = 0; i < ARRAY_SIZE(states); i++)
			known = known || text_eq(json_text_at(sub, "status", ""), states[i]);
		assert_true(known);
		assert_true(json_is_string(json_object_get(sub, "name")));
		check_message(sub, 1024);
	}
}

void machine_status(const struct machine *m, int64_t seq, char *ret, size_t size)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_JSON json_t *j = NULL;
	char path[256];

	TEXT_FORMAT(path, STATUS_DIR "/%lld.status", (long long)seq);
	machine_text(m, path, &text);
	check_status_text(buf_text(&text), text.len);
	j = json_parse(buf_text(&text), text.len, NULL, 0);
	text_format(ret, size, "%s %lld %s", json_text_at(j, "0.status.status", ""),
		    json_int_at(j, "0.status.code", -1),
		    json_text_at(j, "0.status.formattedMessage.message", ""));
}

void machine_forget_output(struct machine *m)
{
	buf_clear(&m->ran);
	buf_clear(&m->app.out);
	buf_clear(&m->app.complaint);
}
