/* Renames RDMA devices, one after the other. */
#include "act/names.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "facts/facts.h"
#include "facts/rdma_names.h"
#include "host/host.h"
#include "host/run.h"

enum { RENAME_S = 20 };

#define NODES "/dev/infiniband/"

static const char *const renamers[] = { "usr/lib/udev/rdma_rename", "lib/udev/rdma_rename" };

/* Each name that is given counts as taken for the next. */
static int pair_add(struct facts *f, unsigned port, json_t *list)
{
	char from[sizeof(f->ports[0].device)], to[sizeof(f->ports[0].device)];

	TEXT_COPY(from, f->ports[port].device);
	if (!rdma_name_wanted(f, &f->ports[port], to, sizeof(to)))
		return 0;
	for (unsigned i = 0; i < f->nports; i++)
		if (text_eq(f->ports[i].device, from))
			TEXT_COPY(f->ports[i].device, to);
	return json_array_append_new(list, json_pack("{s:s, s:s}", "from", from, "to", to));
}

json_t *names_missing(const struct facts *f, const char *pci)
{
	AUTO_FREE struct facts *then = malloc(sizeof(*then));
	AUTO_JSON json_t *list = json_array();

	if (!then || !list)
		return NULL;
	*then = *f;
	for (unsigned i = 0; i < then->nports; i++)
		if ((!pci || text_eq(then->ports[i].pci, pci)) && pair_add(then, i, list) < 0)
			return NULL;
	return TAKE(list);
}

struct search {
	const struct host *host;
	char process[32];
	bool found;
};

/* host_read_link_name gives the last component alone. */
static int look_at_fd(void *ctx, const char *name)
{
	struct search *s = ctx;
	char path[80], target[80];
	ssize_t n;

	TEXT_FORMAT(path, "proc/%s/fd/%s", s->process, name);
	n = readlinkat(s->host->root, path, target, sizeof(target) - 1);
	if (n <= 0)
		return 0;
	target[n] = '\0';
	s->found = text_starts(target, NODES);
	return s->found;
}

static int look_at_process(void *ctx, const char *name)
{
	struct search *s = ctx;
	char path[64];

	if (name[strspn(name, "0123456789")] || TEXT_COPY(s->process, name) < 0)
		return 0;
	TEXT_FORMAT(path, "proc/%s/fd", name);
	(void)!host_list(s->host, path, look_at_fd, s);
	return s->found;
}

bool names_user(const struct host *h, char *ret, size_t size)
{
	struct search s = { .host = h };
	char path[64], name[40];

	(void)!host_list(h, "proc", look_at_process, &s);
	if (!s.found)
		return false;
	TEXT_FORMAT(path, "proc/%s/comm", s.process);
	if (HOST_READ_LINE(h, path, name) < 0)
		TEXT_COPY(name, "?");
	text_format(ret, size, "pid %s (%s)", s.process, name);
	return true;
}

static bool has_device(const struct host *h, const char *name)
{
	char path[96];

	return TEXT_FORMAT(path, "sys/class/infiniband/%s", name) == 0 && host_exists(h, path);
}

static void try_rename(const struct host *h, const char *const *argv, const char *from,
		       struct error *why)
{
	struct run_spec spec = { .argv = argv, .deadline_s = RENAME_S };
	char doing[160];

	TEXT_FORMAT(doing, "renaming %s by %s", from, argv[0]);
	*why = (struct error) { 0 };
	(void)run_or_fail(h, &spec, FAULT_PROGRAM_FAILED, doing, why);
}

/* What counts is that the device has the name. */
static bool rename_one(const struct host *h, const char *from, const char *to)
{
	const char *const rdma[] = { "rdma", "dev", "set", from, "name", to, NULL };
	struct error why = { 0 };
	char program[64];

	if (!has_device(h, from))
		return has_device(h, to);
	try_rename(h, rdma, from, &why);
	for (size_t i = 0; i < ARRAY_SIZE(renamers) && !has_device(h, to); i++) {
		const char *const fixed[] = { program, from, "NAME_FIXED", to, NULL };

		TEXT_FORMAT(program, "/%s", renamers[i]);
		if (host_exists(h, renamers[i]))
			try_rename(h, fixed, from, &why);
	}
	if (has_device(h, to)) {
		LOG(h->log, INFO, "names.given", "%s is called %s now", from, to);
		return true;
	}
	LOG(h->log, WARNING, "names.failed", "%s stays %s and is not called %s: %s", from, from, to,
	    why.what);
	return false;
}

static unsigned rename_all(const struct host *h, const json_t *pairs, const char *from,
			   const char *to)
{
	unsigned left = (unsigned)json_array_size(pairs);
	char user[80];
	const json_t *one;
	size_t i;

	if (left > 0 && names_user(h, user, sizeof(user))) {
		LOG(h->log, WARNING, "names.in-use",
		    "RDMA devices keep their names until the next boot: %s has one open", user);
		return left;
	}
	json_array_foreach(pairs, i, one)
	{
		left -= rename_one(h, json_text_at(one, from, ""), json_text_at(one, to, ""));
	}
	return left;
}

unsigned names_give(const struct host *h, const json_t *pairs)
{
	return rename_all(h, pairs, "from", "to");
}

void names_take(const struct host *h, const json_t *pairs)
{
	(void)rename_all(h, pairs, "to", "from");
}
