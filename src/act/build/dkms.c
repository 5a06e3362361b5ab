/* Runs dkms, and cleans up behind it. */
#include "act/build/dkms.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "act/command.h"
#include "act/build/compile.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "facts/facts.h"
#include "host/host.h"
#include "host/run.h"
#include "probe/dkms.h"

#define TREE    "var/lib/dkms"
#define KEY     TREE "/mok" /* .key and .pub */
#define NO_ROOM "No space left on device"

enum {
	LOG_BYTES_MAX = 16 << 20,
	PROC_BYTES_MAX = 4 << 20,
	LOG_LINES = 4,
	DEPMOD_S = 300,
	LEAST_MIB = 512, /* a compiler of mlx5's largest files, and the linker of its module */
	JOBS_MAX = 64,
	PATH_SIZE = 512,
};

bool dkms_is_of_driver(const char *name)
{
	static const char *const names[] = { "iser", "isert", "srp",   "srpt",       "kernel-mft",
					     "knem", "xpmem", "rshim", "mft_kernel", "fwctl" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (text_eq(name, names[i]))
			return true;
	return text_starts(name, "mlnx-") || text_starts(name, "mlnx_");
}

/* Those that Microsoft's images are held against (facts: procedure, 2.1). */
bool dkms_is_needed(const char *name)
{
	return text_starts(name, "mlnx-of") || text_eq(name, "iser") || text_eq(name, "isert") ||
	       text_eq(name, "srp");
}

/* How. */

/* -1 if it is not known. */
static long long memory_mib(const struct host *h)
{
	static const char key[] = "MemAvailable:";
	AUTO_BUF struct buf text = { 0 };
	const char *at;

	if (host_read(h, "proc/meminfo", PROC_BYTES_MAX, &text) < 0)
		return -1;
	at = strstr(buf_text(&text), key);
	return at ? strtoll(at + strlen(key), NULL, 10) / 1024 : -1;
}

static unsigned processors(const struct host *h)
{
	AUTO_BUF struct buf text = { 0 };
	unsigned n = 0;

	if (host_read(h, "proc/cpuinfo", PROC_BYTES_MAX, &text) == 0)
		for (const char *at = buf_text(&text); (at = strstr(at, "processor\t")) != NULL;
		     at++)
			n++;
	return n > 0 ? n : 1;
}

/* 0: too little memory for one. */
static unsigned jobs(const struct host *h, long long mib)
{
	unsigned n = processors(h);

	if (mib >= 0 && n > (unsigned)(mib / LEAST_MIB))
		n = (unsigned)(mib / LEAST_MIB);
	return n < JOBS_MAX ? n : JOBS_MAX;
}

static bool may_unshare(const struct host *h)
{
	static const char *const argv[] = { "unshare", "--net", "true", NULL };
	struct run_spec spec = { .argv = argv, .deadline_s = 30, .quiet = true };
	AUTO_RUN struct run_result r = { 0 };

	return run(h, &spec, &r, NULL) == 0 && run_ok(&r);
}

static int call(const struct host *h, const char *const *words, int deadline_s, struct error *err)
{
	AUTO_COMMAND struct command cmd = { 0 };
	struct compile_env how;
	char doing[120];
	struct run_spec spec = { .env = how.env, .deadline_s = deadline_s };

	compile_env_fill(h, COMPILER_DKMS, NULL, &how);
	if (may_unshare(h)) {
		command_add(&cmd, "unshare");
		command_add(&cmd, "--net");
	}
	command_add(&cmd, "dkms");
	command_add_all(&cmd, words);
	if (cmd.failed)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to run dkms");
	spec.argv = (const char *const *)cmd.argv;
	(void)TEXT_FORMAT(doing, "dkms %s", words[0]);
	return run_or_fail(h, &spec, FAULT_BUILD_FAILED, doing, err);
}

int dkms_run(const struct host *h, const char *const *words, int deadline_s, struct error *err)
{
	AUTO_COMMAND struct command cmd = { 0 };
	long long mib = memory_mib(h);
	unsigned n = jobs(h, mib);
	char number[16];

	if (n == 0)
		return error_set(
			err, FAULT_BUILD_MEMORY, 0,
			"compiling the driver needs %d MiB of memory, and %lld MiB are free",
			LEAST_MIB, mib);
	(void)TEXT_FORMAT(number, "%u", n);
	command_add_all(&cmd, words);
	command_add(&cmd, "-j");
	command_add(&cmd, number);
	if (cmd.failed)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to run dkms");
	return call(h, (const char *const *)cmd.argv, deadline_s, err);
}

/* The log. */

/* Where it was built says nothing: "fixture.h:30:2: error: ...". */
static const char *short_line(const char *line)
{
	const char *at = text_starts(line, "/" TREE "/") ? strstr(line, "/build/") : NULL;

	return at ? at + strlen("/build/") : line;
}

static bool matters(const char *line)
{
	static const char *const signs[] = { "error:",      "undefined!", "undefined reference",
					     "fatal error", "Error! ",    "*** ",
					     "Killed",      NO_ROOM };

	for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
		if (strstr(line, signs[i]))
			return true;
	return false;
}

void dkms_log_cut(const char *log, char *ret, size_t size)
{
	unsigned n = 0;
	size_t used = 0;

	(void)text_copy(ret, size, "");
	while (*log && n < LOG_LINES) {
		size_t len = strcspn(log, "\n");
		char line[200];

		(void)TEXT_FORMAT(line, "%.*s", (int)len, log);
		if (matters(line)) {
			(void)text_format(ret + used, size - used, "%s%s", n > 0 ? "; " : "",
					  short_line(line));
			used = strlen(ret);
			n++;
		}
		log += len + (log[len] == '\n');
	}
}

/* Below the module's own directory while it is made, below the kernel's once it is. */
static void log_read(const struct host *h, const struct dkms_facts *m, const char *release,
		     char *ret, size_t size)
{
	AUTO_BUF struct buf text = { 0 };
	char path[PATH_SIZE], machine[32] = "";

	(void)!host_machine(h, machine, sizeof(machine));
	(void)TEXT_FORMAT(path, TREE "/%s/%s/build/make.log", m->name, m->version);
	if (host_read(h, path, LOG_BYTES_MAX, &text) < 0) {
		(void)TEXT_FORMAT(path, TREE "/%s/%s/%s/%s/log/make.log", m->name, m->version,
				  release, machine);
		(void)!host_read(h, path, LOG_BYTES_MAX, &text);
	}
	dkms_log_cut(buf_text(&text), ret, size);
}

static bool is_installed_for(const struct facts *f, const char *name, const char *release)
{
	for (unsigned i = 0; i < f->ndkms; i++)
		if (text_eq(f->dkms[i].name, name) && text_eq(f->dkms[i].kernel, release) &&
		    f->dkms[i].state == DKMS_INSTALLED)
			return true;
	return false;
}

bool dkms_log_tells(const struct host *h, const char *release, char *ret, size_t size)
{
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));
	char lines[320];

	if (!f)
		return false;
	dkms_read(h, f);
	/* The first is that on which the others hang. */
	for (unsigned i = 0; i < 2 * f->ndkms; i++) {
		const struct dkms_facts *m = &f->dkms[i % f->ndkms];

		if (!dkms_is_needed(m->name) || is_installed_for(f, m->name, release) ||
		    text_starts(m->name, "mlnx-of") != (i < f->ndkms))
			continue;
		log_read(h, m, release, lines, sizeof(lines));
		if (lines[0])
			return text_format(ret, size, "%s %s: %s", m->name, m->version, lines),
			       true;
	}
	return false;
}

