/* Answers that come later: who waits for a VM or an extension is told when that holds, or when
 * patience ends. */
#include "lab.h"

#include <errno.h>

#include "base/text.h"
#include "conn.h"
#include "extension.h"
#include "lab/fabric/fabric.h"

static void wait_for_guest(struct lab *lab, struct conn *c)
{
	const struct guest *g = guest_find(lab, c->wait.vm);
	struct error err = { 0 };

	if (g == NULL) {
		(void)error_set(&err, FAULT_USAGE, ENOENT, "%s is gone", c->wait.vm);
		if (c->wait.kind == WAIT_GONE)
			conn_answer(c, NULL);
		else
			conn_refuse(c, &err);
	} else if (c->wait.kind == WAIT_STOPPED && g->vm.state == VM_STOPPED) {
		conn_answer(c, guest_json(lab, g));
	} else if (c->wait.kind == WAIT_RUNNING && g->vm.boots >= c->wait.boots) {
		if (g->vm.state == VM_RUNNING)
			conn_answer(c, guest_json(lab, g));
		if (g->vm.state == VM_STOPPED) {
			(void)error_set(&err, FAULT_INTERNAL, 0, "%s",
					g->trouble[0] != '\0' ? g->trouble : "it has stopped");
			conn_refuse(c, &err);
		}
	}
}

static void wait_for_extension(struct lab *lab, struct conn *c)
{
	struct wait *w = &c->wait;
	char said[sizeof w->said];
	enum extension_end end = extension_judge(lab->fabric, w->vm, w->extension, said,
						 sizeof said);
	bool over = text_eq(w->until, "success") ? end == EXTENSION_SUCCESS
		    : text_eq(w->until, "error") ? end == EXTENSION_ERROR
		    : text_eq(w->until, "gone")  ? end == EXTENSION_GONE
						 : end != EXTENSION_PENDING;
	AUTO_JSON json_t *report = NULL;
	struct error err = { 0 };

	if (w->progress && *said != '\0' && !text_eq(said, w->said)) {
		(void)TEXT_COPY(w->said, said);
		conn_send(c, json_pack("{s:s}", "progress", said));
	}
	if (!over && end == EXTENSION_GONE) {
		(void)error_set(&err, FAULT_USAGE, ENOENT, "%s has no extension named %s", w->vm,
				w->extension);
		conn_refuse(c, &err);
	}
	if (!over)
		return;
	report = fabric_extension_report(lab->fabric, w->vm, w->extension);
	if (end == EXTENSION_ERROR && !text_eq(w->until, "error")) {
		(void)error_set(&err, FAULT_INTERNAL, 0, "%s", said);
		conn_refuse(c, &err);
		return;
	}
	conn_answer(c, json_pack("{s:s, s:s, s:O?}", "end",
				 end == EXTENSION_SUCCESS ? "success"
				 : end == EXTENSION_ERROR ? "error"
							  : "gone",
				 "message", said, "report", report));
}

static void wait_expired(struct lab *lab, struct conn *c)
{
	const struct guest *g = guest_find(lab, c->wait.vm);
	bool booting = g != NULL && g->vm.state == VM_STARTING;
	struct error err = { 0 };
	char said[600] = "", console[400] = "";

	if (c->wait.kind == WAIT_EXTENSION)
		(void)extension_judge(lab->fabric, c->wait.vm, c->wait.extension, said,
				      sizeof said);
	if (booting)
		guest_console_end(g, console, sizeof console);
	(void)error_set(&err, FAULT_DEADLINE, ETIMEDOUT, "%s: no end in time%s%.300s%s%s",
			c->wait.vm, *said != '\0' ? "; the last word was: " : "", said,
			booting ? "; it is still booting, and " : "", console);
	conn_refuse(c, &err);
}

void waits_check(struct lab *lab)
{
	for (size_t i = 0; i < LAB_CONNS_MAX; i++) {
		struct conn *c = &lab->conns[i];

		if (c->fd < 0 || c->wait.kind == WAIT_NONE)
			continue;
		if (c->wait.kind == WAIT_EXTENSION)
			wait_for_extension(lab, c);
		else
			wait_for_guest(lab, c);
		if (c->wait.kind != WAIT_NONE && lab_now_ms() >= c->wait.deadline_ms)
			wait_expired(lab, c);
	}
}
