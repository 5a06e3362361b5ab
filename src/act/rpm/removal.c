/* What an installer that is not the package manager's would take away: the RDMA packages, and what
 * would be broken by that. */
#include <errno.h>
#include <string.h>

#include "act/rpm/call.h"
#include "base/text.h"
#include "host/host.h"

enum { ROUNDS_MAX = 50 };

static int no_memory(struct error *err)
{
	return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory for the packages");
}

static bool is_named(const char *const *names, const char *name)
{
	for (; names && *names; names++)
		if (text_eq(*names, name))
			return true;
	return false;
}

static int add(struct transaction *t, const struct rpm_package *p)
{
	struct change change = { .kind = CHANGE_REMOVE };

	(void)TEXT_COPY(change.name, p->name);
	(void)TEXT_COPY(change.old_version, p->version);
	(void)TEXT_COPY(change.arch, p->arch);
	return transaction_add(t, &change);
}

int rpm_stack(const struct package_context *c, const char *const *names, struct transaction *ret,
	      struct error *err)
{
	AUTO_RPM_PACKAGES struct rpm_packages now = { 0 };

	if (rpm_read_installed(c, &now, err) < 0)
		return -1;
	for (size_t i = 0; i < now.count; i++)
		if ((transaction_is_rdma(now.at[i].name) || is_named(names, now.at[i].name)) &&
		    add(ret, &now.at[i]) < 0)
			return no_memory(err);
	transaction_sort(ret);
	return 0;
}

/* The first words of the lines of `rpm -qp --provides`. */
struct removing {
	const struct package_context *c;
	struct transaction *t;
	struct rpm_packages now;
	struct buf provided; /* each on a line */
	bool grown, failed;
};

static int read_provided(struct removing *r, const char *dir, struct error *err)
{
	static const char *const head[] = { "rpm", "-qp", "--provides", NULL };
	AUTO_RPM_FILES struct rpm_files files = { 0 };
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result out = { 0 };

	if (rpm_files_read(r->c, dir, &files, err) < 0)
		return -1;
	command_add_all(&cmd, head);
	for (size_t i = 0; i < files.count; i++)
		command_add(&cmd, files.at[i].path);
	if (cmd.failed)
		return no_memory(err);
	if (files.count == 0)
		return 0;
	if (rpm_query(r->c, &cmd, &out, err) < 0)
		return -1;
	if (buf_add_format(&r->provided, "\n%s", buf_text(&out.out)) < 0)
		return no_memory(err);
	return 0;
}

static bool is_provided(const struct removing *r, const char *capability)
{
	const char *text = buf_text(&r->provided);
	size_t len = strlen(capability);

	for (const char *at = text; (at = strstr(at, capability)) != NULL; at++)
		if (at > text && at[-1] == '\n' && (at[len] == '\n' || at[len] == ' '))
			return true;
	return false;
}

/* "user-tool-1-1.x86_64" */
static const struct rpm_package *find_nevra(const struct rpm_packages *now, const char *nevra)
{
	char full[RPM_SPEC_SIZE];

	for (size_t i = 0; i < now->count; i++) {
		rpm_nevra(&now->at[i], full);
		if (text_eq(full, nevra))
			return &now->at[i];
	}
	return NULL;
}

static void add_needing(struct removing *r, const struct rpm_needed *n)
{
	const struct rpm_package *p = find_nevra(&r->now, n->by);

	if (!p || is_provided(r, n->capability) || transaction_has(r->t, p->name))
		return;
	r->grown = true;
	r->failed |= add(r->t, p) < 0;
}

/* One round: who would miss what goes so far? */
static int look_for_needing(struct removing *r, struct error *err)
{
	static const char *const head[] = { "rpm", "-e", "--test", "--allmatches", NULL };
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result out = { 0 };

	command_add_all(&cmd, head);
	for (size_t i = 0; i < r->t->count; i++)
		command_add(&cmd, r->t->changes[i].name);
	if (cmd.failed)
		return no_memory(err);
	if (rpm_query(r->c, &cmd, &out, err) < 0)
		return -1;
	for (const char *line = buf_text(&out.err); *line;) {
		size_t len = strcspn(line, "\n");
		struct rpm_needed needed;

		if (rpm_parse_needed(line, len, &needed))
			add_needing(r, &needed);
		line += len + (line[len] == '\n');
	}
	return r->failed ? no_memory(err) : 0;
}

int rpm_removal(const struct package_context *c, const char *dir, struct transaction *t,
		struct error *err)
{
	struct removing r = { .c = c, .t = t, .grown = true };
	int rc = 0;

	if (!dir || t->count == 0)
		return 0;
	if (rpm_read_installed(c, &r.now, err) < 0 || read_provided(&r, dir, err) < 0)
		rc = -1;
	for (int round = 0; rc == 0 && r.grown && round < ROUNDS_MAX; round++) {
		r.grown = false;
		rc = look_for_needing(&r, err);
	}
	transaction_sort(t);
	rpm_packages_free(&r.now);
	buf_free(&r.provided);
	return rc;
}
