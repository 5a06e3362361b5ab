/* tools/portal-messages.c - docs/portal-messages.md: what a user reads for each fault of exit codes
 * 10 to 13, by the first world of tests/worlds that ends in it. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "act/carry.h"
#include "base/fs.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "facts/settings.h"
#include "handler/outcome.h"
#include "host/host.h"
#include "plan/plan.h"
#include "probe/probe.h"

enum { FIRST_CODE = 10, LAST_CODE = 13, EXPECT_MAX = 1 << 20, PORTAL_MAX = 1024 };

/* What no plan of a world can end in. */
static const struct {
	enum fault fault;
	const char *why;
} elsewhere[] = {
	{ FAULT_FILE_CONFLICT,
	  "the package manager is asked whose a file is, which no world answers" },
	{ FAULT_IRREVERSIBLE,
	  "only `apply` meets it: old packages that cannot be saved are known once the package "
	  "manager has been asked" },
	{ FAULT_SECURE_BOOT_KEY,
	  "only `apply` meets it: the key's file and the firmware's list are looked at on the "
	  "machine" },
	{ FAULT_ROUTE_NOT_CARRIED_OUT,
	  "no row of the built-in catalogue needs what `apply` cannot do; an online repository of "
	  "another catalogue would" },
	{ FAULT_IMAGE_KERNEL, "only `bake` meets it, which makes an image" },
	{ FAULT_IMAGE_CONFLICT, "only `bake` meets it, which plans for several VMs at once" },
	{ FAULT_ABSENT,
	  "it is the verdict of `ib-vmext verify` on a machine without an InfiniBand function, "
	  "where a plan says which of the faults above it is" },
};

struct heard {
	unsigned worlds;
	char first[NAME_MAX + 1];
	struct buf others; /* " a, b" */
	struct status status;
};

struct listener {
	const char *dir;
	struct heard heard[FAULT_COUNT];
};

static json_t *expectation(const char *dir, const char *world)
{
	AUTO_BUF struct buf text = { 0 };
	char path[PATH_MAX];

	(void)TEXT_FORMAT(path, "%s/%s/expect.json", dir, world);
	if (fs_read(AT_FDCWD, path, EXPECT_MAX, &text) < 0)
		return NULL;
	return json_parse(buf_text(&text), text.len, NULL, 0);
}

/* Plan for the world as the handler would. Returns 0; -1 with *err set. */
static int judge(const struct listener *l, const char *world, struct settings *s, struct plan *ret,
		 struct error *err)
{
	static struct facts facts;
	const struct probe_options options = { .metadata = true, .settings = s };
	AUTO_JSON json_t *expect = expectation(l->dir, world);
	char path[PATH_MAX];
	struct host h;
	int rc;

	settings_defaults(s);
	if (settings_read_public(json_object_get(expect, "settings"), s, err) < 0)
		return -1;
	(void)TEXT_FORMAT(path, "%s/%s", l->dir, world);
	if (host_open_world(&h, path, NULL, err) < 0)
		return -1;
	rc = probe_facts(&h, &options, &facts, err);
	host_close(&h);
	if (rc < 0)
		return -1;
	catalogue_classify(&catalogue_built_in, &facts);
	plan_build(&facts, s, &catalogue_built_in, ret);
	carry_limit(&facts, ret);
	return 0;
}

/* "driver-broken: driver-broken": the same word twice, whatever stands behind it. */
static bool doubles_a_word(const char *text)
{
	const char *former = "";
	size_t former_len = 0;

	for (text += strspn(text, " "); *text != '\0'; text += strspn(text, " ")) {
		size_t whole = strcspn(text, " "), len = whole;

		while (len > 0 && strchr(".,:;", text[len - 1]) != NULL)
			len--;
		if (len > 0 && len == former_len && strncasecmp(text, former, len) == 0)
			return true;
		former = text;
		former_len = len;
		text += whole;
	}
	return false;
}

