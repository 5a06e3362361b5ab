/* tests/unit/act/packages.c - plays apt-get, dpkg, apt-mark, modprobe, depmod and udevadm on the
 * tree. */
#include "machine.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "crash.h"
#include "host/run.h"
#include "play.h"

#define STATUS "var/lib/dpkg/status"
#define AUTO   "var/lib/apt/extended_states"
/* What is known of a package whose control archive was just read. */
#define FRESH "var/lib/dpkg/tmp.ci"

enum { PACKAGES_MAX = 40 };

const struct archive_package archive_usual[] = {
	{ "libibumad3", "44.0-2", { NULL } },
	{ "libibverbs1", "44.0-2", { NULL } },
	{ "libnl-3-200", "3.7.0-0.2+b1", { NULL } },
	{ "ibverbs-providers", "44.0-2", { "libibverbs1" } },
	{ "infiniband-diags", "44.0-2", { "libibumad3" } },
	{ "perftest", "4.5+0.17-1", { "libibverbs1" } },
	{ "rdma-core", "44.0-2", { "libnl-3-200" } },
};
const size_t archive_usual_count = ARRAY_SIZE(archive_usual);

struct entry {
	char name[64], version[64], status[64];
};

struct database {
	struct entry at[PACKAGES_MAX];
	size_t count;
};

static void read_database(const struct host *h, struct database *db)
{
	AUTO_BUF struct buf text = { 0 };
	struct entry e;

	db->count = 0;
	assert_int_equal(fs_read(h->root, STATUS, 1 << 20, &text), 0);
	for (const char *p = buf_text(&text); *p; p = strstr(p, "\n\n") + 2) {
		assert_int_equal(sscanf(p, "Package: %63s\nStatus: %63[^\n]\nVersion: %63s", e.name,
					e.status, e.version),
				 3);
		db->at[db->count++] = e;
	}
}

/* Returns 0, or -errno of a full disk. */
static int write_database(const struct host *h, const struct database *db)
{
	AUTO_BUF struct buf text = { 0 };

	for (size_t i = 0; i < db->count; i++)
		assert_int_equal(buf_add_format(&text,
						"Package: %s\nStatus: %s\nVersion: %s\n"
						"Architecture: amd64\n\n",
						db->at[i].name, db->at[i].status,
						db->at[i].version),
				 0);
	return fs_replace(h->root, STATUS, buf_text(&text), text.len, 0644);
}

/* Of the package in "name", "name:arch", "name=version" or "name_version_arch.deb". */
static size_t name_length(const char *text)
{
	size_t n = 0;

	while (text[n] && !strchr(":=", text[n]) &&
	       !(text[n] == '_' && text[n + 1] >= '0' && text[n + 1] <= '9'))
		n++;
	return n;
}

