/* The kind "machine": a VM in QEMU with a kernel, a disk and an adapter of its own. */
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "distro.h"
#include "image.h"
#include "qemu.h"
#include "root.h"

enum { APPLY_MS = 5000 };

struct machine {
	struct qemu qemu; /* descriptors -1 while stopped */
	char image[VM_PATH_MAX];
};

static int machine_prepare(const struct vm_env *env, const struct vm_spec *spec, struct error *err)
{
	char root[VM_PATH_MAX], image[VM_PATH_MAX];

	if (!text_eq(spec->image, distros[0].name))
		return error_set(err, FAULT_USAGE, EINVAL,
				 "machines are of the image %s only; others are for cells",
				 distros[0].name);
	if (root_prepare(env, root, err) < 0)
		return -1;
	return image_prepare(env, root, image, err);
}

/* ---- the VM's own disks ------------------------------------------------------------------------
 */

/* A machine that is to go on from the snapshot needs the disk as it was then. */
static int disk_create(const struct vm_env *env, const struct vm *vm, const char *image,
		       struct error *err)
{
	char disk[VM_PATH_MAX], backing[VM_PATH_MAX];
	bool snapshot;
	const char *const create[] = { "qemu-img", "create", "-q",    "-f", "qcow2", "-b",
				       backing,    "-F",     "qcow2", disk, NULL };
	const char *const create_cold[] = { "qemu-img", "create", "-q",  "-f", "qcow2", "-b",
					    backing,    "-F",     "raw", disk, NULL };

	(void)TEXT_FORMAT(disk, "%s/" QEMU_DISK, vm->dir);
	(void)TEXT_FORMAT(backing, "%s/" IMAGE_SNAPSHOT, image);
	snapshot = fs_exists(AT_FDCWD, backing);
	(void)TEXT_FORMAT(backing, "%s/%s", image, snapshot ? "boot/" QEMU_DISK : IMAGE_BASE);
	return root_run(env, snapshot ? create : create_cold, NULL, 30, err);
}

/* The checkout of the agent as a file system of always the same size, which the snapshot knows. */
static int agent_disk_create(const struct vm_env *env, const struct vm *vm, struct error *err)
{
	char disk[VM_PATH_MAX];
	const char *const empty[] = { "truncate", "-s", "64M", disk, NULL };
	const char *const mke2fs[] = { "mke2fs", "-q",  "-t", "ext4", "-d", vm->spec.agent_source,
				       disk,     "64M", NULL };
	bool given = vm->spec.agent_source[0] != '\0';

	(void)TEXT_FORMAT(disk, "%s/" QEMU_AGENT, vm->dir);
	return root_run(env, given ? mke2fs : empty, NULL, 60, err);
}