/* One module. */

static int for_kernel(const struct host *h, const char *verb, const struct dkms_facts *m,
		      const char *release, const char *option, int deadline_s, struct error *err)
{
	const char *const words[] = { verb, "-m",    m->name, "-v", m->version,
				      "-k", release, option,  NULL };

	return text_eq(verb, "build") ? dkms_run(h, words, deadline_s, err)
				      : call(h, words, deadline_s, err);
}

/* `option` may be NULL. */
static int build_and_install(const struct host *h, const struct dkms_facts *m, const char *release,
			     const char *option, int deadline_s, struct error *err)
{
	struct error why = { 0 };
	char path[160], lines[320];

	(void)TEXT_FORMAT(path, "lib/modules/%s/build", release);
	if (!host_exists(h, path))
		return error_set(
			err, FAULT_KERNEL_HEADERS, 0,
			"%s cannot be compiled for kernel %s: its headers are not installed",
			m->name, release);
	if (for_kernel(h, "build", m, release, option, deadline_s, &why) == 0 &&
	    for_kernel(h, "install", m, release, option, deadline_s, &why) == 0)
		return 0;
	if (why.fault != FAULT_BUILD_FAILED) {
		*err = why;
		return -1;
	}
	log_read(h, m, release, lines, sizeof(lines));
	if (!lines[0])
		TEXT_COPY(lines, why.what);
	return error_set(err, strstr(lines, NO_ROOM) ? FAULT_DISK_FULL : FAULT_BUILD_FAILED, 0,
			 "%s %s does not compile for kernel %s: %s", m->name, m->version, release,
			 lines);
}

int dkms_install(const struct host *h, const struct dkms_facts *m, const char *release,
		 int deadline_s, struct error *err)
{
	return build_and_install(h, m, release, NULL, deadline_s, err);
}

