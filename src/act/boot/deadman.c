/* Watches the default gateway while the network's module may be out. */
#include "act/boot/deadman.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "act/act.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

#define ARMED_FILE ACT_STATE_DIR "/deadman.json"
#define LAST_FILE  ACT_STATE_DIR "/deadman.last"
#define FIRED_FILE ACT_STATE_DIR "/deadman.fired"
#define AWAY_FILE  "run/modprobe.d/ib-vmext-deadman.conf"
#define UNIT       "--unit=ib-vmext-deadman.service"

enum { CALL_S = 30, POLL_MS = 1000, APPEAR_S = 15, WORDS_MAX = 40, FILE_BYTES_MAX = 256 << 10 };

/* Of `text`, the word after `key`. */
static bool word_after(const char *text, const char *key, char *ret, size_t size)
{
	size_t len = strlen(key);

	for (const char *at = strstr(text, key); at; at = strstr(at + 1, key)) {
		if ((at != text && at[-1] != ' ') || at[len] != ' ')
			continue;
		at += len + 1;
		text_format(ret, size, "%.*s", (int)strcspn(at, " \n\\"), at);
		return true;
	}
	return false;
}

bool deadman_gateway(const char *routes, char *ret, size_t size)
{
	for (const char *line = routes; line && *line; line = strchr(line, '\n')) {
		char one[256];

		line += *line == '\n';
		text_format(one, sizeof(one), "%.*s", (int)strcspn(line, "\n"), line);
		if (text_starts(one, "default ") && word_after(one, "via", ret, size))
			return true;
	}
	return false;
}

/* "2: eth0    inet 10.0.0.4/24 brd 10.0.0.255 scope global eth0\       valid_lft ..." */
void deadman_address(const char *line, const char *netdev, char *ret, size_t size)
{
	char dev[32] = "", address[64];
	const char *at = strchr(line, ' ');

	ret[0] = '\0';
	if (at)
		text_format(dev, sizeof(dev), "%.*s", (int)strcspn(at + 1, " @"), at + 1);
	if (text_eq(dev, netdev) &&
	    (word_after(line, "inet", address, sizeof(address)) ||
	     word_after(line, "inet6", address, sizeof(address))) &&
	    !text_starts(address, "fe80:"))
		text_format(ret, size, "%s dev %s", address, netdev);
}

/* The line is what made it, but for what the kernel tells of its state. */
void deadman_route(const char *line, const char *netdev, char *ret, size_t size)
{
	char dev[32];

	ret[0] = '\0';
	if (!word_after(line, "dev", dev, sizeof(dev)) || !text_eq(dev, netdev))
		return;
	text_format(ret, size, "%.*s", (int)strcspn(line, "\n\\"), line);
	for (char *state = strstr(ret, " linkdown"); state; state = strstr(ret, " linkdown"))
		*state = '\0';
}

static bool program_ok(const struct host *h, const char *const *argv, struct run_result *ret)
{
	struct run_spec spec = { .argv = argv, .deadline_s = CALL_S, .quiet = true };

	return run(h, &spec, ret, NULL) == 0 && run_ok(ret);
}

static bool answers(const struct host *h, const char *gateway)
{
	const char *const argv[] = { "ping", "-c", "1", "-W", "1", gateway, NULL };
	AUTO_RUN struct run_result r = { 0 };

	return program_ok(h, argv, &r);
}

/* Call `ip` with words that stand in one text, divided by blanks. */
static void ip_call(const struct host *h, const char *first, const char *second, const char *words)
{
	const char *argv[WORDS_MAX + 4] = { "ip", first, second };
	AUTO_RUN struct run_result r = { 0 };
	char copy[256], *save = NULL;
	size_t n = 3;

	TEXT_COPY(copy, words);
	for (char *word = strtok_r(copy, " ", &save); word && n < WORDS_MAX;
	     word = strtok_r(NULL, " ", &save))
		argv[n++] = word;
	if (!program_ok(h, argv, &r))
		LOG(h->log, WARNING, "deadman.ip", "ip %s %s %s failed, ignoring: %s", first,
		    second, words, r.err.len ? text_trim(r.err.data) : "no message");
}

/* Taking down what is to be kept. */

struct taking {
	const struct host *host;
	json_t *netdevs, *addresses, *routes;
	const char *address_text, *route_text;
};

