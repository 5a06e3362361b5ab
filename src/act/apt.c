/* apt: transactions resolved first, locks waited for, old packages saved, half-done states
 * repaired. */
#include "act/package_manager.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "act/apt_parse.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

enum { NAMES_MAX = 256, QUERY_S = 60, OUTPUT_KEEP = 1 << 20 };

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

static const struct package_message messages[] = {
	{ "Could not get lock", FAULT_PACKAGE_LOCK },
	{ "Unable to acquire the dpkg frontend lock", FAULT_PACKAGE_LOCK },
	{ "Unable to locate package", FAULT_PACKAGE_NOT_FOUND },
	{ "has no installation candidate", FAULT_PACKAGE_NOT_FOUND },
	{ "was not found", FAULT_PACKAGE_NOT_FOUND },
	{ "No space left on device", FAULT_DISK_FULL },
	{ "You don't have enough free space", FAULT_DISK_FULL },
	{ "Read-only file system", FAULT_WRITE_FAILED },
	{ "NO_PUBKEY", FAULT_PACKAGE_SIGNATURE },
	{ "BADSIG", FAULT_PACKAGE_SIGNATURE },
	{ "is no longer signed", FAULT_PACKAGE_SIGNATURE },
	{ "is not signed", FAULT_PACKAGE_SIGNATURE },
	{ "GPG error", FAULT_PACKAGE_SIGNATURE },
	{ "cannot be authenticated", FAULT_PACKAGE_SIGNATURE },
	{ "Hash Sum mismatch", FAULT_PACKAGE_SIGNATURE },
	{ "is not valid yet", FAULT_PACKAGE_UPDATE },
	{ "is expired", FAULT_PACKAGE_UPDATE },
	{ "Failed to fetch", FAULT_DOWNLOAD },
	{ "Unable to fetch some archives", FAULT_DOWNLOAD },
	{ "unmet dependencies", FAULT_PACKAGE_RESOLVE },
	{ "held broken packages", FAULT_PACKAGE_RESOLVE },
	{ "Packages need to be removed but remove is disabled", FAULT_PACKAGE_UNSAFE },
	{ "dpkg was interrupted", FAULT_PACKAGE_BROKEN },
	{ NULL, FAULT_PACKAGE_INSTALL },
};

static void show_line(void *ctx, const char *line)
{
	const struct package_context *c = ctx;

	LOG(c->host->log, DEBUG, "package.output", "%s", line);
}

/* Run one program of the package system: lock waited for, environment set. Non-zero ends are *err
 * with the fault by the output. */
static int call(const struct package_context *c, const char *const *argv, const char *doing,
		struct run_result *ret, struct error *err)
{
	struct run_spec spec = { .argv = argv,
				 .env = environment,
				 .deadline_s = c->deadline_s,
				 .keep = OUTPUT_KEEP,
				 .line = show_line,
				 .ctx = (void *)c };

	if (package_lock_wait(c, locks, err) < 0 || run(c->host, &spec, ret, err) < 0)
		return -1;
	if (!run_ok(ret))
		return package_error(&spec, ret, messages, doing, err);
	return 0;
}

/* An argv built from a fixed head and a list of names. */
struct command {
	const char *argv[NAMES_MAX + 32];
	size_t n;
};

static void command_add(struct command *cmd, const char *word)
{
	if (cmd->n + 1 < ARRAY_SIZE(cmd->argv))
		cmd->argv[cmd->n++] = word;
	cmd->argv[cmd->n] = NULL;
}

static void command_add_all(struct command *cmd, const char *const *words)
{
	for (; *words; words++)
		command_add(cmd, *words);
}

/* How we always call apt-get: no questions, old configuration files kept, never a removal, nothing
 * but what is needed. */
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

static int apt_get(const struct package_context *c, const char *const *verb,
		   const char *const *names, const char *doing, struct error *err)
{
	AUTO_RUN struct run_result r = { 0 };
	struct command cmd = { .n = 0 };

	command_add_all(&cmd, apt_get_head);
	command_add_all(&cmd, verb);
	command_add_all(&cmd, names);
	return call(c, cmd.argv, doing, &r, err);
}

