/* Calls rpm and the package managers above it: locks waited for, failures told by their words. */
#include "act/rpm/call.h"

#include <errno.h>
#include <string.h>

#include "act/build/compile.h"
#include "act/packages/proxy.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

enum { QUERY_S = 120, OUTPUT_KEEP = 8 << 20, LOCK_AGAIN_MS = 500 };

/* rpm holds an fcntl lock, tdnf a flock; the others write their process's number into a file. */
static const char *const locks[] = {
	"var/lib/rpm/.rpm.lock",
	"usr/lib/sysimage/rpm/.rpm.lock",
	"run/.tdnf-instance-lockfile",
	"var/lib/dnf/rpmdb_lock.pid",
	"var/cache/dnf/metadata_lock.pid",
	"var/cache/dnf/download_lock.pid",
	"run/yum.pid",
	"run/zypp.pid",
	NULL,
};

/* What is the matter with the machine comes first: the rest of the output is its consequence. */
static const struct package_message messages[] = {
	{ "superuser privileges", FAULT_PERMISSION },
	{ "need to be root", FAULT_PERMISSION },
	{ "have to be root", FAULT_PERMISSION },
	{ "Root privileges are required", FAULT_PERMISSION },
	{ ".rpm.lock (Permission denied)", FAULT_PERMISSION },
	{ "Read-only file system", FAULT_WRITE_FAILED },
	{ "No space left on device", FAULT_DISK_FULL },
	{ "more space on the ", FAULT_DISK_FULL },
	{ "more space needed on the ", FAULT_DISK_FULL },
	{ "Insufficient space in download directory", FAULT_DISK_FULL },
	{ "Insufficient disk space", FAULT_DISK_FULL },
	/* zypper does not tell why a file finds no place in its cache. */
	{ "Can't hardlink/copy ", FAULT_DISK_FULL },
	{ "Curl error (23): Failed writing", FAULT_DISK_FULL },
	{ "can't create transaction lock", FAULT_PACKAGE_LOCK },
	{ "already locked by", FAULT_PACKAGE_LOCK },
	{ "System management is locked", FAULT_PACKAGE_LOCK },
	{ "holding the yum lock", FAULT_PACKAGE_LOCK },
	{ "failed to acquire lock", FAULT_PACKAGE_LOCK },
	{ "cannot open Packages", FAULT_PACKAGE_BROKEN },
	{ "rpmdb open failed", FAULT_PACKAGE_BROKEN },
	{ "Error: rpmdb", FAULT_PACKAGE_BROKEN },
	/* The certificate that opens the cloud's own repositories (RHUI) has an end; the list of
	 * mirrors of CentOS is gone for good. */
	{ "certificate as expired", FAULT_REPOSITORY_EXPIRED },
	{ "alert certificate expired", FAULT_REPOSITORY_EXPIRED },
	{ "curl#58", FAULT_REPOSITORY_EXPIRED },
	{ "Curl error (58)", FAULT_REPOSITORY_EXPIRED },
	{ "mirrorlist.centos.org", FAULT_REPOSITORY_EXPIRED },
	{ "olcentgbl.trafficmanager.net", FAULT_REPOSITORY_EXPIRED },
	{ "GPG signature verification error", FAULT_PACKAGE_SIGNATURE },
	{ "Signature verification failed", FAULT_PACKAGE_SIGNATURE },
	{ "GPG check FAILED", FAULT_PACKAGE_SIGNATURE },
	{ "is not signed", FAULT_PACKAGE_SIGNATURE },
	{ "Public key for ", FAULT_PACKAGE_SIGNATURE },
	{ "GPG key retrieval failed", FAULT_PACKAGE_SIGNATURE },
	{ "public key is unavailable", FAULT_PACKAGE_SIGNATURE },
	{ "RPM not signed", FAULT_PACKAGE_SIGNATURE },
	{ "failed to match with known keys", FAULT_PACKAGE_SIGNATURE },
	{ "key is not trusted", FAULT_PACKAGE_SIGNATURE },
	{ "signature check failed", FAULT_PACKAGE_SIGNATURE },
	{ "Status code: 407", FAULT_DOWNLOAD_PROXY },
	{ "Proxy Authentication Required", FAULT_DOWNLOAD_PROXY },
	{ "returned error: 407", FAULT_DOWNLOAD_PROXY },
	{ "code 407 from proxy", FAULT_DOWNLOAD_PROXY },
	{ "response: 407", FAULT_DOWNLOAD_PROXY },
	{ "Failed to download metadata", FAULT_PACKAGE_UPDATE },
	{ "Failed to synchronize cache", FAULT_PACKAGE_UPDATE },
	{ "Cannot find a valid baseurl", FAULT_PACKAGE_UPDATE },
	{ "Cannot retrieve repository metadata", FAULT_PACKAGE_UPDATE },
	{ "Valid metadata not found", FAULT_PACKAGE_UPDATE },
	{ "Could not refresh the repositories", FAULT_PACKAGE_UPDATE },
	{ "have not been refreshed", FAULT_PACKAGE_UPDATE },
	{ "Error downloading packages", FAULT_DOWNLOAD },
	{ "No more mirrors to try", FAULT_DOWNLOAD },
	{ "incorrect checksum", FAULT_DOWNLOAD },
	{ "checksum does not match", FAULT_DOWNLOAD },
	{ "Cache-only enabled but no cache", FAULT_DOWNLOAD },
	{ "cache only is set", FAULT_DOWNLOAD },
	{ "not found on medium", FAULT_DOWNLOAD },
	{ "Download (curl) error", FAULT_DOWNLOAD },
	{ "Error: 404 when downloading", FAULT_DOWNLOAD },
	{ "filtered out by exclude filtering", FAULT_PACKAGE_RESOLVE },
	{ "Unable to find a match", FAULT_PACKAGE_NOT_FOUND },
	{ "No match for argument", FAULT_PACKAGE_NOT_FOUND },
	{ "No package ", FAULT_PACKAGE_NOT_FOUND },
	{ "No provider of ", FAULT_PACKAGE_NOT_FOUND },
	{ "No matching packages", FAULT_PACKAGE_NOT_FOUND },
	{ "No packages marked for reinstall", FAULT_PACKAGE_NOT_FOUND },
	{ "Problem: ", FAULT_PACKAGE_RESOLVE },
	{ "Error: Package: ", FAULT_PACKAGE_RESOLVE },
	{ "goal found no solutions", FAULT_PACKAGE_RESOLVE },
	{ "protected packages", FAULT_PACKAGE_UNSAFE },
	{ "Failed dependencies", FAULT_PACKAGE_RESOLVE },
	{ NULL, FAULT_PACKAGE_INSTALL },
};