static void take_lines(const char *text, const char *netdev,
		       void (*fn)(const char *line, const char *netdev, char *ret, size_t size),
		       json_t *into)
{
	while (text && *text) {
		char line[512], words[256];

		text += *text == '\n';
		text_format(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
		fn(line, netdev, words, sizeof(words));
		if (words[0])
			json_array_append_new(into, json_string(words));
		text = strchr(text, '\n');
	}
}

/* Interfaces of the adapter's driver. */
static int take_one(void *ctx, const char *netdev)
{
	struct taking *t = ctx;
	char path[128], driver[32];

	TEXT_FORMAT(path, "sys/class/net/%s/device/driver", netdev);
	if (host_read_link_name(t->host, path, driver, sizeof(driver)) < 0 ||
	    !text_starts(driver, "mlx"))
		return 0;
	json_array_append_new(t->netdevs, json_string(netdev));
	take_lines(t->address_text, netdev, deadman_address, t->addresses);
	take_lines(t->route_text, netdev, deadman_route, t->routes);
	return 0;
}

static int take(const struct host *h, json_t *into, char *gateway, size_t size, struct error *err)
{
	static const char *const addresses[] = { "ip", "-o", "address", "show", NULL };
	static const char *const routes[] = { "ip", "route", "show", NULL };
	AUTO_RUN struct run_result a = { 0 }, r = { 0 };
	struct taking t = { h, json_array(), json_array(), json_array(), NULL, NULL };
	int rc;

	json_object_set_new(into, "netdevs", t.netdevs);
	json_object_set_new(into, "addresses", t.addresses);
	json_object_set_new(into, "routes", t.routes);
	if (!program_ok(h, addresses, &a) || !program_ok(h, routes, &r) ||
	    !deadman_gateway(buf_text(&r.out), gateway, size))
		return error_set(err, FAULT_RELOAD_REFUSED, 0,
				 "the addresses and the default gateway cannot be read with ip: "
				 "nobody could bring them back");
	t.address_text = buf_text(&a.out);
	t.route_text = buf_text(&r.out);
	rc = host_list(h, "sys/class/net", take_one, &t);
	return rc < 0 ? error_set(err, FAULT_RELOAD_REFUSED, -rc, "/sys/class/net cannot be read")
		      : 0;
}

static int store(const struct host *h, const json_t *armed, struct error *err)
{
	AUTO_BUF struct buf text = { 0 };
	int rc = json_write(armed, false, &text);

	if (rc == 0)
		rc = fs_replace(h->root, ARMED_FILE, text.data, text.len, 0600);
	return rc < 0 ? error_set(err, FAULT_WRITE_FAILED, -rc, "/%s cannot be written: %s",
				  ARMED_FILE, strerror(-rc))
		      : 0;
}

static int start(const struct host *h, const char *program, struct error *err)
{
	const char *const argv[] = {
		"systemd-run", UNIT, "--description=Bring the network back", program, "handler",
		"deadman",     NULL
	};
	AUTO_RUN struct run_result r = { 0 };

	if (program_ok(h, argv, &r))
		return 0;
	(void)!unlinkat(h->root, ARMED_FILE, 0);
	return error_set(err, FAULT_RELOAD_REFUSED, 0,
			 "the unit that would bring the network back cannot be started: %.200s",
			 r.err.len ? text_trim(r.err.data) : "no systemd-run");
}

int deadman_arm(const struct host *h, const char *program, json_t *modules, struct error *err)
{
	AUTO_JSON json_t *armed = json_object();
	char gateway[64] = "", release[96] = "";

	if (take(h, armed, gateway, sizeof(gateway), err) < 0)
		return -1;
	if (!answers(h, gateway))
		return error_set(err, FAULT_RELOAD_REFUSED, 0,
				 "the default gateway %s does not answer ping: nobody could tell "
				 "whether the network is back",
				 gateway);
	if (host_kernel_release(h, release, sizeof(release)) < 0)
		return error_set(err, FAULT_READ_FAILED, 0,
				 "/proc/sys/kernel/osrelease cannot be read");
	json_object_set_new(armed, "gateway", json_string(gateway));
	json_object_set_new(armed, "release", json_string(release));
	json_object_set(armed, "modules", modules);
	json_object_set_new(armed, "silentS", json_integer(DEADMAN_SILENT_S));
	json_object_set_new(armed, "totalS", json_integer(DEADMAN_TOTAL_S));
	(void)!unlinkat(h->root, FIRED_FILE, 0);
	return store(h, armed, err) < 0 ? -1 : start(h, program, err);
}

/* Bringing back. */

/* The kernel's own file of a module, by modules.order, which names what the kernel came with. */
static bool own_file(const struct host *h, const char *release, const char *name, char *ret,
		     size_t size)
{
	AUTO_BUF struct buf order = { 0 };
	char path[160], *save = NULL;

	TEXT_FORMAT(path, "lib/modules/%s/modules.order", release);
	if (host_read(h, path, 8 << 20, &order) < 0)
		return false;
	for (char *line = strtok_r(order.data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		const char *base = strrchr(line, '/');
		static const char *const ends[] = { "", ".xz", ".zst", ".gz" };
		char file[80];

		TEXT_FORMAT(file, "%s.ko", name);
		if (!base || !text_eq(base + 1, file))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
			text_format(ret, size, "/lib/modules/%s/%s%s", release, line, ends[i]);
			if (host_exists(h, ret + 1))
				return true;
		}
	}
	return false;
}

/* As soon as an interface of mlx5_core appears udev loads mlx5_ib by a rule of rdma-core's: the new
 * one, by its name. udev obeys a blacklist even there; one below /run is gone with the boot. */
static void keep_udev_away(const struct host *h, const json_t *modules)
{
	static const char *const reload[] = { "udevadm", "control", "--reload", NULL };
	AUTO_RUN struct run_result r = { 0 };
	AUTO_BUF struct buf text = { 0 };
	int rc = fs_make_dirs(h->root, "run/modprobe.d", 0755);

	for (size_t i = 0; i < json_array_size(modules) && rc == 0; i++)
		rc = buf_add_format(&text, "blacklist %s\n",
				    json_string_value(json_array_get(modules, i)));
	if (rc == 0)
		rc = fs_replace(h->root, AWAY_FILE, buf_text(&text), text.len, 0644);
	if (rc < 0)
		LOG(h->log, WARNING, "deadman.udev", "/%s cannot be written, ignoring: %s",
		    AWAY_FILE, strerror(-rc));
	(void)program_ok(h, reload, &r); /* it looks by itself, too, at most 3 s later */
}

static void modules_back(const struct host *h, const json_t *armed)
{
	const json_t *modules = json_object_get(armed, "modules");
	const char *release = json_text_at(armed, "release", "");
	char file[300];

	keep_udev_away(h, modules);
	for (size_t i = json_array_size(modules); i-- > 0;) {
		const char *const out[] = { "rmmod", json_string_value(json_array_get(modules, i)),
					    NULL };
		AUTO_RUN struct run_result r = { 0 };

		(void)program_ok(h, out, &r); /* it may be out already */
	}
	for (size_t i = 0; i < json_array_size(modules); i++) {
		const char *name = json_string_value(json_array_get(modules, i));
		bool own = own_file(h, release, name, file, sizeof(file));
		const char *const by_file[] = { "insmod", file, NULL };
		const char *const by_name[] = { "modprobe", "-S", release, name, NULL };
		AUTO_RUN struct run_result r = { 0 };

		if (!program_ok(h, own ? by_file : by_name, &r))
			LOG(h->log, WARNING, "deadman.load", "%s cannot be loaded: %s", name,
			    r.err.len ? text_trim(r.err.data) : "no message");
	}
	(void)!unlinkat(h->root, AWAY_FILE, 0);
}

static void network_back(const struct host *h, const json_t *armed)
{
	const json_t *netdevs = json_object_get(armed, "netdevs");
	const json_t *addresses = json_object_get(armed, "addresses");
	const json_t *routes = json_object_get(armed, "routes");
	int64_t until = h->clock->monotonic_ms(h->clock) + APPEAR_S * 1000LL;

	for (size_t i = 0; i < json_array_size(netdevs); i++) {
		const char *netdev = json_string_value(json_array_get(netdevs, i));
		char path[128], words[48];

		TEXT_FORMAT(path, "sys/class/net/%s", netdev);
		TEXT_FORMAT(words, "%s up", netdev);
		while (!host_exists(h, path) && h->clock->monotonic_ms(h->clock) < until)
			h->clock->sleep_ms(h->clock, 200);
		ip_call(h, "link", "set", words);
	}
	for (size_t i = 0; i < json_array_size(addresses); i++)
		ip_call(h, "address", "replace", json_string_value(json_array_get(addresses, i)));
	for (size_t i = 0; i < json_array_size(routes); i++)
		ip_call(h, "route", "replace", json_string_value(json_array_get(routes, i)));
}

int deadman_restore(const struct host *h, const json_t *armed, struct error *err)
{
	const char *gateway = json_text_at(armed, "gateway", "");

	modules_back(h, armed);
	network_back(h, armed);
	if (answers(h, gateway))
		return 0;
	return error_set(err, FAULT_RELOAD_FAILED, 0,
			 "the former modules were loaded again, but the default gateway %s does "
			 "not answer yet",
			 gateway);
}

/* NULL: it was disarmed. */
static json_t *armed_read(const struct host *h, const char *path)
{
	AUTO_BUF struct buf text = { 0 };

	if (fs_read(h->root, path, FILE_BYTES_MAX, &text) < 0)
		return NULL;
	return json_parse(buf_text(&text), text.len, NULL, 0);
}

static int fire(const struct host *h, const json_t *armed, const char *why, struct error *err)
{
	int rc = fs_replace(h->root, FIRED_FILE, why, strlen(why), 0600);

	LOG(h->log, WARNING, "deadman.fired", "%s: loading the former modules again", why);
	if (rc < 0)
		LOG(h->log, WARNING, "deadman.fired", "/%s cannot be written, ignoring: %s",
		    FIRED_FILE, strerror(-rc));
	rc = deadman_restore(h, armed, err);
	(void)!unlinkat(h->root, ARMED_FILE, 0);
	return rc;
}

int deadman_watch(const struct host *h, struct error *err)
{
	const struct clock *clock = h->clock;
	int64_t start_ms = clock->monotonic_ms(clock), heard_ms = start_ms;

	for (;;) {
		AUTO_JSON json_t *armed = armed_read(h, ARMED_FILE);
		int64_t now = clock->monotonic_ms(clock);

		if (!armed)
			return 0;
		if (answers(h, json_text_at(armed, "gateway", "")))
			heard_ms = now;
		if (now - heard_ms >= json_int_at(armed, "silentS", DEADMAN_SILENT_S) * 1000)
			return fire(h, armed, "the default gateway has been silent for too long",
				    err);
		if (now - start_ms >= json_int_at(armed, "totalS", DEADMAN_TOTAL_S) * 1000)
			return fire(h, armed, "the reload has not come to its end in time", err);
		clock->sleep_ms(clock, POLL_MS);
	}
}

static int disarm(const struct host *h, struct error *err)
{
	if (renameat(h->root, ARMED_FILE, h->root, LAST_FILE) < 0 && errno != ENOENT)
		return error_set(err, FAULT_WRITE_FAILED, errno, "/%s cannot be renamed: %s",
				 ARMED_FILE, strerror(errno));
	if (!fs_exists(h->root, FIRED_FILE))
		return 0;
	return error_set(err, FAULT_RELOAD_FAILED, 0,
			 "the network did not come back with the new modules: the former ones were "
			 "loaded again");
}

int deadman_settle(const struct host *h, struct error *err)
{
	AUTO_JSON json_t *armed = armed_read(h, ARMED_FILE);
	const char *gateway = json_text_at(armed, "gateway", "");
	int64_t until = h->clock->monotonic_ms(h->clock) + DEADMAN_TOTAL_S * 1000LL;
	bool back = false;

	if (armed)
		network_back(h, armed);
	/* The switch takes its file away when it has acted. It may be dead itself: then the undo
	 * that follows brings the network back. */
	while (fs_exists(h->root, ARMED_FILE) && !(back = answers(h, gateway)) &&
	       h->clock->monotonic_ms(h->clock) < until)
		h->clock->sleep_ms(h->clock, POLL_MS);
	if (!back && fs_exists(h->root, ARMED_FILE))
		return error_set(err, FAULT_RELOAD_FAILED, 0,
				 "the default gateway %s does not answer with the new modules",
				 gateway);
	return disarm(h, err);
}

int deadman_undo(const struct host *h, const char *program, struct error *err)
{
	AUTO_JSON json_t *armed = armed_read(h, ARMED_FILE);
	struct error why = { 0 };
	int rc;

	if (!armed && !fs_exists(h->root, FIRED_FILE)) {
		armed = armed_read(h, LAST_FILE);
		if (armed && (store(h, armed, err) < 0 || start(h, program, &why) < 0))
			LOG(h->log, WARNING, "deadman.undo", "%s, ignoring", why.what);
	}
	rc = armed ? deadman_restore(h, armed, err) : 0;
	if (rc == 0)
		deadman_forget(h);
	return rc;
}

void deadman_forget(const struct host *h)
{
	static const char *const files[] = { ARMED_FILE, LAST_FILE, FIRED_FILE };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		(void)!unlinkat(h->root, files[i], 0);
}
