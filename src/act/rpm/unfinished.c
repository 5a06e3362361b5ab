/* The note of a transaction that may be killed: rpm itself does not know afterwards which of its
 * packages never had their scripts run. */
#include <errno.h>
#include <string.h>

#include "act/rpm/call.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

/* Below saved/, where no run keeps it: tidied away with the next end of a run. */
#define NOTE_DIR "var/lib/ib-vmext/saved"
#define NOTE     NOTE_DIR "/rpm-transaction"

enum { NOTE_MAX = 4 << 20 };

int rpm_begin(const struct package_context *c, struct error *err)
{
	AUTO_RPM_PACKAGES struct rpm_packages now = { 0 };
	AUTO_BUF struct buf text = { 0 };
	int rc = 0;

	if (rpm_read_installed(c, &now, err) < 0)
		return -1;
	for (size_t i = 0; rc == 0 && i < now.count; i++)
		rc = buf_add_format(&text, "%s %s %s %lld\n", now.at[i].name, now.at[i].version,
				    now.at[i].arch, (long long)now.at[i].instance);
	if (rc == 0)
		rc = fs_make_dirs(c->host->root, NOTE_DIR, 0700);
	if (rc == 0)
		rc = fs_replace(c->host->root, NOTE, buf_text(&text), text.len, 0600);
	if (rc == 0)
		return 0;
	return error_set(err, fault_of_write(rc, FAULT_STATE_DIR), -rc,
			 "/" NOTE " cannot be written: %s", strerror(-rc));
}

void rpm_end(const struct package_context *c)
{
	int rc = fs_remove(c->host->root, NOTE);

	if (rc < 0)
		LOG(c->host->log, WARNING, "package.note", "/" NOTE " cannot be removed: %s",
		    strerror(-rc));
}

bool rpm_is_unfinished(const struct package_context *c)
{
	return fs_exists(c->host->root, NOTE);
}

static bool is_noted(const char *note, const struct rpm_package *p)
{
	char line[240];
	const char *at;

	(void)TEXT_FORMAT(line, "%s %s %s %lld\n", p->name, p->version, p->arch,
			  (long long)p->instance);
	at = strstr(note, line);
	while (at && at != note && at[-1] != '\n')
		at = strstr(at + 1, line);
	return at != NULL;
}

int rpm_brought(const struct package_context *c, const struct rpm_packages *now,
		struct rpm_packages *ret, struct error *err)
{
	AUTO_BUF struct buf note = { 0 };
	int rc = fs_read(c->host->root, NOTE, NOTE_MAX, &note);

	if (rc == -ENOENT)
		return 0;
	for (size_t i = 0; rc == 0 && i < now->count; i++)
		if (!is_noted(buf_text(&note), &now->at[i]))
			rc = rpm_packages_add(ret, &now->at[i]);
	if (rc == 0)
		return 0;
	return error_set(err, rc == -ENOMEM ? FAULT_INTERNAL : FAULT_STATE_DIR, -rc,
			 "/" NOTE " cannot be read: %s", strerror(-rc));
}