static int machine_create(const struct vm_env *env, struct vm *vm, struct error *err)
{
	char root[VM_PATH_MAX], image[VM_PATH_MAX], upper[VM_PATH_MAX];

	if (root_find(env, root, err) < 0 || image_find(env, root, image, err) < 0)
		return -1;
	(void)TEXT_FORMAT(upper, "%s/" MACHINE_UPPER, vm->dir);
	if (mkdir(upper, 0755) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot make %s", upper);
	if (disk_create(env, vm, image, err) < 0)
		return -1;
	if (bootdisk_create(vm->dir, err) < 0)
		return -1;
	return agent_disk_create(env, vm, err);
}

/* ---- booting -----------------------------------------------------------------------------------
 */

static struct machine *machine_own(struct vm *vm)
{
	struct machine *m = vm->own;

	if (m == NULL) {
		m = calloc(1, sizeof *m);
		if (m != NULL)
			m->qemu = (struct qemu) { 0, -1, -1 };
		vm->own = m;
	}
	return m;
}

/* The snapshot is for the first boot of a VM of Azure's only; what the disk says counts afterwards.
 */
static bool may_resume(const struct vm *vm, const char *image)
{
	char path[VM_PATH_MAX];

	if (!vm->spec.azure)
		return false;

	(void)TEXT_FORMAT(path, "%s/" QEMU_CONSOLE, vm->dir);
	if (fs_exists(AT_FDCWD, path))
		return false;
	(void)TEXT_FORMAT(path, "%s/" IMAGE_SNAPSHOT, image);
	return fs_exists(AT_FDCWD, path);
}

static int machine_start(const struct vm_env *env, struct vm *vm, struct error *err)
{
	struct machine *m = machine_own(vm);
	char root[VM_PATH_MAX], tap[16], uuid[UUID_TEXT_SIZE],
		parameters[BOOT_PARAMETERS_SIZE] = "";
	struct qemu_spec spec = { .name = vm->spec.name,
				  .dir = vm->dir,
				  .mac = vm->mac,
				  .uuid = uuid,
				  .parameters = parameters };
	AUTO_FD int fd = -1;

	if (m == NULL)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory for a machine");
	if (root_find(env, root, err) < 0 || image_find(env, root, m->image, err) < 0 ||
	    machine_config_write(vm, err) < 0)
		return -1;
	(void)TEXT_FORMAT(tap, "t-%u", vm->index);
	fd = net_tap(env->netns, tap, err);
	if (fd < 0)
		return -1;
	machine_uuid(vm, uuid);
	spec.image = m->image;
	spec.boot = bootdisk_take(vm->dir, parameters) > 0 ? vm->dir : m->image;
	spec.azure = vm->spec.azure;
	spec.tap = fd;
	spec.resume = may_resume(vm, m->image);
	if (qemu_start(&spec, &m->qemu, err) < 0)
		return -1;
	vm->child = m->qemu.pid;
	vm->ready_fd = m->qemu.host;
	return 0;
}

static int machine_ready(const struct vm_env *env, struct vm *vm, struct error *err)
{
	struct machine *m = vm->own;
	char line[64];
	int rc = qemu_line(&m->qemu, 0, line, sizeof line);

	if (rc < 0)
		return error_set(err, FAULT_INTERNAL, 0, "QEMU has ended; see %s/qemu.log",
				 vm->dir);
	return rc > 0 && text_eq(line, "ready");
}

/* ---- the power --------------------------------------------------------------------------------
 */

static int machine_stop(const struct vm_env *env, struct vm *vm, struct error *err)
{
	struct machine *m = vm->own;
	int rc = qemu_power_button(&m->qemu);

	if (rc < 0)
		return error_set(err, FAULT_INTERNAL, -rc, "cannot reach QEMU's monitor: %s",
				 strerror(-rc));
	return 0;
}

static void machine_cut(const struct vm_env *env, struct vm *vm)
{
	(void)kill(vm->child, SIGKILL);
}

static void machine_ended(const struct vm_env *env, struct vm *vm)
{
	struct machine *m = vm->own;

	vm->reboot = qemu_was_reset(&m->qemu);
	qemu_close(&m->qemu);
	vm->ready_fd = -1;
}

static void machine_forget(const struct vm_env *env, struct vm *vm)
{
	free(vm->own);
	vm->own = NULL;
}

/* ---- while it runs -----------------------------------------------------------------------------
 */

/* A guest that is booting reads the new text by itself. */
static int machine_changed(const struct vm_env *env, struct vm *vm, const char *key,
			   struct error *err)
{
	struct machine *m = vm->own;
	char line[64] = "";

	if (machine_config_write(vm, err) < 0)
		return -1;
	if (vm->state != VM_RUNNING)
		return 0;
	if (qemu_say(&m->qemu, "apply\n") < 0)
		return error_set(err, FAULT_INTERNAL, 0, "the machine does not listen");
	while (!text_eq(line, "applied")) /* or "ready" of a restart */
		if (qemu_line(&m->qemu, APPLY_MS, line, sizeof line) != 1)
			return error_set(err, FAULT_INTERNAL, ETIMEDOUT,
					 "the machine did not take the new %s in %d s", key,
					 APPLY_MS / 1000);
	return 0;
}

static json_t *machine_access(const struct vm_env *env, const struct vm *vm)
{
	return json_pack("{s:s}", "dir", vm->dir);
}

static int machine_shell(const json_t *access, char *const argv[], struct error *err)
{
	return machine_exec(json_text_at(access, "dir", ""), argv, err);
}

const struct vm_kind vm_kind_machine = {
	.name = "machine",
	.prepare = machine_prepare,
	.create = machine_create,
	.start = machine_start,
	.ready = machine_ready,
	.stop = machine_stop,
	.cut = machine_cut,
	.ended = machine_ended,
	.changed = machine_changed,
	.forget = machine_forget,
	.access = machine_access,
	.shell = machine_shell,
};
