/* The verb az: the real az against this lab, in a configuration directory of the lab's own. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "base/fs.h"
#include "base/text.h"
#include "client.h"
#include "host/run.h"
#include "lab/arm/arm.h"

#define CLOUD   "LabCloud"
#define READY   "registered-with" /* in the configuration directory: the endpoint of it */
#define PROFILE "2020-09-01-hybrid"

enum { SET_UP_S = 300, ENVIRONMENT_MAX = 24 };

void cli_arm_environment(const json_t *answer,
			 void (*each)(void *ctx, const char *name, const char *value), void *ctx)
{
	static const struct {
		const char *name, *value;
	} constants[] = { { "ARM_SUBSCRIPTION_ID", ARM_SUBSCRIPTION },
			  { "AZURE_SUBSCRIPTION_ID", ARM_SUBSCRIPTION },
			  { "AZURE_TENANT_ID", ARM_TENANT },
			  { "AZURE_CLIENT_ID", ARM_APPLICATION },
			  { "AZURE_CLIENT_SECRET", ARM_SECRET },
			  { "AZURE_CORE_COLLECT_TELEMETRY", "no" },
			  { "AZURE_CORE_SURVEY_MESSAGE", "no" },
			  { "AZURE_CORE_NO_COLOR", "yes" },
			  { "AZURE_EXTENSION_USE_DYNAMIC_INSTALL", "no" } };
	/* Of requests, node and Python's urllib. */
	static const char *const bundles[] = { "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS",
					       "SSL_CERT_FILE" };
	const char *state = json_text_at(answer, "state", "");
	long long port = json_int_at(answer, "armPort", 0);
	char text[VM_PATH_MAX + 32];

	if (port == 0)
		return;
	(void)TEXT_FORMAT(text, "https://localhost:%lld", port);
	each(ctx, "ARM_ENDPOINT", text);
	each(ctx, "AZURE_AUTHORITY_HOST", text);
	(void)TEXT_FORMAT(text, "%s/" ARM_AZ, state);
	each(ctx, "AZURE_CONFIG_DIR", text);
	(void)TEXT_FORMAT(text, "%s/" ARM_CA, state);
	for (size_t i = 0; i < ARRAY_SIZE(bundles); i++)
		each(ctx, bundles[i], text);
	for (size_t i = 0; i < ARRAY_SIZE(constants); i++)
		each(ctx, constants[i].name, constants[i].value);
}

static void set_variable(void *ctx, const char *name, const char *value)
{
	(void)ctx;
	(void)setenv(name, value, 1);
}

/* ---- the first use --------------------------------------------------------------------------- */

struct environment {
	char text[ENVIRONMENT_MAX][VM_PATH_MAX + 64];
	const char *list[ENVIRONMENT_MAX + 1];
	size_t n;
};

static void add_variable(void *ctx, const char *name, const char *value)
{
	struct environment *e = ctx;

	if (e->n == ENVIRONMENT_MAX)
		return;
	(void)TEXT_FORMAT(e->text[e->n], "%s=%s", name, value);
	e->list[e->n] = e->text[e->n];
	e->n++;
}

/* One command of az; what it prints is of no interest unless it fails. */
static int az(const struct cli *c, const struct environment *e, const char *doing,
	      const char *const *argv, struct error *err)
{
	struct run_spec spec = { .argv = argv, .env = e->list, .deadline_s = SET_UP_S };

	return run_or_fail(&c->lab->host, &spec, FAULT_PROGRAM_FAILED, doing, err);
}

static int register_cloud(const struct cli *c, const struct environment *e, const char *endpoint,
			  struct error *err)
{
	char adfs[64], graph[64], slash[64];
	const char *const reg[] = { "az",
				    "cloud",
				    "register",
				    "-n",
				    CLOUD,
				    "--profile",
				    PROFILE,
				    "--endpoint-resource-manager",
				    endpoint,
				    "--endpoint-active-directory",
				    adfs,
				    "--endpoint-active-directory-resource-id",
				    "https://management.core.windows.net/",
				    "--endpoint-active-directory-graph-resource-id",
				    graph,
				    "--endpoint-management",
				    slash,
				    "--endpoint-gallery",
				    slash,
				    NULL };
	static const char *const set[] = { "az", "cloud", "set", "-n", CLOUD, NULL };
	static const char *const login[] = { "az",       "login",         "--service-principal",
					     "-u",       ARM_APPLICATION, "-p",
					     ARM_SECRET, "--tenant",      ARM_TENANT,
					     NULL };