static bool has_interrupted_updates(const struct host *h)
{
	return fs_exists(h->root, "var/lib/dpkg/updates/0000") ||
	       fs_exists(h->root, "var/lib/dpkg/updates/tmp.i");
}

static int audit_line(const struct package_context *c, bool *ret_broken, struct error *err)
{
	static const char *const argv[] = { "dpkg", "--audit", NULL };
	AUTO_RUN struct run_result r = { 0 };
	struct run_spec spec = { .argv = argv, .env = environment, .deadline_s = QUERY_S };

	if (run(c->host, &spec, &r, err) < 0)
		return -1;
	*ret_broken = r.out.len > 0 || !run_ok(&r);
	return 0;
}

static int apt_repair(const struct package_context *c, struct error *err)
{
	static const char *const configure[] = {
		"dpkg", "--force-confdef", "--force-confold", "--configure", "-a", NULL
	};
	static const char *const fix[] = { "-f", "install", NULL };
	static const char *const none[] = { NULL };
	AUTO_RUN struct run_result r = { 0 };
	struct error first = { 0 };
	bool broken = false;

	if (package_lock_wait(c, locks, err) < 0 || audit_line(c, &broken, err) < 0)
		return -1;
	if (!broken && !has_interrupted_updates(c->host))
		return 0;
	LOG(c->host->log, INFO, "package.repair",
	    "an interrupted package operation was found, finishing it");
	/* A failure here may be what the second command repairs (missing dependencies), so it alone
	 * decides. */
	if (call(c, configure, "dpkg --configure -a", &r, &first) < 0)
		LOG(c->host->log, WARNING, "package.repair", "%s, trying apt-get -f install",
		    first.what);
	if (apt_get(c, fix, none, "apt-get -f install", err) < 0)
		return error_wrap(err, "the package database is half-done");
	return 0;
}

/* apt-get update exits 0 where a signature is bad; Error-Mode=any (apt 2.3 and later) does not, and
 * for older ones we read the lines. */
static int apt_refresh(const struct package_context *c, struct error *err)
{
	static const char *const verb[] = { "-o", "APT::Update::Error-Mode=any", "update", NULL };
	static const struct package_message signs[] = { { "GPG error", FAULT_PACKAGE_SIGNATURE },
							{ "NO_PUBKEY", FAULT_PACKAGE_SIGNATURE },
							{ "BADSIG", FAULT_PACKAGE_SIGNATURE },
							{ NULL, FAULT_NONE } };
	AUTO_RUN struct run_result r = { 0 };
	struct command cmd = { .n = 0 };
	struct run_spec spec;

	command_add_all(&cmd, apt_get_head);
	command_add_all(&cmd, verb);
	spec = (struct run_spec) { .argv = cmd.argv };
	if (call(c, cmd.argv, "apt-get update", &r, err) < 0) {
		if (err->fault == FAULT_PACKAGE_INSTALL)
			err->fault = FAULT_PACKAGE_UPDATE;
		return -1;
	}
	for (const struct package_message *m = signs; m->text; m++)
		if (strstr(buf_text(&r.err), m->text))
			return package_error(&spec, &r, signs, "apt-get update", err);
	return 0;
}

static int apt_resolve(const struct package_context *c, const char *const *names,
		       struct transaction *ret, struct error *err)
{
	static const char *const verb[] = { "-s", "--no-install-recommends", "install", NULL };
	AUTO_RUN struct run_result r = { 0 };
	struct command cmd = { .n = 0 };
	int rc;

	command_add_all(&cmd, apt_get_head);
	command_add_all(&cmd, verb);
	command_add_all(&cmd, names);
	if (call(c, cmd.argv, "apt-get -s install", &r, err) < 0) {
		if (err->fault == FAULT_PACKAGE_INSTALL)
			err->fault = FAULT_PACKAGE_RESOLVE;
		return -1;
	}
	rc = apt_parse_simulation(buf_text(&r.out), r.out.len, ret);
	if (rc < 0)
		return error_set(err, FAULT_PACKAGE_RESOLVE, -rc,
				 "the output of apt-get -s cannot be read: %s", strerror(-rc));
	return 0;
}

