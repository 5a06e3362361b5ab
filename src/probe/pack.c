/* probe/pack.c - looks for packs of prebuilt modules, and at what the kernel is that they must fit.
 */
#include "probe/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/digest.h"
#include "base/minisig.h"
#include "base/text.h"
#include "base/url.h"
#include "facts/settings.h"
#include "facts/trusted.h"
#include "host/host.h"
#include "probe/modinfo.h"
#include "probe/pack_file.h"
#include "probe/slice.h"

enum { VERSION_MAX = 4096, LOOKED_AT_MAX = 512, PATH_SIZE = 512, NOTES_BYTES_MAX = 256 << 10 };

/* The kernel. */

/* What stands between this '(' and its ')'; *rest moves behind it. */
static bool take_group(struct slice *rest, struct slice *ret)
{
	unsigned depth = 0;

	*rest = slice_trim(*rest);
	if (rest->len == 0 || rest->text[0] != '(')
		return false;
	for (size_t i = 0; i < rest->len; i++) {
		depth += rest->text[i] == '(';
		depth -= rest->text[i] == ')';
		if (depth > 0)
			continue;
		*ret = slice_trim((struct slice) { rest->text + 1, i - 1 });
		*rest = (struct slice) { rest->text + i + 1, rest->len - i - 1 };
		return true;
	}
	return false;
}

int pack_parse_version(const char *text, const char *release, struct pack_target *ret)
{
	struct slice rest = { text, strlen(text) }, who, compiler, word;

	if (!slice_word(&rest, &word) || !slice_eq(word, "Linux") || !slice_word(&rest, &word) ||
	    !slice_eq(word, "version") || !slice_word(&rest, &word) || !slice_eq(word, release))
		return -EINVAL;
	if (!take_group(&rest, &who) || !take_group(&rest, &compiler) ||
	    compiler.len >= sizeof ret->compiler)
		return -EINVAL;
	SLICE_COPY(compiler, ret->compiler);
	SLICE_COPY(slice_trim(rest), ret->build);
	return 0;
}

static void digest_file(const struct host *h, const char *path, char *ret)
{
	AUTO_FD int fd = host_open(h, path, O_NONBLOCK);

	if (fd >= 0 && digest_of_fd(fd, ret) < 0)
		ret[0] = '\0';
}

/* Of a module of the stack whose file is not compressed: they are all built alike. */
static void read_vermagic(const struct host *h, const struct facts *f, struct pack_target *ret)
{
	char path[PATH_SIZE];

	for (unsigned i = 0; i < f->nmodules && ret->vermagic[0] == '\0'; i++) {
		const struct module_facts *m = &f->modules[i];

		if (!text_ends(m->path, ".ko"))
			continue;
		(void)TEXT_FORMAT(path, "lib/modules/%s/%s", ret->release, m->path);
		modinfo_read_value(h, path, "vermagic", ret->vermagic, sizeof ret->vermagic);
	}
}

void pack_target_read(const struct host *h, const struct facts *f, struct pack_target *ret)
{
	AUTO_BUF struct buf version = { .max = VERSION_MAX };
	char path[PATH_SIZE];

	*ret = (struct pack_target) { 0 };
	(void)TEXT_COPY(ret->os_id, f->os.id);
	(void)TEXT_COPY(ret->os_version, f->os.version);
	(void)TEXT_COPY(ret->arch, f->kernel.machine);
	(void)TEXT_COPY(ret->release, f->kernel.release);
	if (ret->release[0] == '\0')
		return;
	if (host_read(h, "proc/version", VERSION_MAX, &version) == 0)
		(void)pack_parse_version(buf_text(&version), ret->release, ret);
	read_vermagic(h, f, ret);
	(void)TEXT_FORMAT(path, "boot/config-%s", ret->release);
	digest_file(h, path, ret->config);
	(void)TEXT_FORMAT(path, "lib/modules/%s/build/Module.symvers", ret->release);
	digest_file(h, path, ret->symvers);
}

/* Packs. */

bool pack_is_remote(const struct settings *s)
{
	return text_starts(s->prebuilt, "https://") || text_starts(s->prebuilt, "http://");
}

const char *pack_dir(const struct settings *s)
{
	if (s == NULL || s->prebuilt[0] == '\0')
		return NULL;
	if (s->prebuilt[0] == '/')
		return s->prebuilt + 1;
	return strstr(s->prebuilt, "://") != NULL ? PACKS_DIR : NULL;
}

static void take_manifest(const struct pack *p, struct pack_facts *ret)
{
	ret->driver = p->driver;
	(void)TEXT_COPY(ret->version, p->version);
	(void)TEXT_COPY(ret->kernel, p->target.release);
	ret->nmodules = p->nfiles;
	ret->bytes = pack_bytes(p);
	ret->modules_signed = pack_modules_signed(p) ? TRI_YES : TRI_NO;
}

