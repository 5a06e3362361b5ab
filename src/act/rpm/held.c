/* A vendor's repository in a package: the package as a file, and what is installed of it kept. */
#include <errno.h>
#include <string.h>

#include "act/packages/held.h"
#include "act/rpm/call.h"
#include "base/text.h"
#include "host/host.h"

int rpm_file_change(const struct package_context *c, const char *path, struct change *ret,
		    struct error *err)
{
	AUTO_RPM_PACKAGES struct rpm_packages now = { 0 };
	struct rpm_package file;
	const struct rpm_package *p;
	int rc = rpm_file_read(c, path, &file, err);

	if (rc == -EINVAL)
		return error_set(err, FAULT_PACKAGE_INSTALL, EINVAL,
				 "%s is no package of rpm's kind", path);
	if (rc < 0 || rpm_read_installed(c, &now, err) < 0)
		return -1;
	p = rpm_find(&now, file.name, "", "");
	*ret = (struct change) { .kind = p ? CHANGE_REPLACE : CHANGE_INSTALL };
	(void)TEXT_COPY(ret->name, file.name);
	(void)TEXT_COPY(ret->new_version, file.version);
	(void)TEXT_COPY(ret->old_version, p ? p->version : "");
	(void)TEXT_COPY(ret->arch, p ? p->arch : file.arch);
	return 0;
}

int rpm_install_file(const struct package_context *c, const char *path, struct error *err)
{
	const char *const words[] = { "rpm", "-U", "--oldpackage", "--replacepkgs", path, NULL };
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };

	command_add_all(&cmd, words);
	return rpm_call(c, &cmd, "rpm -U", &r, err);
}

bool rpm_owner(const struct package_context *c, const char *path, char *ret, size_t size)
{
	char absolute[300];
	const char *const words[] = { "rpm", "-qf", "--qf", "%{NAME}\\n", absolute, NULL };
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };

	(void)TEXT_FORMAT(absolute, "/%s", path);
	command_add_all(&cmd, words);
	return rpm_query(c, &cmd, &r, NULL) == 0 && run_ok(&r) &&
	       text_format(ret, size, "%.*s", (int)strcspn(buf_text(&r.out), "\n"),
			   buf_text(&r.out)) == 0;
}

/* The files of a package. */
static int list(const struct package_context *c, const char *holder, struct run_result *ret,
		struct error *err)
{
	const char *const words[] = { "rpm", "-ql", holder, NULL };
	AUTO_COMMAND struct command cmd = { 0 };

	command_add_all(&cmd, words);
	return rpm_query(c, &cmd, ret, err);
}

static bool is_installed(void *ctx, const char *name)
{
	const struct rpm_packages *now = ctx;
	char nevra[RPM_SPEC_SIZE], file[RPM_SPEC_SIZE + 4];

	for (size_t i = 0; i < now->count; i++) {
		rpm_nevra(&now->at[i], nevra);
		(void)TEXT_FORMAT(file, "%s.rpm", nevra);
		if (text_eq(file, name))
			return true;
	}
	return false;
}

int rpm_keep_held(const struct package_context *c, const char *holder, const char *dir,
		  struct error *err)
{
	AUTO_RPM_PACKAGES struct rpm_packages now = { 0 };
	AUTO_RUN struct run_result r = { 0 };
	struct held h = { .context = c, .end = ".rpm", .is_installed = is_installed, .ctx = &now };

	if (list(c, holder, &r, err) < 0 || rpm_read_installed(c, &now, err) < 0)
		return -1;
	h.list = buf_text(&r.out);
	return held_keep(&h, dir, err);
}

/* "name-version-release.arch" of the file in the line, if it is of this package. */
static bool is_of(const char *line, size_t len, const struct rpm_package *p, char *ret, size_t size)
{
	const char *slash = memrchr(line, '/', len);
	char file[RPM_SPEC_SIZE], *dash = NULL, *version;

	if (!slash || TEXT_FORMAT(file, "%.*s", (int)(line + len - slash - 1), slash + 1) < 0 ||
	    !text_ends(file, ".rpm"))
		return false;
	file[strlen(file) - strlen(".rpm")] = '\0';
	(void)text_copy(ret, size, file);
	for (int i = 0; i < 2; i++) { /* the release, then the version */
		dash = strrchr(file, '-');
		if (!dash)
			return false;
		*dash = '\0';
	}
	version = strrchr(ret, '.');
	return text_eq(file, p->name) && version &&
	       (text_eq(version + 1, p->arch) || text_eq(version + 1, "noarch"));
}

static int follow_one(const struct package_context *c, const char *files,
		      const struct rpm_package *p, json_t *into)
{
	char nevra[RPM_SPEC_SIZE], spec[RPM_SPEC_SIZE];
	struct rpm_package at;

	for (const char *line = files; *line;) {
		size_t len = strcspn(line, "\n");

		if (is_of(line, len, p, nevra, sizeof(nevra))) {
			/* In the words of this package manager. */
			at = *p;
			(void)TEXT_COPY(at.arch, strrchr(nevra, '.') + 1);
			(void)text_format(
				at.version, sizeof(at.version), "%.*s",
				(int)(strlen(nevra) - strlen(p->name) - strlen(at.arch) - 2),
				nevra + strlen(p->name) + 1);
			rpm_spec(rpm_style_of(c), at.name, at.version, at.arch, spec);
			return json_array_append_new(into, json_string(spec));
		}
		line += len + (line[len] == '\n');
	}
	return 0;
}

json_t *rpm_follow(const struct package_context *c, const char *holder, const char *dir,
		   struct error *err)
{
	AUTO_RPM_FILES struct rpm_files files = { 0 };
	AUTO_RUN struct run_result r = { 0 };
	AUTO_JSON json_t *words = json_array();

	if (rpm_files_read(c, dir, &files, err) < 0)
		return NULL;
	if (files.count && list(c, holder, &r, err) < 0)
		return NULL;
	for (size_t i = 0; i < files.count; i++)
		if (follow_one(c, buf_text(&r.out), &files.at[i].package, words) < 0) {
			error_set(err, FAULT_INTERNAL, ENOMEM, "no memory for names of packages");
			return NULL;
		}
	return TAKE(words);
}