const struct rpm_style *rpm_style_of(const struct package_context *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(rpm_styles); i++)
		if (text_eq(rpm_styles[i].name, c->manager->name))
			return &rpm_styles[i];
	return NULL;
}

void rpm_spec(const struct rpm_style *style, const char *name, const char *version,
	      const char *arch, char ret[static RPM_SPEC_SIZE])
{
	int len = (int)strcspn(name, ":");

	if (style->equals)
		(void)text_format(ret, RPM_SPEC_SIZE, "%.*s.%s=%s", len, name, arch, version);
	else
		(void)text_format(ret, RPM_SPEC_SIZE, "%.*s-%s.%s", len, name, version, arch);
}

void rpm_nevra(const struct rpm_package *p, char ret[static RPM_SPEC_SIZE])
{
	const char *colon = strchr(p->version, ':');

	(void)text_format(ret, RPM_SPEC_SIZE, "%s-%s.%s", p->name, colon ? colon + 1 : p->version,
			  p->arch);
}

static void show_line(void *ctx, const char *line)
{
	const struct package_context *c = ctx;

	LOG(c->host->log, DEBUG, "package.output", "%s", line);
}

static int no_memory(struct error *err)
{
	return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to call the package manager");
}

static bool ended_well(const struct rpm_style *style, const struct run_result *r)
{
	if (run_ok(r))
		return true;
	for (size_t i = 0; style && i < ARRAY_SIZE(style->good); i++)
		if (r->end == RUN_EXITED && style->good[i] && r->code == style->good[i])
			return true;
	/* yum's end after --downloadonly */
	return strstr(buf_text(&r->out), "\"Download Only\" specified") != NULL;
}

