/* Which packages are held for wanted and which for dependencies; kept, and put back. */
#include <errno.h>
#include <string.h>

#include "act/rpm/call.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

/* zypper's list of what came as a dependency: names, a line each, and comments. */
#define AUTO_INSTALLED "var/lib/zypp/AutoInstalled"

enum { LIST_MAX = 1 << 20 };

/* The text in which a wanted package has the line "name arch"; false where nobody can say. */
static bool read_wanted(const struct package_context *c, struct run_result *ret)
{
	const struct rpm_style *style = rpm_style_of(c);
	AUTO_COMMAND struct command cmd = { 0 };

	if (!style->marked)
		return false;
	command_add_all(&cmd, style->marked);
	return rpm_query(c, &cmd, ret, NULL) == 0 && run_ok(ret);
}

/* yum's own tool, where it is installed: "     reason = dep". */
static int yum_mark(const struct package_context *c, const struct rpm_package *p)
{
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };
	char nevra[RPM_SPEC_SIZE];

	rpm_nevra(p, nevra);
	command_add(&cmd, "yumdb");
	command_add(&cmd, "get");
	command_add(&cmd, "reason");
	command_add(&cmd, nevra);
	if (rpm_query(c, &cmd, &r, NULL) < 0 || !run_ok(&r))
		return -1;
	if (strstr(buf_text(&r.out), "reason = user"))
		return 1;
	return strstr(buf_text(&r.out), "reason = dep") ? 0 : -1;
}

/* 1: wanted, 0: a dependency, -1: nobody can say. */
static int mark_of(const struct package_context *c, const struct rpm_package *p,
		   const struct run_result *wanted, const char *automatic)
{
	char line[120];

	if (automatic)
		return !rpm_has_line(automatic, p->name);
	if (text_eq(c->manager->name, "yum"))
		return yum_mark(c, p);
	if (!wanted)
		return -1;
	(void)TEXT_FORMAT(line, "%s %s", p->name, p->arch);
	return rpm_has_line(buf_text(&wanted->out), line);
}

static bool concerns(const struct rpm_package *p, const char *const *names,
		     const struct transaction *t)
{
	for (; *names; names++)
		if (rpm_is(p, *names, ""))
			return true;
	for (size_t i = 0; i < t->count; i++)
		if (t->changes[i].kind != CHANGE_INSTALL &&
		    rpm_is(p, t->changes[i].name, t->changes[i].arch))
			return true;
	return false;
}

static json_t *gather(const struct package_context *c, const struct rpm_packages *now,
		      const char *const *names, const struct transaction *t,
		      const struct run_result *wanted, const char *automatic)
{
	AUTO_JSON json_t *manual = json_array();
	AUTO_JSON json_t *as_dependency = json_array();
	char full[120];

	for (size_t i = 0; i < now->count; i++) {
		int mark;

		if (!concerns(&now->at[i], names, t))
			continue;
		mark = mark_of(c, &now->at[i], wanted, automatic);
		(void)TEXT_FORMAT(full, automatic ? "%s" : "%s.%s", now->at[i].name,
				  now->at[i].arch);
		if (mark >= 0 &&
		    json_array_append_new(mark ? manual : as_dependency, json_string(full)) < 0)
			return NULL;
	}
	return json_pack("{s:O, s:O}", "manual", manual, "auto", as_dependency);
}

json_t *rpm_marks(const struct package_context *c, const char *const *names,
		  const struct transaction *t, struct error *err)
{
	AUTO_RPM_PACKAGES struct rpm_packages now = { 0 };
	AUTO_RUN struct run_result wanted = { 0 };
	AUTO_BUF struct buf automatic = { 0 };
	bool zypper = text_eq(c->manager->name, "zypper");
	bool known = !zypper && read_wanted(c, &wanted);
	json_t *marks;
	int rc = zypper ? fs_read(c->host->root, AUTO_INSTALLED, LIST_MAX, &automatic) : 0;

	if (rpm_read_installed(c, &now, err) < 0)
		return NULL;
	if (rc < 0 && rc != -ENOENT) {
		error_set(err, FAULT_READ_FAILED, -rc, "/" AUTO_INSTALLED " cannot be read: %s",
			  strerror(-rc));
		return NULL;
	}
	marks = gather(c, &now, names, t, known ? &wanted : NULL,
		       zypper ? buf_text(&automatic) : NULL);
	if (!marks)
		error_set(err, FAULT_INTERNAL, ENOMEM, "no memory for the marks of packages");
	return marks;
}

