/* tools/manual-installation.c - docs/manual-installation.md: what a person types to do by hand what
 * a plan does, for worlds of tests/worlds. Each command comes from a step of that plan. */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "catalogue/catalogue.h"
#include "facts/settings.h"
#include "host/host.h"
#include "plan/plan.h"
#include "probe/probe.h"

/* One a package manager and route. */
static const struct {
	const char *world, *heading;
} chosen[] = {
	{ "hbv3-debian12-bare", "Debian 12" },     { "hbv4-ubuntu2404", "Ubuntu 24.04" },
	{ "hbv5-alma98", "AlmaLinux 9" },          { "hc-centos77", "CentOS 7.7" },
	{ "hbv4-sles15sp6", "SUSE Linux 15 SP6" }, { "hbv4-azurelinux3", "Azure Linux 3" },
};

/* With a vendor's packages kernel images stay where they are, and the owner's excludes, which often
 * hide headers, do not count (known issue 7). */
static const struct {
	const char *manager, *refresh, *install, *vendors;
} managers[] = {
	{ "apt", "apt-get update", "apt-get install -y", "" },
	{ "dnf", NULL, "dnf install -y",
	  " --disableexcludes=main --setopt='*.excludepkgs=kernel,kernel-core,kernel-modules*'" },
	{ "yum", NULL, "yum install -y", " --disableexcludes=main --setopt='*.exclude=kernel'" },
	{ "tdnf", NULL, "tdnf install -y", " --disableexcludes --exclude kernel" },
	{ "zypper", "zypper refresh", "zypper --non-interactive install", "" },
};

static bool is_apt(const struct facts *f)
{
	return text_eq(f->package_manager, "apt");
}

static void put_words(const struct step *s, unsigned from)
{
	for (unsigned i = from; i < s->nitems; i++)
		printf(" %s", s->items[i]);
	putchar('\n');
}

/* "doca-ofed=3.2.3": a version, or the beginning of one, as each package manager has it said. */
static void put_package(const struct facts *f, const char *item)
{
	int name = (int)strcspn(item, "=");

	if (item[name] == '\0')
		printf(" %s", item);
	else if (is_apt(f))
		printf(" '%s*'", item);
	else
		printf(" %.*s%c%s", name, item, text_eq(f->package_manager, "zypper") ? '=' : '-',
		       item + name + 1);
}

static void put_packages(const struct facts *f, const struct plan *p, const struct step *s)
{
	bool vendor = text_eq(p->decision.route, "doca-ofed") ||
		      text_eq(p->decision.route, "mlnx-ofed");

	for (size_t i = 0; i < ARRAY_SIZE(managers); i++) {
		if (!text_eq(managers[i].manager, f->package_manager))
			continue;
		if (managers[i].refresh)
			printf("%s\n", managers[i].refresh);
		printf("%s%s", managers[i].install, vendor ? managers[i].vendors : "");
	}
	for (unsigned i = 0; i < s->nitems; i++)
		put_package(f, s->items[i]);
	putchar('\n');
}

/* But for what the file says of its author. */
static void put_file(const struct step *s)
{
	const char *slash = strrchr(s->items[0], '/');

	printf("mkdir -p /%.*s\ncat >/%s <<'EOF'\n", (int)(slash - s->items[0]), s->items[0],
	       s->items[0]);
	for (const char *line = s->content; *line != '\0'; line += strcspn(line, "\n") + 1)
		if (line[0] != '#')
			printf("%.*s\n", (int)strcspn(line, "\n"), line);
	printf("EOF\n");
}

static const char *file_name(const struct plan *p)
{
	for (unsigned i = 0; i < p->nsteps; i++) {
		const char *slash = strrchr(p->steps[i].items[0], '/');

		if (p->steps[i].kind == STEP_DOWNLOAD && slash)
			return slash + 1;
	}
	return "";
}

static void put_download(const struct plan *p, const struct step *s)
{
	const char *digest = s->nitems > 1 ? strchr(s->items[1], ':') : NULL;

	printf("curl -fL --proto-redir =https -O %s\n", s->items[0]);
	if (digest)
		printf("echo '%s  %s' | sha256sum -c\n", digest + 1, file_name(p));
}

static void put_repository(const struct facts *f, const struct step *s)
{
	if (s->nitems == 1)
		printf(is_apt(f) ? "dpkg -i %s\n" : "rpm -U %s\n", s->items[0]);
	else
		printf("# the repository %s, its key %s\n", s->items[0], s->items[1]);
}

static void put_installer(const struct plan *p, const struct step *s)
{
	const char *file = file_name(p);
	size_t len = text_ends(file, ".tgz") ? strlen(file) - 4 : strlen(file);

	printf("tar xzf %s\ncd %.*s\n./mlnxofedinstall", file, (int)len, file);
	put_words(s, 2); /* behind the file and its version */
}

