/* Calls apt and dpkg: locks waited for, environment fixed, failures told by their words. */
#include "act/apt/call.h"

#include <errno.h>
#include <string.h>

#include "act/build/compile.h"
#include "act/packages/proxy.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

enum { QUERY_S = 60, OUTPUT_KEEP = 8 << 20, LOCK_AGAIN_MS = 500 };

static const char *const locks[] = {
	"var/lib/dpkg/lock-frontend",
	"var/lib/dpkg/lock",
	"var/lib/apt/lists/lock",
	"var/cache/apt/archives/lock",
	NULL,
};

static const char *const environment[] = {
	"DEBIAN_FRONTEND=noninteractive",
	"DEBIAN_PRIORITY=critical",
	"APT_LISTCHANGES_FRONTEND=none",
	"APT_LISTBUGS_FRONTEND=none",
	"NEEDRESTART_SUSPEND=1",
	"UCF_FORCE_CONFFOLD=1",
	NULL,
};

/* What is the matter with the machine comes first: the rest of the output is its consequence. */
static const struct package_message messages[] = {
	{ "are you root?", FAULT_PERMISSION },
	{ "(13: Permission denied)", FAULT_PERMISSION },
	{ "Read-only file system", FAULT_WRITE_FAILED },
	{ "No space left on device", FAULT_DISK_FULL },
	{ "You don't have enough free space", FAULT_DISK_FULL },
	{ "Could not get lock", FAULT_PACKAGE_LOCK },
	{ "Unable to acquire the dpkg frontend lock", FAULT_PACKAGE_LOCK },
	{ "Unable to lock", FAULT_PACKAGE_LOCK },
	{ "locked by another process", FAULT_PACKAGE_LOCK },
	{ "dpkg was interrupted", FAULT_PACKAGE_BROKEN },
	{ "needs to be reinstalled", FAULT_PACKAGE_BROKEN },
	{ "Unmet dependencies. Try", FAULT_PACKAGE_BROKEN },
	{ "407  Proxy Authentication", FAULT_DOWNLOAD_PROXY },
	{ "Invalid response from proxy", FAULT_DOWNLOAD_PROXY },
	{ "update-initramfs: failed for ", FAULT_INITRAMFS_FAILED },
	{ "NO_PUBKEY", FAULT_PACKAGE_SIGNATURE },
	{ "BADSIG", FAULT_PACKAGE_SIGNATURE },
	{ "is no longer signed", FAULT_PACKAGE_SIGNATURE },
	{ "is not signed", FAULT_PACKAGE_SIGNATURE },
	{ "GPG error", FAULT_PACKAGE_SIGNATURE },
	{ "cannot be authenticated", FAULT_PACKAGE_SIGNATURE },
	{ "is not valid yet", FAULT_PACKAGE_UPDATE },
	{ "is expired", FAULT_PACKAGE_UPDATE },
	{ "does not have a Release file", FAULT_PACKAGE_UPDATE },
	{ "Hash Sum mismatch", FAULT_DOWNLOAD },
	{ "Failed to fetch", FAULT_DOWNLOAD },
	{ "Unable to fetch some archives", FAULT_DOWNLOAD },
	{ "Unable to locate package", FAULT_PACKAGE_NOT_FOUND },
	{ "has no installation candidate", FAULT_PACKAGE_NOT_FOUND },
	{ "' was not found", FAULT_PACKAGE_NOT_FOUND },
	{ "remove is disabled", FAULT_PACKAGE_UNSAFE },
	{ "Held packages were changed", FAULT_PACKAGE_RESOLVE },
	{ "held broken packages", FAULT_PACKAGE_RESOLVE },
	{ "unmet dependencies", FAULT_PACKAGE_RESOLVE },
	{ NULL, FAULT_PACKAGE_INSTALL },
};

static void show_line(void *ctx, const char *line)
{
	const struct package_context *c = ctx;

	LOG(c->host->log, DEBUG, "package.output", "%s", line);
}

static int no_memory(struct error *err)
{
	return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to call the package manager");
}

static int call_once(const struct package_context *c, const struct command *cmd, const char *doing,
		     struct run_result *ret, struct error *err)
{
	struct compile_env how;
	struct run_spec spec = { .argv = (const char *const *)cmd->argv,
				 .env = how.env,
				 .deadline_s = c->deadline_s,
				 .keep = OUTPUT_KEEP,
				 .line = show_line,
				 .ctx = (void *)c };

	compile_env_fill(c->host, COMPILER_DKMS, environment, &how);
	if (package_lock_wait(c, locks, err) < 0 || package_proxy_run(c, &spec, ret, err) < 0)
		return -1;
	return run_ok(ret) ? 0 : package_error(&spec, ret, messages, doing, err);
}

