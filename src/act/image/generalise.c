/* Takes this machine out of an image. */
#include "act/image/generalise.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "act/act.h"
#include "act/journal/ended.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

/* Below our state directory. */
static const char *const ours[] = { "journal", "request.json", "result.json", ENDED_FILE,
				    "update.json" };

#define STATUS_LOG "var/log/azure/ib-vmext-status"

/* Where DKMS, and Debian's and Ubuntu's part of it, keep the key that they make: the secret one
 * first. */
static const struct {
	const char *secret, *certificate;
} keys[] = {
	{ "var/lib/dkms/mok.key", "var/lib/dkms/mok.pub" },
	{ "var/lib/shim-signed/mok/MOK.priv", "var/lib/shim-signed/mok/MOK.der" },
};

json_t *generalise_note_keys(const struct host *h)
{
	json_t *there = json_object();

	for (size_t i = 0; there && i < ARRAY_SIZE(keys); i++)
		if (fs_exists(h->root, keys[i].secret))
			(void)json_object_set_new(there, keys[i].secret, json_true());
	return there;
}

static int drop(int dir, const char *path, const char *shown, struct error *err)
{
	int rc = fs_remove(dir, path);

	if (rc == 0)
		return 0;
	return error_set(err, fault_of_write(rc, FAULT_STATE_DIR), -rc,
			 "%s%s cannot be removed from the image: %s", shown, path, strerror(-rc));
}

static int drop_keys(const struct host *h, const json_t *before, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!fs_exists(h->root, keys[i].secret))
			continue;
		if (json_is_true(json_object_get(before, keys[i].secret))) {
			LOG(h->log, WARNING, "bake.key",
			    "/%s was there before and stays: all VMs of this image will share it",
			    keys[i].secret);
			continue;
		}
		if (drop(h->root, keys[i].secret, "/", err) < 0 ||
		    drop(h->root, keys[i].certificate, "/", err) < 0)
			return -1;
	}
	return 0;
}

int generalise(const struct act *a, const json_t *keys_before, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		if (drop(a->state, ours[i], "/" ACT_STATE_DIR "/", err) < 0)
			return -1;
	if (drop(a->host->root, STATUS_LOG, "/", err) < 0)
		return -1;
	return drop_keys(a->host, keys_before, err);
}