/* Those of the list that are installed, as one command; yum's tool wants its words before them. */
static int set_mark(const struct package_context *c, const char *const *words, const json_t *list,
		    const struct rpm_packages *now, struct error *err)
{
	AUTO_COMMAND struct command names = { 0 };
	AUTO_RUN struct run_result r = { 0 };
	json_t *item;
	size_t i;

	json_array_foreach((json_t *)list, i, item)
	{
		const char *full = json_string_value(item);
		const char *dot = full ? strrchr(full, '.') : NULL;
		char name[120];

		if (!dot)
			continue;
		(void)TEXT_FORMAT(name, "%.*s", (int)(dot - full), full);
		if (rpm_find(now, name, dot + 1, ""))
			command_add(&names, full);
	}
	return names.n ? rpm_call_style(c, words, names.argv, &r, err) : 0;
}

static bool is_in(const json_t *list, const char *name, size_t len)
{
	json_t *item;
	size_t i;

	json_array_foreach((json_t *)list, i, item)
	{
		const char *text = json_string_value(item);

		if (text && strlen(text) == len && memcmp(text, name, len) == 0)
			return true;
	}
	return false;
}

/* Does the line stay? Comments do, and what is installed and was not wanted: a name that is gone
 * would make a dependency of whatever somebody asks for by that name later. */
static bool stays(const char *line, size_t len, const json_t *manual,
		  const struct rpm_packages *now)
{
	char name[120];

	if (len == 0 || line[0] == '#')
		return true;
	(void)TEXT_FORMAT(name, "%.*s", (int)len, line);
	return !is_in(manual, line, len) && rpm_find(now, name, "", "") != NULL;
}

/* The list anew: what was wanted leaves it, what was a dependency and is installed is on it. */
static int write_list(const struct package_context *c, const json_t *marks,
		      const struct rpm_packages *now, struct error *err)
{
	const json_t *manual = json_object_get(marks, "manual");
	json_t *automatic = json_object_get(marks, "auto"), *item;
	AUTO_BUF struct buf former = { 0 }, text = { 0 };
	size_t i;
	int rc = fs_read(c->host->root, AUTO_INSTALLED, LIST_MAX, &former);

	rc = rc == -ENOENT ? 0 : rc;
	for (const char *line = buf_text(&former); rc == 0 && *line;) {
		size_t len = strcspn(line, "\n");

		if (stays(line, len, manual, now))
			rc = buf_add_format(&text, "%.*s\n", (int)len, line);
		line += len + (line[len] == '\n');
	}
	json_array_foreach(automatic, i, item)
	{
		const char *name = json_string_value(item);

		if (rc == 0 && name && rpm_find(now, name, "", "") &&
		    !rpm_has_line(buf_text(&text), name))
			rc = buf_add_format(&text, "%s\n", name);
	}
	if (rc == 0 && !text_eq(buf_text(&text), buf_text(&former)))
		rc = fs_replace(c->host->root, AUTO_INSTALLED, buf_text(&text), text.len, 0644);
	if (rc == 0)
		return 0;
	return error_set(err, FAULT_WRITE_FAILED, -rc, "/" AUTO_INSTALLED " cannot be written: %s",
			 strerror(-rc));
}

int rpm_set_marks(const struct package_context *c, const json_t *marks, struct error *err)
{
	static const char *const yum_wanted[] = { "yumdb", "set", "reason", "user", NULL };
	static const char *const yum_automatic[] = { "yumdb", "set", "reason", "dep", NULL };
	const struct rpm_style *style = rpm_style_of(c);
	bool yum = text_eq(style->name, "yum");
	AUTO_RPM_PACKAGES struct rpm_packages now = { 0 };

	if (rpm_read_installed(c, &now, err) < 0)
		return -1;
	if (text_eq(style->name, "zypper"))
		return write_list(c, marks, &now, err);
	if (set_mark(c, yum ? yum_wanted : style->mark_wanted, json_object_get(marks, "manual"),
		     &now, err) < 0)
		return -1;
	return set_mark(c, yum ? yum_automatic : style->mark_automatic,
			json_object_get(marks, "auto"), &now, err);
}