/* The line that tells that a package is there, but hidden, by a lock of its version or by our own
 * excludes; what follows it on stderr calls it unknown. */
static const char *hidden_line(const char *text, size_t *ret_len)
{
	const char *at = strstr(text, "All matches were filtered out by exclude");

	*ret_len = at ? strcspn(at, "\n") : 0;
	return at;
}

static int rpm_error(const struct package_context *c, const struct run_spec *spec,
		     const struct run_result *r, const char *doing, struct error *err)
{
	const struct rpm_style *style = rpm_style_of(c);
	AUTO_BUF struct buf plain = { 0 };
	struct run_result read = *r;
	size_t len;
	const char *hidden = hidden_line(buf_text(&r->out), &len);

	if (hidden)
		return error_set(err, FAULT_PACKAGE_RESOLVE, 0, "%s: %.*s", doing, (int)len,
				 hidden);
	if (style && style->xml && rpm_plain_text(buf_text(&r->out), r->out.len, &plain) == 0)
		read.out = plain;
	return package_error(spec, &read, messages, doing, err);
}

/* Once; whether its end was a good one is for the caller to say. */
static int call_once(const struct package_context *c, const struct run_spec *spec,
		     struct run_result *ret, struct error *err)
{
	if (rpm_wait(c, err) < 0)
		return -1;
	return package_proxy_run(c, spec, ret, err);
}

/* A call that was quicker than ours; not one that we may wait for. */
static bool is_locked(const struct error *why)
{
	return why->fault == FAULT_PACKAGE_LOCK && why->sys != EDEADLK;
}

static int call(const struct package_context *c, const struct command *cmd, const char *doing,
		bool (*good)(const struct rpm_style *style, const struct run_result *r),
		struct run_result *ret, struct error *err)
{
	const struct clock *clock = c->host->clock;
	int64_t until = clock->monotonic_ms(clock) + c->lock_s * 1000LL;
	struct compile_env how;
	struct run_spec spec = { .argv = cmd->argv,
				 .env = how.env,
				 .deadline_s = c->deadline_s,
				 .keep = OUTPUT_KEEP,
				 .line = show_line,
				 .ctx = (void *)c };
	struct package_context left = *c;
	struct error why = { 0 };

	if (cmd->failed)
		return no_memory(err);
	compile_env_fill(c->host, COMPILER_DKMS, NULL, &how);
	for (;;) {
		int64_t now;
		int rc = call_once(&left, &spec, ret, &why);

		if (rc == 0 && good(rpm_style_of(c), ret))
			return 0;
		if (rc == 0)
			(void)rpm_error(c, &spec, ret, doing, &why);
		now = clock->monotonic_ms(clock);
		if (!is_locked(&why) || now >= until)
			break;
		left.lock_s = (int)((until - now) / 1000);
		run_result_free(ret);
		*ret = (struct run_result) { 0 };
		clock->sleep_ms(clock, LOCK_AGAIN_MS);
	}
	if (err)
		*err = why;
	return -1;
}

int rpm_call(const struct package_context *c, const struct command *cmd, const char *doing,
	     struct run_result *ret, struct error *err)
{
	return call(c, cmd, doing, ended_well, ret, err);
}

