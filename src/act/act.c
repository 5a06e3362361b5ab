/* The state directory and its lock. */
#include "act/act.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "act/journal/journal.h"
#include "base/fs.h"
#include "host/host.h"
#include "host/lock.h"

int act_open(struct act *ret, const struct host *h, const struct catalogue *c, bool for_writing,
	     struct error *err)
{
	pid_t holder = 0;
	int rc = 0;

	*ret = (struct act) {
		.host = h, .catalogue = c, .program = "/proc/self/exe", .state = -1, .lock = -1
	};
	if (for_writing && !h->live)
		return error_set(err, FAULT_WORLD_READ_ONLY, EROFS,
				 "a world is read-only: nothing can be applied to it");
	if (for_writing)
		rc = fs_make_dirs(h->root, ACT_STATE_DIR, 0700);
	if (rc == 0) {
		ret->state = openat(h->root, ACT_STATE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		rc = ret->state < 0 ? -errno : 0;
	}
	if (rc < 0)
		return error_set(err, fault_of_write(rc, FAULT_STATE_DIR), -rc,
				 "/%s cannot be opened: %s", ACT_STATE_DIR, strerror(-rc));
	if (!for_writing)
		return 0;
	ret->lock = lock_take(ret->state, "lock", &holder);
	if (ret->lock >= 0)
		return 0;
	rc = ret->lock;
	act_close(ret);
	if (rc == -EWOULDBLOCK)
		return error_set(err, FAULT_RUN_HELD, EAGAIN,
				 "another run of ib-vmext is at work (pid %d)", (int)holder);
	return error_set(err, FAULT_STATE_DIR, -rc, "/%s/lock cannot be taken: %s", ACT_STATE_DIR,
			 strerror(-rc));
}

void act_close(struct act *a)
{
	if (a->lock >= 0)
		(void)close(a->lock);
	if (a->state >= 0)
		(void)close(a->state);
	a->lock = a->state = -1;
}

bool act_is_open(const struct act *a)
{
	return journal_is_open(a->state);
}