int apt_call(const struct package_context *c, const struct command *cmd, const char *doing,
	     struct run_result *ret, struct error *err)
{
	const struct clock *clock = c->host->clock;
	int64_t until = clock->monotonic_ms(clock) + c->lock_s * 1000LL;
	struct package_context left = *c;
	struct error why = { 0 };

	if (cmd->failed)
		return no_memory(err);
	while (call_once(&left, cmd, doing, ret, &why) < 0) {
		int64_t now = clock->monotonic_ms(clock);

		if (why.fault != FAULT_PACKAGE_LOCK || why.sys == EDEADLK || now >= until) {
			if (err)
				*err = why;
			return -1;
		}
		left.lock_s = (int)((until - now) / 1000);
		run_result_free(ret);
		*ret = (struct run_result) { 0 };
		clock->sleep_ms(clock, LOCK_AGAIN_MS);
	}
	return 0;
}

/* How we always call apt-get: no questions, old configuration files kept. */
static const char *const apt_get_head[] = {
	"apt-get",
	"-y",
	"-q",
	"-o",
	"Dpkg::Use-Pty=0",
	"-o",
	"DPkg::Lock::Timeout=60",
	"-o",
	"Dpkg::Options::=--force-confdef",
	"-o",
	"Dpkg::Options::=--force-confold",
	"-o",
	"APT::Keep-Downloaded-Packages=false",
	"-o",
	"Acquire::Retries=3",
	NULL,
};

int apt_get(const struct package_context *c, const char *const *verb, const char *const *names,
	    const char *doing, struct run_result *ret, struct error *err)
{
	AUTO_COMMAND struct command cmd = { 0 };
	int rc;

	command_add_all(&cmd, apt_get_head);
	if (c->vendor && apt_vendor_options(c, &cmd, err) < 0)
		return -1;
	command_add_all(&cmd, verb);
	command_add_all(&cmd, names);
	rc = apt_call(c, &cmd, doing, ret, err);
	if (c->vendor)
		apt_vendor_done(c);
	return rc;
}

int apt_query(const struct package_context *c, const struct command *cmd, struct run_result *ret,
	      struct error *err)
{
	struct run_spec spec = { .argv = (const char *const *)cmd->argv,
				 .env = environment,
				 .deadline_s = QUERY_S,
				 .keep = OUTPUT_KEEP,
				 .quiet = true };

	if (cmd->failed)
		return no_memory(err);
	if (run(c->host, &spec, ret, err) < 0)
		return -1;
	return run_ok(ret) ? 0 : package_error(&spec, ret, messages, cmd->argv[0], err);
}

int apt_wait(const struct package_context *c, struct error *err)
{
	return package_lock_wait(c, locks, err);
}

void dpkg_packages_free(struct dpkg_packages *p)
{
	free(p->at);
	*p = (struct dpkg_packages) { 0 };
}

static int packages_add(struct dpkg_packages *p, const char *line, size_t len)
{
	struct dpkg_package package;

	if (dpkg_parse_line(line, len, &package) < 0)
		return -EINVAL;
	if (p->count == p->space) {
		size_t space = p->space ? p->space * 2 : 512;
		struct dpkg_package *grown = realloc(p->at, space * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		p->at = grown;
		p->space = space;
	}
	p->at[p->count++] = package;
	return 0;
}

int dpkg_read(const struct package_context *c, struct dpkg_packages *ret, struct error *err)
{
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };

	command_add(&cmd, "dpkg-query");
	command_add(&cmd, "-W");
	command_add(&cmd, "-f");
	command_add(&cmd, DPKG_LINE_FORMAT);
	if (apt_query(c, &cmd, &r, err) < 0)
		return -1;
	for (const char *line = buf_text(&r.out); *line;) {
		size_t len = strcspn(line, "\n");
		int rc = len ? packages_add(ret, line, len) : 0;

		if (rc < 0)
			return error_set(err, FAULT_READ_FAILED, -rc,
					 "what dpkg-query prints cannot be read: %s: %.80s",
					 strerror(-rc), line);
		line += len + (line[len] == '\n');
	}
	return 0;
}

const struct dpkg_package *dpkg_find(const struct dpkg_packages *p, const char *name,
				     const char *arch)
{
	size_t len = strcspn(name, ":");
	const struct dpkg_package *found = NULL;

	if (name[len] == ':')
		arch = name + len + 1;
	for (size_t i = 0; i < p->count; i++) {
		const struct dpkg_package *x = &p->at[i];

		if (strlen(x->name) != len || memcmp(x->name, name, len) != 0)
			continue;
		if (arch[0] && x->arch[0] && !text_eq(x->arch, arch))
			continue;
		if (!found || x->state > found->state)
			found = x;
	}
	return found;
}

static int is_update(void *ctx, const char *name)
{
	(void)ctx;
	return name[0] != '.';
}

bool dpkg_was_interrupted(const struct package_context *c)
{
	return fs_list(c->host->root, "var/lib/dpkg/updates", is_update, NULL) > 0;
}