static void judge_bytes(int fd, const struct buf *signature, const struct pack *p,
			const struct trusted_keys *keys, struct pack_facts *ret)
{
	bool is_signed = pack_file_verify(fd, signature, keys, ret->why, sizeof ret->why) == 0;

	ret->is_signed = is_signed ? TRI_YES : TRI_NO;
	ret->fits = is_signed && pack_file_check(fd, p, ret->why, sizeof ret->why) == 0;
}

void pack_judge(int fd, const struct buf *signature, const struct pack_target *machine,
		const struct trusted_keys *keys, struct pack_facts *ret)
{
	AUTO_FREE struct pack *p = calloc(1, sizeof *p);

	ret->fits = false;
	if (p == NULL) {
		(void)TEXT_COPY(ret->why, "there is no memory to read it");
		return;
	}
	if (pack_file_read(fd, p, ret->why, sizeof ret->why) < 0)
		return;
	take_manifest(p, ret);
	/* All of it is read only where it may be used. */
	if (pack_fits(&p->target, machine, ret->why, sizeof ret->why))
		judge_bytes(fd, signature, p, keys, ret);
}

struct looking {
	const struct host *host;
	const char *dir;
	struct pack_target machine;
	struct trusted_keys keys;
	struct facts *facts;
	unsigned seen;
};

/* Where there is no room for all, those that fit stay. */
static void add(struct facts *f, const struct pack_facts *p)
{
	if (f->npacks < FACTS_PACKS_MAX) {
		f->packs[f->npacks++] = *p;
		return;
	}
	for (unsigned i = f->npacks; p->fits && i-- > 0;)
		if (!f->packs[i].fits) {
			f->packs[i] = *p;
			return;
		}
}

static void look_at(struct looking *l, const char *name)
{
	AUTO_BUF struct buf signature = { .max = MINISIG_BYTES_MAX };
	struct pack_facts p = { 0 };
	char path[PATH_SIZE];
	AUTO_FD int fd = -1;

	slice_copy((struct slice) { name, strlen(name) }, p.file, sizeof p.file);
	if (!text_eq(p.file, name) || TEXT_FORMAT(p.path, "/%s/%s", l->dir, name) < 0)
		return; /* no name of ours, or too long to be told */
	(void)TEXT_FORMAT(path, "%s.minisig", p.path + 1);
	(void)!host_read(l->host, path, MINISIG_BYTES_MAX, &signature);
	fd = host_open(l->host, p.path + 1, O_NONBLOCK);
	if (fd < 0)
		(void)TEXT_COPY(p.why, "it cannot be read");
	else
		pack_judge(fd, &signature, &l->machine, &l->keys, &p);
	add(l->facts, &p);
}

static int take_name(void *ctx, const char *name)
{
	struct looking *l = ctx;

	if (pack_is_name(name) && l->seen++ < LOOKED_AT_MAX)
		look_at(l, name);
	return 0;
}

static bool is_known(const struct facts *f, const char *file)
{
	for (unsigned i = 0; i < f->npacks; i++)
		if (text_eq(f->packs[i].file, file))
			return true;
	return false;
}

/* What was left where it lies. */
static void read_notes(struct looking *l, const struct settings *s)
{
	AUTO_BUF struct buf text = { .max = NOTES_BYTES_MAX };
	AUTO_JSON json_t *j = NULL;
	const json_t *packs;
	char from[300];

	if (host_read(l->host, PACK_NOTES, NOTES_BYTES_MAX, &text) == 0)
		j = json_parse(buf_text(&text), text.len, NULL, 0);
	url_show(s->prebuilt, from, sizeof from);
	if (!text_eq(json_text_at(j, "schema", ""), PACK_NOTES_SCHEMA) ||
	    !text_eq(json_text_at(j, "from", ""), from))
		return;
	(void)TEXT_COPY(l->facts->packs_why, json_text_at(j, "why", ""));
	packs = json_object_get(j, "packs");
	for (size_t i = 0; i < json_array_size(packs); i++) {
		const json_t *one = json_array_get(packs, i);
		struct pack_facts p = { 0 };

		(void)TEXT_COPY(p.file, json_text_at(one, "file", ""));
		(void)TEXT_COPY(p.version, json_text_at(one, "version", ""));
		(void)TEXT_COPY(p.kernel, json_text_at(one, "kernel", ""));
		(void)TEXT_COPY(p.why, json_text_at(one, "why", ""));
		if (pack_is_name(p.file) && !is_known(l->facts, p.file))
			add(l->facts, &p);
	}
}

void pack_read(const struct host *h, const struct settings *s, struct facts *ret)
{
	struct looking l = { .host = h, .dir = pack_dir(s), .facts = ret };

	ret->npacks = 0;
	ret->packs_why[0] = '\0';
	if (l.dir == NULL || trusted_read(s, &l.keys, NULL) < 0)
		return;
	pack_target_read(h, ret, &l.machine);
	(void)!host_list(h, l.dir, take_name, &l);
	if (pack_is_remote(s))
		read_notes(&l, s);
}