static int save_one(const struct package_context *c, const struct change *change, const char *dir,
		    struct error *err)
{
	char archives[300], wanted[200];
	const char *const verb[] = { "--no-install-recommends",
				     "--reinstall",
				     "--download-only",
				     "--allow-downgrades",
				     "-o",
				     archives,
				     "-o",
				     "APT::Keep-Downloaded-Packages=true",
				     "install",
				     NULL };
	const char *const names[] = { wanted, NULL };
	struct error why = { 0 };

	TEXT_FORMAT(archives, "Dir::Cache::archives=%s/", dir);
	TEXT_FORMAT(wanted, "%s=%s", change->name, change->old_version);
	if (apt_get(c, verb, names, "apt-get --download-only", &why) == 0)
		return 0;
	return error_set(err, FAULT_IRREVERSIBLE, 0,
			 "the installed package %s %s cannot be had to save it: %s", change->name,
			 change->old_version, why.what);
}

static int apt_save(const struct package_context *c, const struct transaction *t, const char *dir,
		    struct error *err)
{
	char partial[300];
	int rc;

	for (size_t i = 0; i < t->count; i++) {
		if (t->changes[i].kind == CHANGE_INSTALL)
			continue;
		TEXT_FORMAT(partial, "%s/partial", dir + (dir[0] == '/'));
		rc = fs_make_dirs(c->host->root, partial, 0700);
		if (rc < 0)
			return error_set(err, FAULT_STATE_DIR, -rc, "/%s cannot be made: %s",
					 partial, strerror(-rc));
		if (save_one(c, &t->changes[i], dir, err) < 0)
			return -1;
	}
	return 0;
}

static int apt_install(const struct package_context *c, const char *const *names, struct error *err)
{
	static const char *const verb[] = { "--no-remove", "--no-install-recommends", "install",
					    NULL };

	return apt_get(c, verb, names, "apt-get install", err);
}

static enum dpkg_state state_of(const struct package_context *c, const char *name, char *version,
				size_t size)
{
	const char *const argv[] = { "dpkg-query", "-W",
				     "-f",         "${db:Status-Abbrev}${Package} ${Version}\n",
				     name,         NULL };
	struct run_spec spec = { .argv = argv, .deadline_s = QUERY_S, .quiet = true };
	AUTO_RUN struct run_result r = { 0 };
	enum dpkg_state state = DPKG_ABSENT;
	char found[96];

	if (run(c->host, &spec, &r, NULL) < 0 || !run_ok(&r))
		return DPKG_ABSENT;
	if (dpkg_parse_line(text_trim(r.out.data), &state, found, sizeof(found), version, size) < 0)
		return DPKG_ABSENT;
	return state;
}

static bool apt_installed(const struct package_context *c, const char *const *names)
{
	char version[96];

	for (; *names; names++)
		if (state_of(c, *names, version, sizeof(version)) != DPKG_INSTALLED)
			return false;
	return true;
}

/* The names that `t` installed and that are still there in some state, NULL-terminated. Returns
 * their number. */
static size_t installed_by(const struct package_context *c, const struct transaction *t,
			   const char **ret, size_t max, bool *ret_half)
{
	char version[96];
	size_t n = 0;

	for (size_t i = 0; i < t->count && n + 1 < max; i++) {
		enum dpkg_state state;

		if (t->changes[i].kind != CHANGE_INSTALL)
			continue;
		state = state_of(c, t->changes[i].name, version, sizeof(version));
		if (state == DPKG_ABSENT)
			continue;
		*ret_half |= state == DPKG_HALF;
		ret[n++] = t->changes[i].name;
	}
	ret[n] = NULL;
	return n;
}

/* Purge what the transaction installed. dpkg alone does it: apt would first want to repair, by
 * network, what is to go. */
static int purge_installed(const struct package_context *c, const struct transaction *t,
			   struct error *err)
{
	static const char *const head[] = { "dpkg", "--force-remove-reinstreq", "--purge", NULL };
	const char *names[NAMES_MAX];
	AUTO_RUN struct run_result r = { 0 };
	struct command cmd = { .n = 0 };
	bool half = false;

	if (installed_by(c, t, names, ARRAY_SIZE(names), &half) == 0)
		return 0;
	command_add_all(&cmd, head);
	command_add_all(&cmd, names);
	return call(c, cmd.argv, "dpkg --purge", &r, err);
}

