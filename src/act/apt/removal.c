/* What an installer that is not apt's would take away: the RDMA packages, and what hangs on them.
 */
#include <errno.h>
#include <string.h>

#include "act/apt/call.h"
#include "base/text.h"
#include "host/run.h"

static bool is_named(const char *const *names, const char *name)
{
	for (; names && *names; names++)
		if (text_eq(*names, name))
			return true;
	return false;
}

int apt_stack(const struct package_context *c, const char *const *names, struct transaction *ret,
	      struct error *err)
{
	AUTO_PACKAGES struct dpkg_packages now = { 0 };

	if (dpkg_read(c, &now, err) < 0)
		return -1;
	for (size_t i = 0; i < now.count; i++) {
		const struct dpkg_package *p = &now.at[i];
		struct change change = { .kind = CHANGE_REMOVE };

		if (p->state == DPKG_ABSENT || p->state == DPKG_CONFIG_FILES ||
		    (!transaction_is_rdma(p->name) && !is_named(names, p->name)))
			continue;
		(void)TEXT_COPY(change.name, p->name);
		(void)TEXT_COPY(change.old_version, p->version);
		(void)TEXT_COPY(change.arch, p->arch);
		if (transaction_add(ret, &change) < 0)
			return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory for the packages");
	}
	transaction_sort(ret);
	return 0;
}

/* Its uninstaller calls apt-get remove: what needs one of them goes, whatever comes later. */
int apt_removal(const struct package_context *c, const char *dir, struct transaction *t,
		struct error *err)
{
	static const char *const verb[] = { "-s", "remove", NULL };
	AUTO_TRANSACTION struct transaction simulated = { 0 };
	AUTO_COMMAND struct command names = { 0 };
	AUTO_RUN struct run_result r = { 0 };

	(void)dir;
	for (size_t i = 0; i < t->count; i++)
		command_add(&names, t->changes[i].name);
	if (names.failed)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory for the packages");
	if (names.n == 0)
		return 0;
	if (apt_get(c, verb, names.argv, "apt-get -s remove", &r, err) < 0)
		return -1;
	if (apt_parse_simulation(buf_text(&r.out), r.out.len, &simulated) < 0)
		return error_set(err, FAULT_PACKAGE_RESOLVE, 0,
				 "the output of apt-get -s remove cannot be read");
	for (size_t i = 0; i < simulated.count; i++)
		if (!transaction_has(t, simulated.changes[i].name) &&
		    transaction_add(t, &simulated.changes[i]) < 0)
			return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory for the packages");
	transaction_sort(t);
	return 0;
}
