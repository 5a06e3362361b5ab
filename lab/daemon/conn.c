/* Lines to a client of the control socket. */
#include "conn.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/text.h"
#include "lab.h"

void conn_send(struct conn *c, json_t *line)
{
	AUTO_BUF struct buf text = { 0 };

	if (json_write(line, false, &text) == 0 && buf_add_text(&text, "\n") == 0 &&
	    send(c->fd, text.data, text.len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)text.len)
		(void)shutdown(c->fd, SHUT_RDWR); /* gone, or not reading: the loop will see it */
	json_decref(line);
}

void conn_answer(struct conn *c, json_t *answer)
{
	c->wait.kind = WAIT_NONE;
	conn_send(c, json_pack("{s:b, s:o}", "ok", 1, "answer",
			       answer != NULL ? answer : json_object()));
}

void conn_refuse(struct conn *c, const struct error *err)
{
	int code = err->sys == ENOENT                                ? LAB_NOT_FOUND
		   : err->sys == EINVAL || err->fault == FAULT_USAGE ? LAB_USAGE
								     : LAB_FAILED;

	c->wait.kind = WAIT_NONE;
	conn_send(c, json_pack("{s:b, s:i, s:i, s:s}", "ok", 0, "code", code, "errno", err->sys,
			       "error", err->what));
}
