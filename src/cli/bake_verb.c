/* bake: apply in an image, for VMs of another size and kernel. */
#include <errno.h>
#include <sys/stat.h>

#include "act/act.h"
#include "act/image/image.h"
#include "base/text.h"
#include "cli/app.h"

/* Each word is an option or its value. */
static int read_words(struct app *app, int argc, char **argv, const char **ret_for,
		      const char **ret_kernel)
{
	int words = 0;

	*ret_for = option_value(argc, argv, "--for");
	*ret_kernel = option_value(argc, argv, "--kernel");
	words += *ret_for ? 2 : 0;
	words += *ret_kernel ? 2 : 0;
	if (*ret_for && words == argc)
		return 0;
	return usage_error(app,
			   "the form is: bake --for SIZE|GENERATION[,...] [--kernel REL], and not",
			   argv[argc - 1]);
}

/* Of a chroot somebody may have forgotten what package managers and their scripts take for granted.
 */
static int check_root(const struct host *h, struct error *err)
{
	struct stat null;

	/* A mount that left out what is mounted below has a plain file there. */
	if (host_exists(h, "proc/self/exe") && fstatat(h->root, "dev/null", &null, 0) == 0 &&
	    S_ISCHR(null.st_mode))
		return 0;
	return error_set(
		err, FAULT_USAGE, ENOENT,
		"this root has no /proc/self or no /dev/null: mount the builder's /proc and "
		"/dev into the chroot first");
}

static int image_read(struct app *app, int argc, char **argv, struct image *ret)
{
	const char *names, *kernel;
	struct error err = { 0 };
	int rc = read_words(app, argc, argv, &names, &kernel);

	if (rc != 0)
		return rc;
	if (app->world) {
		error_set(&err, FAULT_WORLD_READ_ONLY, EROFS,
			  "a world is read-only: nothing can be baked into it");
		return fail(app, &err);
	}
	if (check_root(&app->host, &err) < 0 ||
	    image_targets_parse(names, app->catalogue, &ret->targets, &err) < 0 ||
	    image_kernel_find(&app->host, kernel ? kernel : "", ret->kernel, sizeof(ret->kernel),
			      &err) < 0)
		return fail(app, &err);
	return 0;
}

int verb_bake(struct app *app, int argc, char **argv)
{
	AUTO_FREE struct outcome *o = calloc(1, sizeof(*o));
	struct image image = { .kernel = "" };
	char digest[IMAGE_DIGEST_SIZE];
	struct apply_options options = { .settings = &app->settings,
					 .settings_digest = digest,
					 .version = IB_VMEXT_VERSION,
					 .seq = -1,
					 .wait = true,
					 .image = &image };
	struct error err = { 0 };
	struct act act;
	int rc = image_read(app, argc, argv, &image);

	if (rc != 0 || !o)
		return rc != 0 ? rc : fault_row(FAULT_INTERNAL)->exit_code;
	app->host.kernel = image.kernel;
	image_request_digest(&app->settings, &image, digest);
	if (act_open(&act, &app->host, app->catalogue, true, &err) < 0)
		return fail(app, &err);
	rc = act_bake(&act, &options, o, &err);
	act_close(&act);
	return rc < 0 ? fail(app, &err) : show_outcome(app, o);
}
