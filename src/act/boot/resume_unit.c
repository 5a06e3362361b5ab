/* Installs and removes ib-vmext-resume.service by its files. */
#include "act/boot/resume_unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "act/saved.h"
#include "base/fs.h"
#include "base/text.h"
#include "host/host.h"

#define WANTS_DIR  "etc/systemd/system/multi-user.target.wants"
#define WANTS_LINK WANTS_DIR "/ib-vmext-resume.service"

/* Type=simple, not oneshot: a driver build must not hold up multi-user.target. Options that systemd
 * 219 knows. */
static const char unit_text[] =
	"# Written by ib-vmext for the time of one run; removed when that run has ended.\n"
	"[Unit]\n"
	"Description=Continue an interrupted InfiniBand driver installation\n"
	"ConditionPathExists=/var/lib/ib-vmext/journal/open\n"
	"After=local-fs.target systemd-modules-load.service network.target\n"
	"\n"
	"[Service]\n"
	"Type=simple\n"
	"ExecStart=/usr/libexec/ib-vmext/" IB_VMEXT_VERSION "/ib-vmext handler resume\n"
	"Nice=19\n"
	"\n"
	"[Install]\n"
	"WantedBy=multi-user.target\n";

bool resume_unit_is_possible(const struct host *h)
{
	return fs_exists(h->root, "run/systemd/system"); /* as sd_booted(3) does */
}

bool resume_unit_is_there(const struct host *h)
{
	return fs_exists(h->root, RESUME_UNIT) || fs_exists(h->root, WANTS_LINK);
}

int resume_unit_install(const struct host *h, struct error *err)
{
	int rc;

	rc = fs_make_dirs(h->root, WANTS_DIR, 0755);
	if (rc == 0)
		rc = fs_replace(h->root, RESUME_UNIT, unit_text, strlen(unit_text), 0644);
	if (rc == 0 && symlinkat("/" RESUME_UNIT, h->root, WANTS_LINK) < 0 && errno != EEXIST)
		rc = -errno;
	if (rc == 0)
		rc = fs_sync_parent(h->root, WANTS_LINK);
	return rc < 0 ? file_failed("installed", RESUME_UNIT, rc, err) : 0;
}

int resume_unit_remove(const struct host *h, struct error *err)
{
	/* The last: what fs_replace leaves when it is killed. */
	static const char *const paths[] = { WANTS_LINK, RESUME_UNIT,
					     "etc/systemd/system/.ib-vmext-resume.service.new" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (unlinkat(h->root, paths[i], 0) < 0 && errno != ENOENT)
			return file_failed("removed", RESUME_UNIT, -errno, err);
	return 0;
}
