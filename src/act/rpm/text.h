/* act/rpm/text.h - reads what rpm, dnf, yum, tdnf and zypper print. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"

/* One package of rpm's database, or of a file. The version is [epoch:]version-release, as dnf and
 * zypper print it: without an epoch of 0. */
struct rpm_package {
	char name[96], version[96];
	char arch[16];
	int64_t installed_at; /* seconds since 1970; 0 for a file */
	int64_t instance;     /* its number in the database, larger is later; 0 for a file */
};

#define RPM_LINE_FORMAT                                                                            \
	"%{NAME}\\t%{EPOCHNUM}:%{VERSION}-%{RELEASE}\\t%{ARCH}\\t%{INSTALLTIME}\\t%{DBINSTANCE}"   \
	"\\n"

/* One line of `rpm -q --qf RPM_LINE_FORMAT`. Returns 0 or -EINVAL. */
int rpm_parse_line(const char *line, size_t len, struct rpm_package *ret);

enum rpm_action { RPM_INSTALL, RPM_UPGRADE, RPM_REINSTALL, RPM_REMOVE };

/* What a package manager would do to one package. RPM_UPGRADE is a downgrade, too. */
struct rpm_item {
	enum rpm_action action;
	char name[96], version[96]; /* of RPM_REMOVE what is installed */
	char old_version[96];       /* "" where it is not told */
	char arch[16];
};

struct rpm_items {
	struct rpm_item *at; /* owned */
	size_t count, space;
};

void rpm_items_free(struct rpm_items *items);
#define AUTO_RPM_ITEMS CLEANUP(rpm_items_free)

/* The tables of dnf, yum and tdnf before their question: a section ("Installing:"), then a line of
 * name, architecture, version and more for each package, which may go on in the next line; below a
 * package those that it makes obsolete ("replacing  name.arch version"). Returns 0, -EINVAL for a
 * package that is not told completely, -ENOMEM. */
int rpm_parse_table(const char *text, size_t len, struct rpm_items *ret);

/* The <install-summary> of `zypper --xmlout`. Returns as above. */
int rpm_parse_summary(const char *text, size_t len, struct rpm_items *ret);

/* XML as lines of text: tags left out, entities put in, "Error: " before an error's message.
 * Returns 0 or -ENOMEM. */
int rpm_plain_text(const char *text, size_t len, struct buf *ret);

/* A line of rpm's "Failed dependencies": "\tlibibverbs = 54.0 is needed by (installed)
 * user-tool-1-1.x86_64". `capability` is its first word, `by` the package. False for any other. */
struct rpm_needed {
	char capability[200];
	char by[240];
};

bool rpm_parse_needed(const char *line, size_t len, struct rpm_needed *ret);

/* Is this a whole line of the text? */
bool rpm_has_line(const char *text, const char *wanted);
