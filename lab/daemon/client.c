/* Asks the daemon over its control socket. */
#include "client.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/fs.h"
#include "base/text.h"

static int connect_to(const struct lab_paths *paths)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)TEXT_COPY(addr.sun_path, paths->socket);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof addr) < 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

bool client_is_up(const struct lab_paths *paths)
{
	AUTO_FD int fd = connect_to(paths);

	return fd >= 0;
}

static int send_request(int fd, const char *verb, json_t *args)
{
	AUTO_JSON json_t *request = json_pack("{s:s, s:o}", "verb", verb, "args",
					      args != NULL ? args : json_object());
	AUTO_BUF struct buf text = { 0 };

	if (json_write(request, false, &text) < 0 || buf_add_text(&text, "\n") < 0)
		return -ENOMEM;
	return fs_write_all(fd, text.data, text.len);
}

/* One line of the answer. Returns -1 while it is not the last, else an exit status. */
static int take_line(const char *line, void (*progress)(const char *text), json_t **answer,
		     struct error *err)
{
	AUTO_JSON json_t *j = json_parse(line, strlen(line), NULL, 0);
	const char *said = json_text_at(j, "progress", NULL);

	if (said != NULL) {
		if (progress != NULL)
			progress(said);
		return -1;
	}
	if (json_bool_at(j, "ok", false)) {
		if (answer != NULL)
			*answer = json_incref(json_object_get(j, "answer"));
		return LAB_OK;
	}
	(void)error_set(err, FAULT_USAGE, (int)json_int_at(j, "errno", 0), "%s",
			json_text_at(j, "error", "no reason given"));
	return (int)json_int_at(j, "code", LAB_FAILED);
}

int client_call(const struct lab_paths *paths, const struct client_request *q, json_t **answer,
		struct error *err)
{
	AUTO_FD int fd = connect_to(paths);
	AUTO_BUF struct buf in = { 0 };
	char data[16 << 10], *end;
	ssize_t len;
	int rc;

	if (fd < 0) {
		json_decref(q->args);
		(void)error_set(err, FAULT_USAGE, ENOTCONN,
				"the lab is not running (%s); start it with \"ib-lab up\"",
				paths->socket);
		return LAB_NOT_RUNNING;
	}
	(void)error_set(err, FAULT_INTERNAL, EPIPE, "the lab does not listen");
	if (send_request(fd, q->verb, q->args) < 0)
		return LAB_FAILED;
	while ((len = recv(fd, data, sizeof data, 0)) > 0) {
		if (buf_add(&in, data, (size_t)len) < 0)
			return LAB_FAILED;
		while (in.len > 0 && (end = memchr(in.data, '\n', in.len)) != NULL) {
			*end = '\0';
			rc = take_line(in.data, q->progress, answer, err);
			if (rc >= 0)
				return rc;
			in.len -= (size_t)(end + 1 - in.data);
			memmove(in.data, end + 1, in.len);
		}
	}
	if (text_eq(q->verb, "down"))
		return LAB_OK;
	(void)error_set(err, FAULT_INTERNAL, EPIPE, "the lab went away without an answer");
	return LAB_NOT_RUNNING;
}

int client_ask(const struct lab_paths *paths, const char *verb, json_t *args,
	       void (*progress)(const char *text), json_t **answer)
{
	struct client_request q = { .verb = verb, .args = args, .progress = progress };
	struct error err = { 0 };
	int rc = client_call(paths, &q, answer, &err);

	if (rc != LAB_OK)
		fprintf(stderr, "ib-lab: %s\n", err.what);
	return rc;
}