	(void)TEXT_FORMAT(adfs, "%s/adfs", endpoint);
	(void)TEXT_FORMAT(graph, "%s/graph", endpoint);
	(void)TEXT_FORMAT(slash, "%s/", endpoint);
	return az(c, e, "az cloud register", reg, err) < 0 ||
			       az(c, e, "az cloud set", set, err) < 0 ||
			       az(c, e, "az login", login, err) < 0
		       ? -1
		       : 0;
}

static bool is_registered(int dir, const char *endpoint)
{
	AUTO_BUF struct buf text = { 0 };

	return fs_read(dir, READY, 64, &text) == 0 && text_eq(buf_text(&text), endpoint);
}

/* Only one at a time: the lock is that of the directory. */
static int register_once(const struct cli *c, const struct environment *e, const char *config,
			 const char *endpoint, struct error *err)
{
	AUTO_FD int dir = -1;
	int rc = fs_make_dirs(AT_FDCWD, config, 0700);

	if (rc == 0) {
		dir = open(config, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		rc = dir < 0 || flock(dir, LOCK_EX) < 0 ? -errno : 0;
	}
	if (rc < 0)
		return error_set(err, FAULT_WRITE_FAILED, -rc, "cannot use %s: %s", config,
				 strerror(-rc));
	if (is_registered(dir, endpoint))
		return 0;
	/* Of another start, at another port. */
	(void)!fs_remove(dir, "clouds.config");
	if (register_cloud(c, e, endpoint, err) < 0)
		return -1;
	rc = fs_replace(dir, READY, endpoint, strlen(endpoint), 0600);
	return rc < 0 ? error_set(err, FAULT_WRITE_FAILED, -rc, "cannot write in %s", config) : 0;
}

static int run_az(const struct cli *c)
{
	AUTO_JSON json_t *answer = NULL;
	struct environment *e = calloc(1, sizeof *e);
	char endpoint[64], config[VM_PATH_MAX + 16];
	AUTO_FREE char **argv = calloc(c->nrest + 2, sizeof *argv);
	struct error err = { 0 };
	int rc = client_ask(&c->lab->paths, "env", NULL, NULL, &answer);

	if (rc != LAB_OK || e == NULL || argv == NULL) {
		free(e);
		return rc != LAB_OK ? rc : LAB_FAILED;
	}
	(void)TEXT_FORMAT(endpoint, "https://localhost:%lld", json_int_at(answer, "armPort", 0));
	(void)TEXT_FORMAT(config, "%s/" ARM_AZ, json_text_at(answer, "state", ""));
	cli_arm_environment(answer, add_variable, e);
	rc = e->n == 0 ? error_set(&err, FAULT_USAGE, EINVAL,
				   "this lab has no Resource Manager (--arm-port off)")
		       : register_once(c, e, config, endpoint, &err);
	free(e);
	if (rc == 0) {
		cli_arm_environment(answer, set_variable, NULL);
		argv[0] = (char[]) { "az" };
		for (size_t i = 0; i <= c->nrest; i++)
			argv[i + 1] = c->rest[i];
		(void)execvp(argv[0], argv);
		(void)error_set(&err, FAULT_PROGRAM_MISSING, errno,
				"az cannot be run: %s; on Debian: apt-get install azure-cli",
				strerror(errno));
	}
	fprintf(stderr, "ib-lab: %s\n", err.what);
	return LAB_FAILED;
}

const struct cli_verb cli_az_verbs[] = {
	{ "az", "ARGS...", "the real az against this lab; it registers and logs in at first use",
	  "", 0, 0, run_az, true },
	{ 0 },
};
