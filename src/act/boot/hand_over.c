/* Starts `apply` again, as a unit. */
#include "act/boot/hand_over.h"

#include <string.h>

#include "act/act.h"
#include "act/program.h"
#include "act/boot/waits.h"
#include "base/fs.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

#define SETTINGS_FILE ACT_STATE_DIR "/handed-over.json"

enum { START_S = 30 };

static int settings_keep(const struct host *h, const struct settings *s, struct error *err)
{
	AUTO_JSON json_t *j = settings_to_json(s);
	AUTO_BUF struct buf text = { 0 };
	int rc = json_write(j, false, &text);

	if (rc == 0)
		rc = fs_make_dirs(h->root, ACT_STATE_DIR, 0700);
	if (rc == 0)
		rc = fs_replace(h->root, SETTINGS_FILE, buf_text(&text), text.len, 0600);
	return rc < 0 ? error_set(err, FAULT_STATE_DIR, -rc, "/%s cannot be written: %s",
				  SETTINGS_FILE, strerror(-rc))
		      : 0;
}

static int unit_start(const struct host *h, const char *unit, const char *path, struct error *err)
{
	char option[80];
	const char *const argv[] = { "systemd-run", option,       "--description=InfiniBand driver",
				     path,          "--settings", "/" SETTINGS_FILE,
				     "apply",       "--yes",      NULL };
	struct run_spec spec = { .argv = argv, .deadline_s = START_S };
	char doing[96];

	TEXT_FORMAT(option, "--unit=%s", unit);
	TEXT_FORMAT(doing, "systemd-run did not start %s", unit);
	return run_or_fail(h, &spec, FAULT_WORKER_START, doing, err);
}

int hand_over(const struct host *h, const char *program, const struct settings *s, bool *ret,
	      char *told, size_t size, struct error *err)
{
	char caller[96], unit[64], path[PROGRAM_PATH_SIZE];

	*ret = host_exists(h, "run/systemd/system") && waits_has_caller(h, caller, sizeof(caller));
	if (!*ret)
		return 0;
	TEXT_FORMAT(unit, "ib-vmext-apply-%llx.service",
		    (unsigned long long)h->clock->realtime_ms(h->clock));
	if (program_install(h, program, IB_VMEXT_VERSION, path, err) < 0 ||
	    settings_keep(h, s, err) < 0 || unit_start(h, unit, path, err) < 0)
		return -1;
	text_format(told, size,
		    "%s waits for this program: the work goes on in %s, which waits for the end of "
		    "what the boot still does. `ib-vmext status` tells where it stands",
		    caller, unit);
	return 0;
}