/* "dnf install": the program, and its verb. */
static void doing_text(const char *const *words, char *ret, size_t size)
{
	static const char *const verbs[] = { "install",      "reinstall", "download", "makecache",
					     "check-update", "clean",     "refresh",  "mark" };

	for (const char *const *w = words; *w; w++)
		for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
			if (text_eq(*w, verbs[i])) {
				(void)text_format(ret, size, "%s %s", words[0], verbs[i]);
				return;
			}
	(void)text_copy(ret, size, words[0]);
}

/* While the archive of a release past its end is known (plan/steps_vendor.c), the addresses of its
 * former repositories lead nowhere, and would end every command. */
static void past_its_end(const struct package_context *c, const char *const *words,
			 struct command *cmd)
{
	if ((text_eq(words[0], "yum") || text_eq(words[0], "dnf")) &&
	    host_exists(c->host, "etc/yum.repos.d/ib-vmext-vault.repo"))
		command_add(cmd, "--setopt=*.skip_if_unavailable=1");
}

int rpm_call_style(const struct package_context *c, const char *const *words,
		   const char *const *names, struct run_result *ret, struct error *err)
{
	AUTO_COMMAND struct command cmd = { 0 };
	char doing[64];

	doing_text(words, doing, sizeof(doing));
	command_add_all(&cmd, words);
	past_its_end(c, words, &cmd);
	command_add_all(&cmd, names);
	return call(c, &cmd, doing, ended_well, ret, err);
}

/* dnf says that it aborted; all of them have told before what they would do. */
static bool simulated_well(const struct rpm_style *style, const struct run_result *r)
{
	AUTO_RPM_ITEMS struct rpm_items items = { 0 };

	if (r->end != RUN_EXITED)
		return false;
	if (ended_well(style, r))
		return true;
	return style->parse(buf_text(&r->out), r->out.len, &items) == 0 && items.count > 0;
}

/* yum and tdnf go on without a package that they do not know. */
static bool names_unknown(const char *text, char *ret, size_t size)
{
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");

		(void)text_format(ret, size, "%.*s", (int)len, line);
		if (text_starts(ret, "No package ") && strstr(ret, "available"))
			return true;
		line += len + (line[len] == '\n');
	}
	return false;
}

int rpm_ask(const struct package_context *c, const char *const *words, const char *const *names,
	    struct run_result *ret, struct error *err)
{
	AUTO_COMMAND struct command cmd = { 0 };
	char doing[64], line[160];

	doing_text(words, doing, sizeof(doing));
	command_add_all(&cmd, words);
	past_its_end(c, words, &cmd);
	command_add_all(&cmd, names);
	if (call(c, &cmd, doing, simulated_well, ret, err) < 0)
		return -1;
	if (names_unknown(buf_text(&ret->out), line, sizeof(line)) ||
	    names_unknown(buf_text(&ret->err), line, sizeof(line)))
		return error_set(err, FAULT_PACKAGE_NOT_FOUND, 0, "%s: %s", doing, line);
	return 0;
}

int rpm_simulate(const struct package_context *c, const char *const *names, struct rpm_items *ret,
		 struct error *err)
{
	const struct rpm_style *style = rpm_style_of(c);
	AUTO_RUN struct run_result r = { 0 };
	int rc;

	if (rpm_ask(c, style->simulate, names, &r, err) < 0)
		return -1;
	rc = style->parse(buf_text(&r.out), r.out.len, ret);
	if (rc == 0 && !r.cut)
		return 0;
	return error_set(err, FAULT_PACKAGE_RESOLVE, -rc, "what %s would do cannot be read: %s",
			 style->name, rc < 0 ? strerror(-rc) : "it is too long");
}

int rpm_query(const struct package_context *c, const struct command *cmd, struct run_result *ret,
	      struct error *err)
{
	struct run_spec spec = {
		.argv = cmd->argv, .deadline_s = QUERY_S, .keep = OUTPUT_KEEP, .quiet = true
	};

	return cmd->failed ? no_memory(err) : run(c->host, &spec, ret, err);
}

int rpm_wait(const struct package_context *c, struct error *err)
{
	return package_lock_wait(c, locks, err);
}
