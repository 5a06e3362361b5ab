/* What rpm has installed. */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "act/rpm/call.h"
#include "base/text.h"
#include "host/host.h"

void rpm_packages_free(struct rpm_packages *p)
{
	free(p->at);
	*p = (struct rpm_packages) { 0 };
}

int rpm_packages_add(struct rpm_packages *p, const struct rpm_package *package)
{
	if (p->count == p->space) {
		size_t space = p->space ? p->space * 2 : 512;
		struct rpm_package *grown = realloc(p->at, space * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		p->at = grown;
		p->space = space;
	}
	p->at[p->count++] = *package;
	return 0;
}

int rpm_read_installed(const struct package_context *c, struct rpm_packages *ret, struct error *err)
{
	static const char *const words[] = { "rpm", "-qa", "--qf", RPM_LINE_FORMAT, NULL };
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };

	command_add_all(&cmd, words);
	if (rpm_query(c, &cmd, &r, err) < 0)
		return -1;
	if (!run_ok(&r))
		return error_set(
			err, r.end == RUN_NOT_FOUND ? FAULT_PROGRAM_MISSING : FAULT_PACKAGE_BROKEN,
			0, "rpm -qa: the package database cannot be read: %.200s",
			buf_text(&r.err));
	for (const char *line = buf_text(&r.out); *line;) {
		size_t len = strcspn(line, "\n");
		struct rpm_package p;

		if (rpm_parse_line(line, len, &p) < 0)
			return error_set(err, FAULT_READ_FAILED, EINVAL,
					 "what rpm -qa prints cannot be read: %.80s", line);
		if (rpm_packages_add(ret, &p) < 0)
			return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory for the packages");
		line += len + (line[len] == '\n');
	}
	return 0;
}

static bool same_arch(const char *a, const char *b)
{
	return text_eq(a, b) || text_eq(a, "noarch") || text_eq(b, "noarch");
}

bool rpm_is(const struct rpm_package *p, const char *name, const char *arch)
{
	size_t len = strcspn(name, ":");

	if (name[len] == ':')
		arch = name + len + 1;
	return strlen(p->name) == len && memcmp(p->name, name, len) == 0 &&
	       (!arch[0] || same_arch(p->arch, arch));
}

static bool is_later(const struct rpm_package *a, const struct rpm_package *b)
{
	if (a->installed_at != b->installed_at)
		return a->installed_at > b->installed_at;
	return a->instance > b->instance;
}

const struct rpm_package *rpm_find(const struct rpm_packages *p, const char *name, const char *arch,
				   const char *version)
{
	const struct rpm_package *found = NULL;

	for (size_t i = 0; i < p->count; i++) {
		const struct rpm_package *x = &p->at[i];

		if (!rpm_is(x, name, arch) || (version[0] && !text_eq(x->version, version)))
			continue;
		if (!found || is_later(x, found))
			found = x;
	}
	return found;
}

bool rpm_may_be_many(const char *name)
{
	static const char *const many[] = { "kernel", "kernel-*", "kmod-kernel-*", "gpg-pubkey" };

	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		if (fnmatch(many[i], name, 0) == 0)
			return true;
	return false;
}

bool rpm_is_outlived(const struct rpm_packages *p, const struct rpm_package *package)
{
	if (rpm_may_be_many(package->name))
		return false;
	for (size_t i = 0; i < p->count; i++)
		if (rpm_is(&p->at[i], package->name, package->arch) && is_later(&p->at[i], package))
			return true;
	return false;
}