static int restore_one(const struct package_context *c, const struct change *change,
		       const char *dir, struct error *err)
{
	char archives[300], wanted[200], version[96] = "";
	const char *const verb[] = { "--no-install-recommends",
				     "--allow-downgrades",
				     "-o",
				     archives,
				     "-o",
				     "APT::Keep-Downloaded-Packages=true",
				     "install",
				     NULL };
	const char *const names[] = { wanted, NULL };

	if (state_of(c, change->name, version, sizeof(version)) == DPKG_INSTALLED &&
	    text_eq(version, change->old_version))
		return 0;
	TEXT_FORMAT(archives, "Dir::Cache::archives=%s/", dir);
	TEXT_FORMAT(wanted, "%s=%s", change->name, change->old_version);
	return apt_get(c, verb, names, "apt-get install of the former version", err);
}

static int apt_revert(const struct package_context *c, const struct transaction *t, const char *dir,
		      struct error *err)
{
	static const char *const configure[] = {
		"dpkg", "--force-confdef", "--force-confold", "--configure", "-a", NULL
	};
	AUTO_RUN struct run_result r = { 0 };
	struct error ignored = { 0 };

	/* Interrupted updates block every other call; what fails to be configured is what we are
	 * about to purge. */
	if (has_interrupted_updates(c->host) &&
	    call(c, configure, "dpkg --configure -a", &r, &ignored) < 0)
		LOG(c->host->log, WARNING, "package.repair", "%s, ignoring: it is to be purged",
		    ignored.what);
	if (purge_installed(c, t, err) < 0)
		return -1;
	for (size_t i = 0; i < t->count; i++)
		if (t->changes[i].kind != CHANGE_INSTALL &&
		    restore_one(c, &t->changes[i], dir, err) < 0)
			return -1;
	return apt_repair(c, err);
}

/* Those of `names` that `apt-mark HOW` prints, as an array. */
static json_t *marked(const struct package_context *c, const char *how, const char *const *names)
{
	struct command cmd = { .n = 0 };
	struct run_spec spec = { .argv = cmd.argv, .env = environment, .deadline_s = QUERY_S };
	AUTO_RUN struct run_result r = { 0 };
	json_t *list = json_array();

	command_add(&cmd, "apt-mark");
	command_add(&cmd, how);
	command_add_all(&cmd, names);
	if (!list || run(c->host, &spec, &r, NULL) < 0 || !run_ok(&r))
		return list;
	for (char *line = r.out.data; line && *line;) {
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		json_array_append_new(list, json_string(line));
		line = end ? end + 1 : NULL;
	}
	return list;
}

static json_t *apt_marks(const struct package_context *c, const char *const *names)
{
	return json_pack("{s:o, s:o}", "manual", marked(c, "showmanual", names), "auto",
			 marked(c, "showauto", names));
}

static int set_mark(const struct package_context *c, const char *how, const json_t *list,
		    struct error *err)
{
	AUTO_RUN struct run_result r = { 0 };
	struct command cmd = { .n = 0 };
	json_t *item;
	size_t i;

	if (json_array_size(list) == 0)
		return 0;
	command_add(&cmd, "apt-mark");
	command_add(&cmd, how);
	json_array_foreach((json_t *)list, i, item)
	{
		command_add(&cmd, json_string_value(item));
	}
	return call(c, cmd.argv, "apt-mark", &r, err);
}

static int apt_set_marks(const struct package_context *c, const json_t *marks, struct error *err)
{
	if (set_mark(c, "manual", json_object_get(marks, "manual"), err) < 0)
		return -1;
	return set_mark(c, "auto", json_object_get(marks, "auto"), err);
}

const struct package_manager package_manager_apt = {
	.name = "apt",
	.repair = apt_repair,
	.refresh = apt_refresh,
	.resolve = apt_resolve,
	.save = apt_save,
	.install = apt_install,
	.revert = apt_revert,
	.marks = apt_marks,
	.set_marks = apt_set_marks,
	.installed = apt_installed,
};

static const struct package_manager *const managers[] = { &package_manager_apt };

const struct package_manager *package_manager_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(managers); i++)
		if (text_eq(managers[i]->name, name))
			return managers[i];
	return NULL;
}
