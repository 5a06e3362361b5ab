/* Boots the image once and saves the machine at the point up to which all machines are alike. */
#include "qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "image.h"
#include "machine.h"
#include "root.h"

enum { BOOT_S = 180, SAVE_S = 120 };

/* The directory in which QEMU runs, with the disk that is saved along with the memory. */
static int boot_dir_make(const struct vm_env *env, const char *dir, struct error *err)
{
	char disk[VM_PATH_MAX], agent[VM_PATH_MAX];
	const char *const create[] = { "qemu-img",       "create", "-q",  "-f", "qcow2", "-b",
				       "../" IMAGE_BASE, "-F",     "raw", disk, NULL };
	const char *const truncate[] = { "truncate", "-s", "64M", agent, NULL };

	(void)TEXT_FORMAT(disk, "%s/" QEMU_DISK, dir);
	(void)TEXT_FORMAT(agent, "%s/" QEMU_AGENT, dir);
	if (mkdir(dir, 0755) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot make %s", dir);
	if (root_run(env, create, NULL, 30, err) < 0 ||
	    root_run(env, truncate, NULL, 30, err) < 0 || bootdisk_create(dir, err) < 0)
		return -1;
	return machine_config_park(dir, err);
}

/* Source: QEMU's qapi/migration.json. A machine that is stopped first would be stopped when it is
 * restored. The name is a constant, since QEMU gives it to a shell. */
static int save(const struct qemu *q, struct error *err)
{
	static const char *const commands[] = {
		"",
		"{\"execute\":\"migrate-set-parameters\",\"arguments\":{\"max-bandwidth\":"
		"4294967296}}\n",
		"{\"execute\":\"migrate\",\"arguments\":{\"uri\":\"exec:cat >../" IMAGE_SNAPSHOT
		".new\"}}\n",
	};
	AUTO_BUF struct buf answer = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (qemu_command(q, commands[i], &answer, err) < 0)
			return -1;
	for (int i = 0; i < SAVE_S * 10; i++) {
		if (qemu_command(q, "{\"execute\":\"query-migrate\"}\n", &answer, err) < 0)
			return -1;
		if (strstr(buf_text(&answer), "\"status\": \"completed\"") != NULL)
			return 0;
		if (strstr(buf_text(&answer), "\"status\": \"failed\"") != NULL)
			break;
		(void)poll(NULL, 0, 100);
	}
	return error_set(err, FAULT_INTERNAL, 0, "QEMU did not save the machine: %s",
			 buf_text(&answer));
}

/* Wait for "parked", save, and end QEMU. */
static int boot_and_save(const struct vm_env *env, const char *dir, const char *boot,
			 struct error *err)
{
	struct qemu_spec spec = { .name = "snapshot",
				  .dir = boot,
				  .image = dir,
				  .boot = dir,
				  .azure = true,
				  .tap = -1,
				  .uuid = "00000000-0000-4000-8000-000000000001" };
	struct qemu q;
	char line[64] = "";
	int rc = 0;

	if (qemu_start(&spec, &q, err) < 0)
		return -1;
	LOG(env->log, INFO, "lab.image", "booting the image once, for a snapshot");
	if (qemu_line(&q, BOOT_S * 1000, line, sizeof line) != 1 || !text_eq(line, "parked"))
		rc = error_set(err, FAULT_INTERNAL, 0, "the image does not boot; see %s", boot);
	else
		rc = save(&q, err);
	(void)kill(q.pid, SIGKILL);
	(void)waitpid(q.pid, NULL, 0);
	qemu_close(&q);
	return rc;
}

void snapshot_make(const struct vm_env *env, const char *dir)
{
	char boot[VM_PATH_MAX], from[VM_PATH_MAX], to[VM_PATH_MAX];
	struct error err = { 0 };

	(void)TEXT_FORMAT(boot, "%s/boot", dir);
	(void)TEXT_FORMAT(from, "%s/" IMAGE_SNAPSHOT ".new", dir);
	(void)TEXT_FORMAT(to, "%s/" IMAGE_SNAPSHOT, dir);
	if (boot_dir_make(env, boot, &err) == 0 && boot_and_save(env, dir, boot, &err) == 0 &&
	    rename(from, to) == 0)
		return;
	LOG(env->log, WARNING, "lab.image", "no snapshot: %s; machines boot cold", err.what);
	(void)unlink(from);
}