int dkms_rebuild(const struct host *h, const struct dkms_facts *m, const char *release,
		 int deadline_s, struct error *err)
{
	return build_and_install(h, m, release, "--force", deadline_s, err);
}

int dkms_uninstall(const struct host *h, const struct dkms_facts *m, const char *release,
		   int deadline_s, struct error *err)
{
	return for_kernel(h, "remove", m, release, NULL, deadline_s, err);
}

/* What is left. */

json_t *dkms_note(const struct host *h)
{
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));
	AUTO_JSON json_t *list = json_array();
	char text[120];

	if (!f)
		return NULL;
	dkms_read(h, f);
	for (unsigned i = 0; i < f->ndkms; i++) {
		if (!dkms_is_of_driver(f->dkms[i].name))
			continue;
		(void)TEXT_FORMAT(text, "%s/%s", f->dkms[i].name, f->dkms[i].version);
		if (json_array_append_new(list, json_string(text)) < 0)
			return NULL;
	}
	return json_pack("{s:O, s:b}", "modules", list, "key", host_exists(h, KEY ".key"));
}

static bool list_has(const json_t *list, const struct dkms_facts *m)
{
	char text[120];

	(void)TEXT_FORMAT(text, "%s/%s", m->name, m->version);
	for (size_t i = 0; i < json_array_size(list); i++)
		if (text_eq(json_string_value(json_array_get(list, i)), text))
			return true;
	return false;
}

struct sweep {
	const struct host *host;
	const char *release;
};

/* A module of the build, where DKMS puts it. */
static int sweep_module(void *ctx, const char *name)
{
	static const char *const places[] = { "updates/dkms", "updates", "extra" };
	const struct sweep *s = ctx;
	char path[PATH_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		(void)TEXT_FORMAT(path, "lib/modules/%s/%s/%s", s->release, places[i], name);
		(void)!fs_remove(s->host->root, path);
	}
	return 0;
}

static void sweep_one(const struct host *h, const struct dkms_facts *m, const char *machine)
{
	const char *const argv[] = { "depmod", "-a", m->kernel, NULL };
	struct run_spec spec = { .argv = argv, .deadline_s = DEPMOD_S };
	struct sweep s = { h, m->kernel };
	char path[PATH_SIZE];

	LOG(h->log, INFO, "dkms.sweep", "%s %s has lost its source: what is left of it goes",
	    m->name, m->version);
	(void)TEXT_FORMAT(path, TREE "/%s/%s/%s/%s/module", m->name, m->version, m->kernel,
			  machine);
	if (m->state == DKMS_INSTALLED) {
		(void)!host_list(h, path, sweep_module, &s);
		(void)run_or_fail(h, &spec, FAULT_PROGRAM_FAILED, "depmod", NULL);
		(void)TEXT_FORMAT(path, TREE "/%s/kernel-%s-%s", m->name, m->kernel, machine);
		(void)!fs_remove(h->root, path);
	}
	(void)TEXT_FORMAT(path, TREE "/%s/%s/%s", m->name, m->version, m->kernel);
	if (m->kernel[0])
		(void)!fs_remove(h->root, path);
}

/* With others it may have signed theirs. */
static void sweep_key(const struct host *h)
{
	AUTO_FREE struct facts *left = calloc(1, sizeof(*left));

	if (!left)
		return;
	dkms_read(h, left);
	if (left->ndkms > 0)
		return;
	(void)unlinkat(h->root, KEY ".key", 0);
	(void)unlinkat(h->root, KEY ".pub", 0);
}

void dkms_sweep(const struct host *h, const json_t *note)
{
	const json_t *before = json_object_get(note, "modules");
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));
	char path[PATH_SIZE], machine[32] = "";

	if (!f || host_machine(h, machine, sizeof(machine)) < 0)
		return;
	dkms_read(h, f);
	for (unsigned i = 0; i < f->ndkms; i++) {
		const struct dkms_facts *m = &f->dkms[i];

		(void)TEXT_FORMAT(path, TREE "/%s/%s/source/dkms.conf", m->name, m->version);
		if (!dkms_is_of_driver(m->name) || list_has(before, m) || host_exists(h, path))
			continue;
		sweep_one(h, m, machine);
		if (i + 1 < f->ndkms && text_eq(f->dkms[i + 1].name, m->name) &&
		    text_eq(f->dkms[i + 1].version, m->version))
			continue; /* of another kernel, too */
		(void)TEXT_FORMAT(path, TREE "/%s/%s", m->name, m->version);
		(void)!fs_remove(h->root, path);
		(void)TEXT_FORMAT(path, TREE "/%s", m->name);
		(void)unlinkat(h->root, path, AT_REMOVEDIR);
	}
	if (note && !json_bool_at(note, "key", true))
		sweep_key(h);
}