static struct entry *find(struct database *db, const char *name)
{
	for (size_t i = 0; i < db->count; i++)
		if (strncmp(db->at[i].name, name, name_length(name)) == 0 &&
		    strlen(db->at[i].name) == name_length(name))
			return &db->at[i];
	return NULL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

/* As dpkg does: one write of the database for each change of a state. */
static int set_state(const struct host *h, const char *name, const char *version,
		     const char *status)
{
	struct database db;
	struct entry *e;

	read_database(h, &db);
	e = find(&db, name);
	if (!e) {
		e = &db.at[db.count++];
		TEXT_FORMAT(e->name, "%.*s", (int)name_length(name), name);
	}
	TEXT_COPY(e->version, version);
	TEXT_COPY(e->status, status ? status : "");
	if (!status)
		*e = db.at[--db.count];
	qsort(db.at, db.count, sizeof(db.at[0]), by_name);
	return write_database(h, &db);
}

void packages_put(const struct machine *m, const char *name, const char *version,
		  const char *status)
{
	char path[200];

	assert_int_equal(set_state(&m->host, name, version, status), 0);
	TEXT_FORMAT(path, "usr/share/%s", name);
	machine_put(m, path, version);
}

void packages_state(const struct machine *m, const char *name, char *ret, size_t size)
{
	struct database db;
	const struct entry *e;

	read_database(&m->host, &db);
	e = find(&db, name);
	text_copy(ret, size, "");
	if (e)
		text_format(ret, size, "%s %s", strrchr(e->status, ' ') + 1, e->version);
}

static bool is_installed(const struct entry *e)
{
	return e && text_eq(e->status, "install ok installed");
}

/* In whatever state, but for configuration that was left. */
static bool is_there(const struct entry *e)
{
	return e && !text_ends(e->status, "config-files");
}

/* Of the vendor's repository first, while it is there. */
static const struct archive_package *in_archive(const struct machine *m, const char *name)
{
	const struct archive_package *found = NULL;
	char host[96] = "";

	(void)vendor_host(m, host, sizeof(host));
	for (size_t i = 0; i < m->narchive; i++) {
		const struct archive_package *p = &m->archive[i];

		if (strncmp(p->name, name, strcspn(name, "=:")) != 0 ||
		    strlen(p->name) != strcspn(name, "=:") || (p->host && !text_eq(p->host, host)))
			continue;
		if (!found || p->host)
			found = p;
	}
	return found;
}

static int say(struct buf *into, const char *text)
{
	assert_int_equal(buf_add_text(into, text), 0);
	return 0;
}

int play_complain(const struct answer *a, const char *text)
{
	a->r->code = 100;
	say(&a->r->err, text);
	return -1;
}

static int disk_full(const struct answer *a)
{
	return play_complain(a,
			     "dpkg: error processing archive x.deb (--unpack):\n"
			     " cannot copy extracted data: failed to write (No space left on "
			     "device)\nE: Sub-process /usr/bin/dpkg returned an error code (1)\n");
}

/* dpkg unpacks each file beside its place. What it has not put there yet, no list of its has. */
static int file_of(const struct answer *a, const char *name, const char *version)
{
	char path[200], fresh[216];

	TEXT_FORMAT(path, "usr/share/%.*s", (int)name_length(name), name);
	TEXT_FORMAT(fresh, "%s.dpkg-new", path);
	if (!version)
		return fs_remove(a->h->root, path);
	if (fs_replace(a->h->root, fresh, version, strlen(version), 0644) < 0)
		return -1;
	return renameat(a->h->root, fresh, a->h->root, path);
}

/* Unpack and configure; interrupted anywhere it leaves what dpkg leaves. */
int play_unpack(const struct answer *a, const char *name, const char *version)
{
	struct database db;
	const struct entry *e;

	read_database(a->h, &db);
	e = find(&db, name);
	if (is_there(e) && !text_eq(e->version, version) &&
	    vendor_removed(a->m, e->name, e->version) < 0)
		return disk_full(a);
	if (fs_remove(a->h->root, FRESH) < 0 || fs_make_dirs(a->h->root, FRESH, 0755) < 0 ||
	    fs_replace(a->h->root, FRESH "/control", version, strlen(version), 0644) < 0 ||
	    set_state(a->h, name, version, "install reinstreq half-installed") < 0 ||
	    file_of(a, name, version) < 0 || vendor_unpacked(a->m, name, version) < 0 ||
	    fs_remove(a->h->root, FRESH) < 0 ||
	    set_state(a->h, name, version, "install ok unpacked") < 0)
		return disk_full(a);
	return 0;
}

int play_configure(const struct answer *a, const char *name, const char *version)
{
	if (vendor_configured(a->m, name, version) < 0)
		return disk_full(a);
	return set_state(a->h, name, version, "install ok installed") < 0 ? disk_full(a) : 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The list of what is automatic, in order. */
static int mark_auto(const struct answer *a, const char *name, bool automatic)
{
	AUTO_BUF struct buf text = { 0 }, now = { 0 };
	char *lines[PACKAGES_MAX], copy[64];
	size_t n = 0;

	TEXT_COPY(copy, name);
	assert_int_equal(fs_read(a->h->root, AUTO, 1 << 20, &text), 0);
	for (char *save = NULL, *line = strtok_r(text.data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (!text_eq(line, name))
			lines[n++] = line;
	if (automatic)
		lines[n++] = copy;
	qsort(lines, n, sizeof(lines[0]), by_text);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(buf_add_format(&now, "%s\n", lines[i]), 0);
	return fs_replace(a->h->root, AUTO, buf_text(&now), now.len, 0644) < 0 ? disk_full(a) : 0;
}

static bool is_auto(const struct host *h, const char *name)
{
	AUTO_BUF struct buf text = { 0 };
	char line[80];

	TEXT_FORMAT(line, "%s\n", name);
	assert_int_equal(fs_read(h->root, AUTO, 1 << 20, &text), 0);
	return strstr(buf_text(&text), line) != NULL;
}

void packages_list_auto(const struct machine *m, struct buf *ret)
{
	struct database db;

	read_database(&m->host, &db);
	for (size_t i = 0; i < db.count; i++)
		if (is_there(&db.at[i]) && is_auto(&m->host, db.at[i].name))
			assert_int_equal(buf_add_format(ret, "auto %s\n", db.at[i].name), 0);
}

/* What has to be installed for the names, dependencies first. */
struct closure {
	const struct archive_package *at[PACKAGES_MAX];
	bool asked[PACKAGES_MAX];
	size_t count;
};

static int close_over(const struct answer *a, struct database *db, const char *name, bool asked,
		      struct closure *c)
{
	const struct archive_package *p = in_archive(a->m, name);
	const struct entry *e = find(db, name);
	char text[160];

	if (!p) {
		TEXT_FORMAT(text, "E: Unable to locate package %s\n", name);
		return play_complain(a, text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(p->needs) && p->needs[i]; i++)
		if (close_over(a, db, p->needs[i], false, c) < 0)
			return -1;
	if (is_installed(e) && (text_eq(e->version, p->version)))
		return 0;
	for (size_t i = 0; i < c->count; i++)
		if (c->at[i] == p)
			return 0;
	c->asked[c->count] = asked;
	c->at[c->count++] = p;
	return 0;
}

static int show(const struct answer *a, struct database *db, const struct closure *c)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct entry *e = find(db, c->at[i]->name);
		char old[80] = "";

		if (is_there(e))
			TEXT_FORMAT(old, "[%s] ", e->version);
		assert_int_equal(buf_add_format(&a->r->out,
						"Inst %s %s(%s Debian:12.15/oldstable [amd64])\n",
						c->at[i]->name, old, c->at[i]->version),
				 0);
	}
	return 0;
}

static int download(const struct answer *a, const struct closure *c)
{
	char path[300];

	for (size_t i = 0; i < c->count; i++) {
		TEXT_FORMAT(path, "var/cache/apt/archives/%s_%s_amd64.deb", c->at[i]->name,
			    c->at[i]->version);
		if (fs_replace(a->h->root, path, "deb", 3, 0644) < 0)
			return disk_full(a);
	}
	return 0;
}

static int install_all(const struct answer *a, const struct closure *c)
{
	/* As apt does it: the marks before the packages. */
	for (size_t i = 0; i < c->count; i++)
		if (!c->asked[i] && mark_auto(a, c->at[i]->name, true) < 0)
			return -1;
	for (size_t i = 0; i < c->count; i++)
		if (play_unpack(a, c->at[i]->name, c->at[i]->version) < 0)
			return -1;
	for (size_t i = 0; i < c->count; i++)
		if (play_configure(a, c->at[i]->name, c->at[i]->version) < 0)
			return -1;
	return 0;
}

/* "apt-get ... --reinstall ... install name=version": of what is installed now. */
static int reinstall(const struct answer *a, const char *name, const char *archives, bool only)
{
	const struct archive_package *p = in_archive(a->m, name);
	const char *version = strchr(name, '=');
	char path[300];

	if (!p || (version && !text_eq(p->version, version + 1)))
		return play_complain(a, "E: Version '44.0-1' for 'libibverbs1' was not found\n");
	if (!only) /* what is named is wanted: apt marks it so */
		return mark_auto(a, p->name, false) < 0 || play_unpack(a, p->name, p->version) < 0
			       ? -1
			       : play_configure(a, p->name, p->version);
	if (!archives)
		return 0;
	TEXT_FORMAT(path, "%s%s_%s_amd64.deb", archives + (archives[0] == '/'), p->name,
		    p->version);
	return fs_replace(a->h->root, path, "deb", 3, 0644) < 0 ? disk_full(a) : 0;
}

struct options {
	bool simulate, download, again, fix, update, remove;
	const char *archives;
	const char *names[PACKAGES_MAX];
	size_t count;
};

static void read_options(const char *const *argv, struct options *o)
{
	static const char archives[] = "Dir::Cache::archives=";
	bool names = false;

	*o = (struct options) { 0 };
	for (argv++; *argv; argv++) {
		o->simulate |= text_eq(*argv, "-s");
		o->download |= text_eq(*argv, "--download-only");
		o->again |= text_eq(*argv, "--reinstall");
		o->fix |= text_eq(*argv, "-f");
		o->update |= text_eq(*argv, "update");
		if (text_starts(*argv, archives))
			o->archives = *argv + strlen(archives);
		if (names)
			o->names[o->count++] = *argv;
		o->remove |= text_eq(*argv, "remove");
		names |= text_eq(*argv, "install") || text_eq(*argv, "remove");
	}
}

/* What is installed and needs one of those that go. */
static bool needs_one(const struct answer *a, const char *name, const struct options *o)
{
	const struct archive_package *p = in_archive(a->m, name);

	for (size_t i = 0; p && i < ARRAY_SIZE(p->needs) && p->needs[i]; i++)
		for (size_t k = 0; k < o->count; k++)
			if (text_eq(p->needs[i], o->names[k]))
				return true;
	return false;
}

static int show_removal(const struct answer *a, struct database *db, const struct options *o)
{
	for (size_t i = 0; i < db->count; i++) {
		bool goes = needs_one(a, db->at[i].name, o);

		for (size_t k = 0; k < o->count; k++)
			goes |= text_eq(o->names[k], db->at[i].name);
		if (goes && is_there(&db->at[i]))
			assert_int_equal(buf_add_format(&a->r->out, "Remv %s [%s]\n",
							db->at[i].name, db->at[i].version),
					 0);
	}
	return 0;
}

static int refuse_broken(const struct answer *a, struct database *db, const struct options *o)
{
	for (size_t i = 0; i < db->count; i++)
		if (text_ends(db->at[i].status, "half-installed") && !o->again)
			return play_complain(
				a, "E: The package x needs to be reinstalled, but I can't "
				   "find an archive for it.\n");
	return 0;
}

static int apt_get(const struct answer *a, const char *const *argv)
{
	struct closure c = { .count = 0 };
	struct options o;
	struct database db;

	for (const char *const *word = argv; *word; word++)
		if (text_eq(*word, "--print-uris"))
			return 0;
	read_options(argv, &o);
	read_database(a->h, &db);
	if (o.update)
		return 0;
	if (o.remove)
		return show_removal(a, &db, &o);
	if (!o.simulate && !o.download && refuse_broken(a, &db, &o) < 0)
		return -1;
	if (o.again) {
		for (size_t i = 0; i < o.count; i++)
			if (reinstall(a, o.names[i], o.archives, o.simulate || o.download) < 0)
				return -1;
		return 0;
	}
	for (size_t i = 0; i < o.count; i++)
		if (close_over(a, &db, o.names[i], true, &c) < 0)
			return -1;
	if (o.simulate)
		return show(a, &db, &c);
	return o.download ? download(a, &c) : install_all(a, &c);
}

int play_purge(const struct answer *a, const char *name, bool keep_config)
{
	struct database db;
	struct entry e;

	read_database(a->h, &db);
	if (!find(&db, name))
		return 0;
	e = *find(&db, name);
	if (!text_ends(e.status, "config-files") &&
	    (set_state(a->h, name, e.version, "deinstall reinstreq half-installed") < 0 ||
	     vendor_removed(a->m, e.name, e.version) < 0 || file_of(a, name, NULL) < 0 ||
	     mlnx_package_goes(a, e.name) < 0 || mark_auto(a, e.name, false) < 0))
		return disk_full(a);
	if (set_state(a->h, name, e.version, keep_config ? "deinstall ok config-files" : NULL) < 0)
		return disk_full(a);
	return 0;
}

static int configure_all(const struct answer *a)
{
	struct database db;

	read_database(a->h, &db);
	for (size_t i = 0; i < db.count; i++) {
		if (text_ends(db.at[i].status, "unpacked") &&
		    play_configure(a, db.at[i].name, db.at[i].version) < 0)
			return -1;
		if (text_ends(db.at[i].status, "half-installed"))
			(void)play_complain(a, "dpkg: error processing package x (--configure):\n"
					       " package is in a very bad inconsistent state\n");
	}
	return 0;
}

static int install_file(const struct answer *a, const char *path, bool configure)
{
	const char *name = strrchr(path, '/') + 1, *version = strchr(name, '_') + 1;
	char text[64];

	TEXT_FORMAT(text, "%.*s", (int)strcspn(version, "_"), version);
	if (play_unpack(a, name, text) < 0)
		return -1;
	return configure ? play_configure(a, name, text) : 0;
}

static int dpkg(const struct answer *a, const char *const *argv)
{
	const char *verb = NULL;

	for (argv++; *argv; argv++) {
		if (text_starts(*argv, "--force-"))
			continue;
		if (!verb)
			verb = *argv;
		else if (text_eq(verb, "--purge") && play_purge(a, *argv, false) < 0)
			return -1;
		else if (text_eq(verb, "--remove") && play_purge(a, *argv, true) < 0)
			return -1;
		else if (text_eq(verb, "--install") && install_file(a, *argv, true) < 0)
			return -1;
		else if (text_eq(verb, "--unpack") && install_file(a, *argv, false) < 0)
			return -1;
		else if (text_eq(verb, "--configure"))
			return configure_all(a);
	}
	return 0;
}

static char letter(const char *status)
{
	static const struct {
		const char *end;
		char letter;
	} rows[] = { { " installed", 'i' },
		     { "unpacked", 'U' },
		     { "half-installed", 'H' },
		     { "config-files", 'c' } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (text_ends(status, rows[i].end))
			return rows[i].letter;
	return 'n';
}

static int dpkg_query(const struct answer *a, const char *const *argv)
{
	struct database db;

	if (text_eq(argv[1], "--listfiles"))
		return vendor_list(a->m, argv, a->r);
	if (text_eq(argv[1], "--search"))
		return play_complain(a, "dpkg-query: no path found matching pattern\n");
	read_database(a->h, &db);
	for (size_t i = 0; i < db.count; i++) {
		const struct entry *e = &db.at[i];

		assert_int_equal(buf_add_format(&a->r->out, "%c%c%c%s:amd64 %s\n", e->status[0],
						letter(e->status),
						strstr(e->status, "reinstreq") ? 'R' : ' ', e->name,
						e->version),
				 0);
	}
	return 0;
}

static int apt_mark(const struct answer *a, const char *const *argv)
{
	struct database db;

	read_database(a->h, &db);
	for (const char *const *name = argv + 2; *name; name++) {
		if (!is_there(find(&db, *name)))
			continue;
		if (text_eq(argv[1], "manual") || text_eq(argv[1], "auto")) {
			if (mark_auto(a, *name, text_eq(argv[1], "auto")) < 0)
				return -1;
		} else if (is_auto(a->h, *name) == text_eq(argv[1], "showauto")) {
			assert_int_equal(buf_add_format(&a->r->out, "%s\n", *name), 0);
		}
	}
	return 0;
}

void machine_show_port(const struct machine *m)
{
	static const struct {
		const char *name, *text;
	} attributes[] = { { "link_layer", "InfiniBand\n" },
			   { "rate", "200 Gb/sec (4X HDR)\n" },
			   { "lid", "0x3be\n" },
			   { "sm_lid", "0x225\n" },
			   { "pkeys/0", "0x800a\n" } };
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
		TEXT_FORMAT(path, "sys/class/infiniband/mlx5_0/ports/1/%s", attributes[i].name);
		machine_put(m, path, attributes[i].text);
	}
	machine_put(m, "sys/class/infiniband/mlx5_0/ports/1/phys_state",
		    m->ports_down ? "2: Polling\n" : "5: LinkUp\n");
	machine_put(m, "sys/class/infiniband/mlx5_0/ports/1/state",
		    m->ports_down ? "1: DOWN\n" : "4: ACTIVE\n");
	(void)!symlinkat("../../../bus/pci/devices/0101:00:00.0", m->host.root,
			 "sys/class/infiniband/mlx5_0/device");
}

static int modprobe(const struct answer *a, const char *const *argv)
{
	AUTO_BUF struct buf text = { 0 };
	const char *name = argv[3];

	assert_string_equal(argv[1], "-S");
	crash_pause(); /* the kernel is not killed with us */
	if (text_eq(name, "mlx5_ib") && a->m->adapter_goes)
		assert_int_equal(fs_remove(a->m->host.root, "sys/bus/pci/devices/0101:00:00.0"), 0);
	else if (text_eq(name, "mlx5_ib") && !a->m->driver_dead)
		machine_show_port(a->m);
	machine_text(a->m, "proc/modules", &text);
	assert_int_equal(buf_add_format(&text, "%s 65536 0 - Live 0x0\n", name), 0);
	machine_put(a->m, "proc/modules", text.data);
	crash_resume();
	return 0;
}

struct index {
	const struct host *h;
	struct buf lines;
};

static int index_add(void *ctx, const char *name)
{
	struct index *i = ctx;

	if (text_ends(name, ".ko"))
		assert_int_equal(buf_add_format(&i->lines, "updates/dkms/%s:\n", name), 0);
	return 0;
}

/* Indexes what lies in updates/dkms, before what the kernel has. */
int play_depmod(const struct answer *a, const char *const *argv)
{
	struct index i = { .h = a->h };
	AUTO_BUF struct buf former = { 0 };
	char path[160];
	int rc;

	assert_string_equal(argv[1], "-a");
	TEXT_FORMAT(path, "lib/modules/%s/updates/dkms", argv[2]);
	(void)!fs_list(a->h->root, path, index_add, &i);
	TEXT_FORMAT(path, "lib/modules/%s/modules.dep", argv[2]);
	machine_text(a->m, path, &former);
	for (const char *p = buf_text(&former), *end; (end = strchr(p, '\n')) != NULL; p = end + 1)
		if (!text_starts(p, "updates/"))
			assert_int_equal(buf_add(&i.lines, p, (size_t)(end + 1 - p)), 0);
	rc = fs_replace(a->h->root, path, i.lines.data, i.lines.len, 0644);
	buf_free(&i.lines);
	return rc < 0 ? play_complain(a, "depmod: cannot write\n") : 0;
}

static int succeed(const struct answer *a, const char *const *argv)
{
	(void)a;
	(void)argv;
	return 0;
}

static int dkms(const struct answer *a, const char *const *argv)
{
	return vendor_dkms(a->m, argv, a->r);
}

static int dpkg_deb(const struct answer *a, const char *const *argv)
{
	return vendor_dpkg_deb(a->m, argv, a->r);
}

static int modinfo(const struct answer *a, const char *const *argv)
{
	return vendor_modinfo(a->m, argv, a->r);
}

static int systemctl(const struct answer *a, const char *const *argv)
{
	for (; *argv; argv++)
		a->m->restarts += text_eq(*argv, "reboot");
	return 0;
}

/* It changes nothing: the real one. */
static int sha1sum(const struct answer *a, const char *const *argv)
{
	struct run_spec spec = { .argv = argv, .deadline_s = 60 };

	return runner_real.run(a->h, &spec, a->r, NULL);
}

static const struct {
	const char *name;
	int (*run)(const struct answer *a, const char *const *argv);
} programs[] = {
	{ "sha1sum", sha1sum },
	{ "apt-get", apt_get },
	{ "dpkg", dpkg },
	{ "dpkg-query", dpkg_query },
	{ "apt-mark", apt_mark },
	{ "modprobe", modprobe },
	{ "depmod", play_depmod },
	{ "udevadm", succeed },
	{ "systemctl", systemctl },
	{ "dkms", dkms },
	{ "dpkg-deb", dpkg_deb },
	{ "modinfo", modinfo },
	{ "systemd-run", succeed },
	{ "tar", mlnx_tar },
	{ "mlnxofedinstall", mlnx_install },
	{ "ofed_info", mlnx_info },
	{ "/usr/sbin/ofed_uninstall.sh", mlnx_uninstall },
	{ "/usr/libexec/ib-vmext/" IB_VMEXT_VERSION "/ib-vmext", succeed },
};

/* Does one of the upsets strike? */
static bool is_upset(const struct answer *a, const char *const *argv, bool after)
{
	AUTO_BUF struct buf line = { 0 };

	for (; *argv; argv++)
		assert_int_equal(buf_add_format(&line, "%s ", *argv), 0);
	for (size_t i = 0; i < ARRAY_SIZE(a->m->upsets); i++) {
		struct upset *u = &a->m->upsets[i];

		if (!u->command || u->after != after || u->times == 0 ||
		    !strstr(line.data, u->command))
			continue;
		u->times -= u->times > 0;
		(void)play_complain(a, u->err);
		return true;
	}
	return false;
}

static int machine_run(const struct host *h, const struct run_spec *spec, struct run_result *ret,
		       struct error *err)
{
	struct answer a = { (struct machine *)((char *)h - offsetof(struct machine, host)), h,
			    ret };

	(void)err;
	a.m->nruns++;
	a.m->clock.now_ms += 100;
	ret->end = RUN_NOT_FOUND;
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		const char *name = spec->argv[0];

		if (text_ends(name, "/mlnxofedinstall"))
			name = "mlnxofedinstall";
		if (text_ends(name, "/uninstall.sh"))
			name = "/usr/sbin/ofed_uninstall.sh";
		if (!text_eq(programs[i].name, name))
			continue;
		ret->end = RUN_EXITED;
		if (!is_upset(&a, spec->argv, false) && programs[i].run(&a, spec->argv) == 0)
			(void)is_upset(&a, spec->argv, true);
	}
	return 0;
}

const struct runner machine_runner = { .run = machine_run };
