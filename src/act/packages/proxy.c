/* act/packages/proxy.c - a file for each kind of package manager, there while it runs. */
#include "act/packages/proxy.h"

#include <errno.h>
#include <string.h>

#include "act/apt/call.h"
#include "act/command.h"
#include "act/bundle/offline.h"
#include "act/fetch/proxy.h"
#include "act/rpm/local.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "facts/settings.h"
#include "host/host.h"
#include "host/run.h"

#define FILE_PATH   PACKAGE_PROXY_DIR "/config"
#define LOCAL_DIR   OFFLINE_DIR "/local"
#define CURLRC_PATH PACKAGE_PROXY_DIR "/.curlrc"

/* Any host of which noProxy says nothing: which repository will be asked is not known here. */
#define ANY_HOST "https://repository.invalid/"

enum { OWN_BYTES_MAX = 1 << 20, ENV_MAX = 16 };

static const struct tool {
	const char *program;
	const char *own; /* its own configuration, of which ours is a copy; NULL: ours is added */
} tools[] = {
	{ "apt-get", NULL },       { "dnf", "etc/dnf/dnf.conf" },
	{ "yum", "etc/yum.conf" }, { "tdnf", "etc/tdnf/tdnf.conf" },
	{ "zypper", NULL },
};

/* Of an owner's configuration: lines that would stand beside ours. */
static const char *const of_proxy[] = { "proxy", NULL };
static const char *const of_sources[] = { "proxy", "reposdir", "repodir", "cachedir", NULL };

static const struct tool *tool_of(const char *program)
{
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++)
		if (text_eq(tools[i].program, program))
			return &tools[i];
	return NULL;
}

/* What is percent-encoded needs no escape between quotes. */
int package_proxy_apt(const struct proxy *p, struct buf *ret)
{
	char url[1600];

	if (proxy_with_user(p, url, sizeof url) < 0)
		return -ENAMETOOLONG;
	return buf_add_format(ret,
			      "Acquire::http::Proxy \"%s\";\nAcquire::https::Proxy \"%s\";\n"
			      "Acquire::http::Proxy-Auto-Detect \"\";\n",
			      url, url);
}

static int ini_lines(const struct proxy *p, struct buf *ret)
{
	int rc = buf_add_format(ret, "proxy=%s\n", p->url);

	if (rc == 0 && p->user[0] != '\0')
		rc = buf_add_format(ret, "proxy_username=%s\nproxy_password=%s\n", p->user,
				    p->password);
	return rc;
}

static bool begins_with_one(const char *line, const char *const *starts)
{
	for (; *starts != NULL; starts++)
		if (text_starts(line, *starts))
			return true;
	return false;
}

/* The configuration `own` with `lines` in its [main] and without those that begin as `without`
 * says; `main_only`: repositories that stand in it are left out. */
static int ini_with(const struct buf *lines, const char *own, const char *const *without,
		    bool main_only, struct buf *ret)
{
	bool done = false, kept = true;
	int rc = 0;

	while (rc == 0 && *own != '\0') {
		size_t len = strcspn(own, "\n");

		len += own[len] == '\n';
		if (own[0] == '[')
			kept = !main_only || text_starts(own, "[main]");
		if (kept && !begins_with_one(own, without))
			rc = buf_add(ret, own, len);
		if (rc == 0 && !done && text_starts(own, "[main]")) {
			rc = own[len - 1] == '\n' ? 0 : buf_add_text(ret, "\n");
			rc = rc < 0 ? rc : buf_add(ret, lines->data, lines->len);
			done = true;
		}
		own += len;
	}
	if (rc == 0 && !done)
		rc = buf_add_text(ret, "\n[main]\n");
	return rc == 0 && !done ? buf_add(ret, lines->data, lines->len) : rc;
}

int package_proxy_ini(const struct proxy *p, const char *own, struct buf *ret)
{
	AUTO_BUF struct buf lines = { 0 };
	int rc = ini_lines(p, &lines);

	rc = rc < 0 ? rc : ini_with(&lines, own, of_proxy, false, ret);
	if (lines.data != NULL)
		explicit_bzero(lines.data, lines.len);
	return rc;
}

static int local_ini(const char *own, struct buf *ret)
{
	AUTO_BUF struct buf lines = { 0 };
	int rc = rpm_local_config(LOCAL_DIR, &lines);

	return rc < 0 ? rc : ini_with(&lines, own, of_sources, true, ret);
}