static void put_each(const char *command, const struct step *s)
{
	for (unsigned i = 0; i < s->nitems; i++)
		printf("%s %s\n", command, s->items[i]);
}

/* What only the program needs of what it does: units that run it, and looking before it ends. */
static bool is_by_hand(const struct step *s)
{
	switch (s->kind) {
	case STEP_PACKAGES:
	case STEP_MODULES:
	case STEP_DOWNLOAD:
	case STEP_REPOSITORY:
	case STEP_INSTALLER:
	case STEP_SERVICES:
	case STEP_BUILD:
	case STEP_MANAGER:
		return true;
	case STEP_FILE:
		return strstr(s->items[0], "ib-vmext-boot") == NULL;
	default:
		return false;
	}
}

static void put_commands(const struct facts *f, const struct plan *p, const struct step *s)
{
	switch (s->kind) {
	case STEP_PACKAGES:
		put_packages(f, p, s);
		break;
	case STEP_FILE:
		put_file(s);
		break;
	case STEP_MODULES:
		put_each("modprobe", s);
		break;
	case STEP_DOWNLOAD:
		put_download(p, s);
		break;
	case STEP_REPOSITORY:
		put_repository(f, s);
		break;
	case STEP_INSTALLER:
		put_installer(p, s);
		break;
	case STEP_BUILD:
		printf("dkms autoinstall\ndkms status\n");
		break;
	case STEP_MANAGER:
		printf("systemctl daemon-reexec\n");
		break;
	case STEP_SERVICES:
		put_each("systemctl enable", s);
		break;
	default:
		break;
	}
}

static void put_plan(const char *heading, const struct facts *f, const struct plan *p)
{
	unsigned n = 0;

	printf("\n## %s: %s%s%s\n\n%s %s, kernel %s (%s), %s. %s.\n", heading, p->decision.route,
	       p->decision.version[0] ? " " : "", p->decision.version, f->os.id, f->os.version,
	       f->kernel.release, f->kernel.machine, f->vm.size, p->decision.reason);
	for (unsigned i = 0; i < p->nsteps; i++) {
		const struct step *s = &p->steps[i];

		printf("\n%u. %c%s", ++n, toupper((unsigned char)s->what[0]), s->what + 1);
		if (!is_by_hand(s)) {
			printf(" (the program alone does this)\n");
			continue;
		}
		printf("\n\n```sh\n");
		put_commands(f, p, s);
		printf("```\n");
	}
	printf("\n%s\n", p->reboot ? "Restart the VM: until then the present driver stays."
				   : "No restart is needed.");
}

static int write_world(const char *dir, const char *world, const char *heading)
{
	static struct facts facts;
	static struct plan plan;
	struct settings settings;
	const struct probe_options options = { .metadata = true, .settings = &settings };
	struct error err = { 0 };
	char path[PATH_MAX];
	struct host h;
	int rc;

	settings_defaults(&settings);
	(void)TEXT_FORMAT(path, "%s/%s", dir, world);
	if (host_open_world(&h, path, NULL, &err) < 0) {
		fprintf(stderr, "manual-installation: %s\n", err.what);
		return -1;
	}
	rc = probe_facts(&h, &options, &facts, &err);
	host_close(&h);
	catalogue_classify(&catalogue_built_in, &facts);
	if (rc == 0)
		plan_build(&facts, &settings, &catalogue_built_in, &plan);
	if (rc < 0 || plan.decision.exit_code != 0 || plan.nsteps == 0) {
		fprintf(stderr, "manual-installation: %s: there is nothing to install\n", world);
		return -1;
	}
	put_plan(heading, &facts, &plan);
	return 0;
}

static const char head[] =
	"<!-- Made by tools/manual-installation from plans of tests/worlds: edit those. -->\n"
	"# Installing the driver by hand\n\n"
	"What `ib-vmext` would do on VMs of these kinds, as commands for a root shell, from the "
	"steps that `ib-vmext plan`\nshows. On a VM of another kind, size or kernel other steps "
	"are right: ask `ib-vmext plan` there. Nothing of what\nit refuses, warns of, checks "
	"beforehand or saves for `undo` is done by these commands, and IPoIB interfaces get no "
	"address:\n"
	"which one Azure has assigned, only the VM itself knows. Afterwards, on any of them:\n\n"
	"```sh\n"
	"ibstat\n"
	"```\n\n"
	"shows the ports: `State: Active`, `Link layer: InfiniBand`. `ib-vmext verify` proves "
	"more.\n";

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: manual-installation WORLDS\n");
		return 2;
	}
	fputs(head, stdout);
	for (size_t i = 0; i < ARRAY_SIZE(chosen); i++)
		if (write_world(argv[1], chosen[i].world, chosen[i].heading) < 0)
			return 1;
	return fflush(stdout) == 0 ? 0 : 1;
}
