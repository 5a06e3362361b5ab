/* act/traffic/tool.c - finds a program, and writes its words. */
#include "act/traffic/tool.h"

#include <errno.h>

#include "act/traffic/output.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

enum { HELP_S = 10 };

static const struct tool tools[] = {
	{ .name = "ib_write_bw", .peer_port = 18515, .measures_rate = true },
	{ .name = "ibv_rc_pingpong", .peer_port = 18516 },
};

/* What --help names. ibv_rc_pingpong does not know the option, and shows its own then. */
static int look_at(const struct host *h, struct tool *t, bool *ret_there, struct error *err)
{
	const char *const argv[] = { t->name, "--help", NULL };
	struct run_spec spec = { .argv = argv, .deadline_s = HELP_S, .quiet = true };
	AUTO_RUN struct run_result r = { 0 };
	const struct {
		const char *name;
		bool *has;
	} options[] = {
		{ "--report_gbits", &t->gigabits },
		{ "--pkey_index", &t->pkey_index },
		{ "--chk", &t->compares },
	};

	if (run(h, &spec, &r, err) < 0)
		return -1;
	*ret_there = r.end != RUN_NOT_FOUND;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		*options[i].has = output_has_option(buf_text(&r.out), r.out.len, options[i].name);
	return 0;
}

int tool_find(const struct host *h, struct tool *ret, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		struct tool t = tools[i];
		bool there;

		if (look_at(h, &t, &there, err) < 0)
			return -1;
		if (!there)
			continue;
		*ret = t;
		return 0;
	}
	*ret = (struct tool) { 0 };
	return 0;
}

static void add_option(struct command *c, const char *option, const char *value)
{
	command_add(c, option);
	command_add(c, value);
}

static void add_bw(const struct tool_call *call, struct tool_words *w)
{
	struct command *c = &w->command;

	(void)TEXT_FORMAT(w->seconds, "%u", call->seconds);
	add_option(c, "-D", w->seconds);
	command_add(c, "-F"); /* no word on the processor's clock */
	if (call->tool->gigabits)
		command_add(c, "--report_gbits");
	if (call->binding->has_gid)
		add_option(c, "-x", w->gid);
	(void)TEXT_FORMAT(w->pkey, "--pkey_index=%u", call->binding->pkey_index);
	if (call->binding->pkey_index > 0)
		command_add(c, w->pkey);
}

/* Asleep until something comes, not in a loop that takes a whole processor. */
static void add_pingpong(const struct tool_call *call, struct tool_words *w)
{
	command_add(&w->command, "-e");
	if (call->tool->compares)
		command_add(&w->command, "-c");
	if (call->binding->has_gid)
		add_option(&w->command, "-g", w->gid);
}

int tool_command(const struct tool_call *call, struct tool_words *ret, struct error *err)
{
	const struct binding *b = call->binding;
	struct command *c = &ret->command;

	*ret = (struct tool_words) { 0 };
	(void)TEXT_FORMAT(ret->port, "%u", b->port);
	(void)TEXT_FORMAT(ret->tcp, "%u", call->tcp_port);
	(void)TEXT_FORMAT(ret->gid, "%u", b->gid_index);
	command_add(c, call->tool->name);
	add_option(c, "-d", b->device);
	add_option(c, "-i", ret->port);
	add_option(c, "-p", ret->tcp);
	if (call->tool->measures_rate)
		add_bw(call, ret);
	else
		add_pingpong(call, ret);
	if (call->peer)
		command_add(c, call->peer);
	if (!c->failed)
		return 0;
	tool_words_free(ret);
	return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory");
}

void tool_words_free(struct tool_words *w)
{
	command_free(&w->command);
}

int tool_parse(const struct tool *t, const char *text, size_t len, struct traffic_output *ret)
{
	return t->measures_rate ? output_parse_bw(text, len, ret)
				: output_parse_pingpong(text, len, ret);
}
