/* Where a lab is, and what one that was killed may have left there. */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "base/digest.h"
#include "base/fs.h"
#include "base/text.h"
#include "lab/vm/cgroup.h"

#define STATE_DEFAULT "/var/lib/ib-lab"
#define CACHE_DEFAULT "/var/cache/ib-lab"

int64_t lab_now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* overlayfs and systemd-nspawn take lists that these characters divide. */
static int take_path(char *ret, const char *variable, const char *otherwise, struct error *err)
{
	const char *value = getenv(variable);

	if (value == NULL || *value == '\0')
		value = otherwise;
	if (*value != '/' || strpbrk(value, ":,\\\n ") != NULL || strlen(value) > 200)
		return error_set(err, FAULT_USAGE, EINVAL,
				 "%s must be an absolute path without blanks, commas and colons",
				 variable);
	return text_copy(ret, VM_PATH_MAX, value);
}

int lab_paths(struct lab_paths *ret, struct error *err)
{
	char digest[DIGEST_TEXT_SIZE];

	if (take_path(ret->state, "IB_LAB_STATE", STATE_DEFAULT, err) < 0 ||
	    take_path(ret->cache, "IB_LAB_CACHE", CACHE_DEFAULT, err) < 0)
		return -1;
	(void)TEXT_FORMAT(ret->socket, "%s/lab.sock", ret->state);
	if (strlen(ret->socket) > 100) /* of the 107 that a socket's name may have */
		return error_set(err, FAULT_USAGE, ENAMETOOLONG, "IB_LAB_STATE is too long: %s",
				 ret->state);
	digest_of(ret->state, strlen(ret->state), digest);
	(void)TEXT_FORMAT(ret->id, "%.8s", digest);
	return 0;
}

int lab_init(struct lab *lab, struct error *err)
{
	*lab = (struct lab) { .listener = -1, .signals = -1 };
	for (size_t i = 0; i < LAB_CONNS_MAX; i++)
		lab->conns[i].fd = -1;
	if (lab_paths(&lab->paths, err) < 0 || host_open_live(&lab->host, &lab->log, err) < 0)
		return -1;
	lab->env = (struct vm_env) { .state = lab->paths.state,
				     .cache = lab->paths.cache,
				     .id = lab->paths.id,
				     .host = &lab->host,
				     .log = &lab->log,
				     .netns = -1 };
	return 0;
}

void lab_sweep(const struct lab *lab)
{
	static const char *const left[] = { "vm", "lab.sock", "fabric", "arm", LAB_GUESTS_DIR };
	size_t count = lab->keep || lab->resume ? 2 : ARRAY_SIZE(left);
	struct cgroup g;
	char name[32], path[VM_PATH_MAX + 16];

	(void)TEXT_FORMAT(name, "ib-lab-%s", lab->paths.id);
	if (cgroup_name(&g, name, NULL, NULL) == 0)
		cgroup_destroy(&g);
	for (size_t i = 0; i < count; i++) {
		(void)TEXT_FORMAT(path, "%s/%s", lab->paths.state, left[i]);
		(void)!fs_remove(AT_FDCWD, path);
	}
}