static const char *complaint(const char *message, const struct decision *d)
{
	size_t remedy = strlen(d->remedy);

	if (strlen(message) >= PORTAL_MAX)
		return "is too long";
	if (remedy == 0 || d->remedy[remedy - 1] != '.' || strstr(message, d->remedy) == NULL)
		return "names no next step";
	if (doubles_a_word(message))
		return "says a word twice";
	return strstr(message, "..") != NULL ? "has two full stops" : NULL;
}

static int keep(struct heard *heard, const char *world, const struct status *s)
{
	if (heard->worlds++ > 0)
		return buf_add_format(&heard->others, "%s %s", heard->worlds > 2 ? "," : "", world);
	heard->status = *s;
	return TEXT_COPY(heard->first, world);
}

static int listen(void *ctx, const char *world)
{
	static struct plan plan;
	struct listener *l = ctx;
	struct status status = { 0 };
	const char *wrong;
	struct error err = { 0 };
	struct settings settings;
	char path[PATH_MAX];

	(void)TEXT_FORMAT(path, "%s/%s/world.json", l->dir, world);
	if (!fs_exists(AT_FDCWD, path))
		return 0; /* a README */
	if (judge(l, world, &settings, &plan, &err) < 0) {
		(void)fprintf(stderr, "portal-messages: %s: %s\n", world, err.what);
		return -1;
	}
	if (plan.decision.exit_code == 0)
		return 0;
	status_from_refusal(&plan.decision, &settings, &status);
	wrong = complaint(status.message, &plan.decision);
	if (wrong == NULL)
		return keep(&l->heard[plan.decision.fault], world, &status);
	(void)fprintf(stderr, "portal-messages: %s: the message %s: %s\n", world, wrong,
		      status.message);
	return -1;
}

static const char *why_elsewhere(enum fault fault)
{
	for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++)
		if (elsewhere[i].fault == fault)
			return elsewhere[i].why;
	return NULL;
}

static void write_message(const struct heard *heard)
{
	const struct status *s = &heard->status;

	(void)printf("> %s\n\n%s, code %d, %zu characters; world %s.\n", s->message,
		     status_state_name(s->state), s->code, strlen(s->message), heard->first);
	if (heard->worlds > 1)
		(void)printf("\nThe fault of %u more:%s.\n", heard->worlds - 1,
			     buf_text(&heard->others));
}

/* False where no world reaches the fault and nobody says why, or one does and somebody says that
 * none can. */
static bool write_fault(enum fault fault, const struct heard *heard)
{
	const struct fault_row *row = fault_row(fault);
	const char *why = why_elsewhere(fault);

	if ((heard->worlds > 0) == (why != NULL)) {
		(void)fprintf(stderr, "portal-messages: %s: %u worlds end in it, %s\n", row->slug,
			      heard->worlds, why != NULL ? why : "and nothing says why");
		return false;
	}
	(void)printf("\n### %s\n\n", row->slug);
	if (heard->worlds > 0)
		write_message(heard);
	else
		(void)printf("No plan ends in it: %s. %s %s\n", why, row->cause, row->remedy);
	return true;
}

int main(int argc, char **argv)
{
	static struct listener l;
	unsigned bad = 0;

	if (argc != 2)
		return 2;
	l.dir = argv[1];
	if (fs_list(AT_FDCWD, l.dir, listen, &l) != 0)
		return 1;
	(void)puts(
		"<!-- Made by tools/portal-messages from tests/worlds: edit what they say in "
		"src/plan or data/. -->\n"
		"# What the portal says\n\n"
		"For each fault of exit codes 10 to 13 the message that `handler enable`, or its "
		"worker where waiting could help,\nleaves for a machine of tests/worlds: what `az "
		"vm extension list`, the portal and "
		"N.status show. All are shorter than the 1,024 characters\nthat the portal "
		"shows.");
	for (int code = FIRST_CODE; code <= LAST_CODE; code++) {
		(void)printf("\n## %d\n", code);
		for (enum fault f = 1; f < FAULT_COUNT; f++)
			if (fault_row(f)->exit_code == code)
				bad += !write_fault(f, &l.heard[f]);
	}
	return bad == 0 && fflush(stdout) == 0 && ferror(stdout) == 0 ? 0 : 1;
}