static int quoted(struct buf *b, const char *text)
{
	int rc = 0;

	for (; rc == 0 && *text != '\0'; text++)
		rc = buf_add_format(b, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
	return rc;
}

int package_proxy_curlrc(const struct proxy *p, struct buf *ret)
{
	int rc = buf_add_text(ret, "proxy-user = \"");

	rc = rc < 0 ? rc : quoted(ret, p->user);
	rc = rc < 0 ? rc : buf_add_text(ret, ":");
	rc = rc < 0 ? rc : quoted(ret, p->password);
	return rc < 0 ? rc : buf_add_text(ret, "\"\n");
}

/* A call behind a proxy. */
struct proxied {
	const struct tool *tool;
	bool local; /* nothing is asked beyond an offline bundle */
	struct proxy proxy;
	char no_proxy[600], http_proxy[700], https_proxy[700];
	char words[RPM_LOCAL_WORDS][RPM_LOCAL_WORD_SIZE];
	const char *env[ENV_MAX + 1];
};

static int text_for(const struct package_context *c, const struct proxied *p, struct buf *ret)
{
	AUTO_BUF struct buf own = { 0 };
	int rc;

	if (p->local && text_eq(p->tool->program, "apt-get"))
		return apt_local_config(LOCAL_DIR, ret);
	if (text_eq(p->tool->program, "apt-get"))
		return package_proxy_apt(&p->proxy, ret);
	if (text_eq(p->tool->program, "zypper"))
		return package_proxy_curlrc(&p->proxy, ret);
	rc = host_read(c->host, p->tool->own, OWN_BYTES_MAX, &own);
	if (rc < 0 && rc != -ENOENT)
		return rc;
	return p->local ? local_ini(buf_text(&own), ret)
			: package_proxy_ini(&p->proxy, buf_text(&own), ret);
}

static int write_file(const struct package_context *c, const struct proxied *p, struct error *err)
{
	bool home = text_eq(p->tool->program, "zypper");
	const char *path = home ? CURLRC_PATH : FILE_PATH;
	AUTO_BUF struct buf text = { 0 };
	int rc = text_for(c, p, &text);

	if (rc == 0)
		rc = fs_make_dirs(c->host->root, PACKAGE_PROXY_DIR, 0700);
	if (rc == 0)
		rc = fs_replace(c->host->root, path, buf_text(&text), text.len, 0600);
	if (text.data != NULL)
		explicit_bzero(text.data, text.len);
	if (rc == 0)
		return 0;
	return error_set(err, fault_of_write(rc, FAULT_STATE_DIR), -rc, "/%s cannot be written: %s",
			 path, strerror(-rc));
}

static void add_env(struct proxied *p, const char *word)
{
	size_t n = 0;

	while (p->env[n] != NULL)
		n++;
	if (n < ENV_MAX)
		p->env[n] = word;
}

static void fill_env(struct proxied *p, const struct run_spec *spec, const struct settings *s)
{
	for (size_t i = 0; spec->env != NULL && spec->env[i] != NULL; i++)
		add_env(p, spec->env[i]);
	if (p->local)
		return;
	if (s->no_proxy[0] != '\0') {
		TEXT_FORMAT(p->no_proxy, "no_proxy=%s", s->no_proxy);
		add_env(p, p->no_proxy);
	}
	if (!text_eq(p->tool->program, "zypper"))
		return;
	TEXT_FORMAT(p->http_proxy, "http_proxy=%s", p->proxy.url);
	TEXT_FORMAT(p->https_proxy, "https_proxy=%s", p->proxy.url);
	add_env(p, p->http_proxy);
	add_env(p, p->https_proxy);
	add_env(p, "HOME=/" PACKAGE_PROXY_DIR);
}

static bool is_zypper(const struct proxied *p)
{
	return text_eq(p->tool->program, "zypper");
}

static int run_proxied(const struct package_context *c, struct proxied *p,
		       const struct run_spec *spec, struct run_result *ret, struct error *err)
{
	AUTO_COMMAND struct command cmd = { 0 };
	struct run_spec behind = *spec;

	command_add(&cmd, spec->argv[0]);
	if (is_zypper(p) && p->local) {
		for (size_t i = 0; i < ARRAY_SIZE(p->words); i++)
			command_add(&cmd, p->words[i]);
	} else if (!is_zypper(p)) {
		command_add(&cmd, "-c");
		command_add(&cmd, "/" FILE_PATH);
	}
	command_add_all(&cmd, spec->argv + 1);
	if (cmd.failed)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to call %s",
				 spec->argv[0]);
	fill_env(p, spec, c->settings);
	behind.argv = (const char *const *)cmd.argv;
	behind.env = p->env;
	return run(c->host, &behind, ret, err);
}

int package_proxy_run(const struct package_context *c, const struct run_spec *spec,
		      struct run_result *ret, struct error *err)
{
	struct proxied p = { .tool = tool_of(spec->argv[0]) };
	int rc;

	if (p.tool == NULL || c->settings == NULL)
		return run(c->host, spec, ret, err);
	p.local = offline_is_on(c->settings) && fs_exists(c->host->root, LOCAL_DIR);
	if (!p.local && proxy_for(c->settings, ANY_HOST, &p.proxy, err) < 0)
		return -1;
	if (!p.local && p.proxy.url[0] == '\0')
		return run(c->host, spec, ret, err);
	if (p.local && is_zypper(&p))
		rc = rpm_local_words(LOCAL_DIR, p.words);
	else
		rc = write_file(c, &p, err);
	if (rc == 0)
		rc = run_proxied(c, &p, spec, ret, err);
	explicit_bzero(&p.proxy, sizeof p.proxy);
	package_proxy_tidy(c->host);
	return rc;
}

void package_proxy_tidy(const struct host *h)
{
	int rc = fs_remove(h->root, PACKAGE_PROXY_DIR);

	if (rc < 0 && rc != -ENOENT)
		LOG(h->log, WARNING, "tidy.proxy",
		    "/" PACKAGE_PROXY_DIR " cannot be removed, ignoring: %s", strerror(-rc));
}
