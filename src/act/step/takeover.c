/* Has who manages the network read its configuration anew, so that it leaves IPoIB interfaces alone
 * from now on. What else was changed since it read it would come with that, the VM's own interface
 * maybe: then ours waits for the next boot. */
#include "act/step/step.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/text.h"
#include "facts/own_files.h"
#include "host/host.h"
#include "host/run.h"

enum { SYSTEMCTL_S = 60, LINK_BYTES_MAX = 16 << 10 };

static const struct network_manager {
	const char *unit;
	const char *own; /* the file of ours that it is to read */
	const char *dirs[6];
	const char *const *reload;
	const char *links; /* what it says of each interface; NULL where a reload touches none */
} managers[] = {
	{ "systemd-networkd.service",
	  OWN_IPOIB_NETWORKD,
	  { "etc/systemd/network", "run/systemd/network", "usr/local/lib/systemd/network",
	    "usr/lib/systemd/network", "lib/systemd/network" },
	  (const char *const[]) { "networkctl", "reload", NULL },
	  "run/systemd/netif/links" },
	{ "NetworkManager.service",
	  OWN_IPOIB_MANAGER,
	  { "etc/NetworkManager", "etc/NetworkManager/conf.d", "run/NetworkManager/conf.d",
	    "usr/lib/NetworkManager/conf.d" },
	  (const char *const[]) { "nmcli", "general", "reload", "conf", NULL },
	  NULL },
};

struct look {
	const struct host *host;
	const struct network_manager *manager;
	const char *dir;
	int64_t since_ms; /* of the wall clock */
	char changed[320];
};

/* When it became active, by the wall clock; 0 where it is not active. */
static int64_t active_since_ms(const struct host *h, const char *unit)
{
	const char *const argv[] = { "systemctl",  "show",
				     "--property", "ActiveEnterTimestampMonotonic",
				     unit,         NULL };
	struct run_spec spec = { .argv = argv, .deadline_s = SYSTEMCTL_S, .quiet = true };
	AUTO_RUN struct run_result r = { 0 };
	struct error why = { 0 };
	const char *value;
	long long us;

	if (run(h, &spec, &r, &why) < 0 || !run_ok(&r))
		return 0;
	value = strchr(buf_text(&r.out), '=');
	us = value ? strtoll(value + 1, NULL, 10) : 0;
	if (us <= 0)
		return 0;
	return h->clock->realtime_ms(h->clock) - h->clock->monotonic_ms(h->clock) + us / 1000;
}

static bool is_changed_since(const struct look *l, const char *path)
{
	static const int flags[] = { AT_SYMLINK_NOFOLLOW, 0 };

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		struct stat st;

		if (fstatat(l->host->root, path, &st, flags[i]) == 0 && !S_ISDIR(st.st_mode) &&
		    (int64_t)st.st_ctim.tv_sec * 1000 + st.st_ctim.tv_nsec / 1000000 >= l->since_ms)
			return true;
	}
	return false;
}

static bool look_in(struct look *l, const char *dir, int (*look)(void *ctx, const char *name))
{
	const char *above = l->dir;
	bool found;

	l->dir = dir;
	found = host_list(l->host, dir, look, l) == 1;
	l->dir = above;
	return found;
}

static int file_look(void *ctx, const char *name)
{
	struct look *l = ctx;
	char path[sizeof(l->changed)];

	TEXT_FORMAT(path, "%s/%s", l->dir, name);
	if (text_eq(path, l->manager->own))
		return 0;
	if (is_changed_since(l, path)) {
		TEXT_COPY(l->changed, path);
		return 1;
	}
	/* networkd's drop-ins */
	return (text_ends(name, ".network.d") || text_ends(name, ".netdev.d")) &&
	       look_in(l, path, file_look);
}

/* The file by which networkd has set an interface up: is it gone? */
static int link_look(void *ctx, const char *name)
{
	static const char key[] = "\nNETWORK_FILE=/";
	struct look *l = ctx;
	AUTO_BUF struct buf text = { 0 };
	char path[sizeof(l->changed)];
	const char *file;

	TEXT_FORMAT(path, "%s/%s", l->dir, name);
	if (host_read(l->host, path, LINK_BYTES_MAX, &text) < 0)
		return 0;
	file = strstr(buf_text(&text), key);
	if (!file)
		return 0;
	file += strlen(key);
	TEXT_FORMAT(path, "%.*s", (int)strcspn(file, "\n"), file);
	if (host_exists(l->host, path))
		return 0;
	TEXT_COPY(l->changed, path);
	return 1;
}

static bool look_changed(struct look *l)
{
	const struct network_manager *m = l->manager;

	for (size_t i = 0; i < ARRAY_SIZE(m->dirs) && m->dirs[i]; i++)
		if (look_in(l, m->dirs[i], file_look))
			return true;
	return m->links && look_in(l, m->links, link_look);
}

static void take_over(const struct host *h, const struct network_manager *manager)
{
	struct look look = { .host = h, .manager = manager };
	struct run_spec spec = { .argv = manager->reload, .deadline_s = SYSTEMCTL_S };
	struct error why = { 0 };

	look.since_ms = active_since_ms(h, manager->unit);
	if (look.since_ms == 0)
		return;
	if (look_changed(&look))
		LOG(h->log, WARNING, "ipoib.takeover",
		    "/%s was changed or taken away since %s was started, so that is not told to "
		    "read its files: it leaves IPoIB interfaces alone from the next boot on",
		    look.changed, manager->unit);
	else if (run_or_fail(h, &spec, FAULT_SERVICE, manager->reload[0], &why) < 0)
		LOG(h->log, WARNING, "ipoib.takeover",
		    "%s: it leaves IPoIB interfaces alone from the next boot on", why.what);
}

/* The files are there: at the next boot they are read in any case. */
static int takeover_apply(const struct step_context *c, const struct step *s, const json_t *before,
			  struct error *err)
{
	(void)before;
	(void)err;
	for (size_t i = 0; i < ARRAY_SIZE(managers); i++)
		for (unsigned k = 0; k < s->nitems; k++)
			if (text_eq(s->items[k], managers[i].unit))
				take_over(c->host, &managers[i]);
	return 0;
}

/* Nothing to undo: it would come before the files in the way back, and read them again. */
const struct step_ops step_takeover = {
	.apply = takeover_apply,
	.percent = 1,
};
