/* Cells: systemd-nspawn over an overlay of the base root, with a made-up /sys, in a network
 * namespace of their own. */
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/text.h"
#include "cellshell.h"
#include "cgroup.h"
#include "distro.h"
#include "net.h"
#include "root.h"
#include "sysfs.h"
#include "tree.h"
#include "userns.h"

enum { ARGS_MAX = 32 };

/* What lives for one boot. Kept in vm->own. */
struct boot {
	struct cgroup cgroup;
	struct userns space;
	int notify; /* where systemd-nspawn says who PID 1 is and that it is ready */
	int fifo;   /* no-init cells: their script writes here when it is ready; -1 otherwise */
	bool said_ready;
	char notify_name[64]; /* of an abstract socket, after its NUL */
	char release[64];
	char layer[VM_PATH_MAX], mount[VM_PATH_MAX], fake[VM_PATH_MAX];
	char lower[DISTRO_LAYERS_MAX];
};

static int cell_prepare(const struct vm_env *env, const struct vm_spec *spec, struct error *err)
{
	const struct distro *d = distro_find(spec->image, err);
	char lower[DISTRO_LAYERS_MAX], root[VM_PATH_MAX], layer[VM_PATH_MAX];

	if (d == NULL || distro_prepare(env, d, lower, err) < 0 || root_find(env, root, err) < 0)
		return -1;
	return layer_prepare(env, root, layer, err);
}

/* A machine id of its own, so that systemd does not take each cell for a first boot and resets its
 * units. */
static int cell_create(const struct vm_env *env, struct vm *vm, struct error *err)
{
	unsigned char bytes[16];
	char id[34] = "";
	struct tree t;

	(void)env;
	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		return error_set(err, FAULT_INTERNAL, errno, "no random bytes");
	for (size_t i = 0; i < sizeof bytes; i++)
		(void)snprintf(id + 2 * i, 3, "%02x", bytes[i]);
	if (tree_open(&t, vm->dir, err) < 0)
		return -1;
	tree_dir(&t, "mnt");
	tree_dir(&t, "work");
	tree_put(&t, "upper/etc", "machine-id", "%s", id);
	tree_put(&t, "upper/etc", "hostname", "%s", vm->spec.name);
	tree_put(&t, "upper/etc", "hosts", "127.0.0.1 localhost\n%s %s", vm->address,
		 vm->spec.name);
	return tree_close(&t, vm->dir, err);
}

/* ---- starting ----------------------------------------------------------------------------- */

static void boot_free(struct boot *b)
{
	if (b == NULL)
		return;
	cgroup_destroy(&b->cgroup);
	cleanup_fd(&b->space.user);
	cleanup_fd(&b->space.net);
	cleanup_fd(&b->notify);
	cleanup_fd(&b->fifo);
	free(b);
}

static void boot_cleanup(struct boot **b)
{
	boot_free(*b);
}

struct opening {
	struct boot *boot;
	const struct vm *vm;
};

/* In the cell's network, where systemd-nspawn runs: such names are a network's own. */
static int open_notify(void *ctx, struct error *err)
{
	const struct opening *o = ctx;
	const struct vm *vm = o->vm;
	struct boot *b = o->boot;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len;

	b->notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void)TEXT_FORMAT(b->notify_name, "ib-lab/%d/%u.%u", (int)getpid(), vm->index, vm->boots);
	len = strlen(b->notify_name);
	memcpy(addr.sun_path + 1, b->notify_name, len);
	if (b->notify < 0 ||
	    bind(b->notify, (struct sockaddr *)&addr,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot open a socket for %s: %s",
				 vm->spec.name, strerror(errno));
	return 0;
}

/* The fake machine as it is at power-on, and what the cell's own scripts want to know. */
static int furnish(struct boot *b, const struct vm *vm, struct error *err)
{
	struct tree t;
	char path[VM_PATH_MAX], kept[VM_PATH_MAX];
	int rc;

	/* What was ordered to be refused stays refused at the next boot. */
	(void)TEXT_FORMAT(path, "%s/refuse", b->fake);
	(void)TEXT_FORMAT(kept, "%s/refuse", vm->dir);
	(void)rename(path, kept);
	rc = fs_remove(AT_FDCWD, b->fake);
	if (rc < 0)
		return error_set(err, FAULT_INTERNAL, -rc, "cannot remove %s", b->fake);
	if (sysfs_make(b->fake, vm, err) < 0 || tree_open(&t, b->fake, err) < 0)
		return -1;
	if (rename(kept, path) < 0)
		tree_dir(&t, "refuse");
	tree_put(&t, ".", "osrelease", "%s", b->release);
	if (vm->spec.agent)
		tree_put(&t, ".", "agent", "yes");
	if (tree_close(&t, b->fake, err) < 0)
		return -1;
	if (vm->spec.init)
		return 0;
	(void)TEXT_FORMAT(path, "%s/ready", b->fake);
	if (mkfifo(path, 0600) < 0 || (b->fifo = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot make %s", path);
	return 0;
}

/* Somebody's own root, the lab's layer over it; its kernel is the image's, or the one that it has.
 */
static int find_own_root(const struct vm_env *env, const struct vm *vm, const struct distro *d,
			 struct boot *b, struct error *err)
{
	char root[VM_PATH_MAX];

	if (root_find(env, root, err) < 0 || layer_find(env, root, b->layer, err) < 0)
		return -1;
	(void)TEXT_COPY(b->lower, vm->spec.root);
	if (d->kernel != NULL)
		return TEXT_COPY(b->release, d->kernel);
	return root_kernel(vm->spec.root, b->release, sizeof b->release, err);
}

/* What the cell's root is made of, and the kernel that it is to say it runs. */
static int find_layers(const struct vm_env *env, const struct vm *vm, struct boot *b,
		       struct error *err)
{
	const struct distro *d = distro_find(vm->spec.image, err);
	char root[VM_PATH_MAX];

	if (d != NULL && vm->spec.root[0] != '\0')
		return find_own_root(env, vm, d, b, err);
	if (d == NULL || distro_layers(env, d, b->lower, root, err) < 0 ||
	    layer_find(env, root, b->layer, err) < 0)
		return -1;
	if (d->kernel != NULL)
		return TEXT_COPY(b->release, d->kernel);
	return root_kernel(root, b->release, sizeof b->release, err);
}

static int boot_new(const struct vm_env *env, const struct vm *vm, struct boot *b,
		    struct error *err)
{
	struct opening opening = { b, vm };
	char lab[32];

	(void)TEXT_FORMAT(b->mount, "%s/mnt", vm->dir);
	(void)TEXT_FORMAT(b->fake, "%s/fake", vm->dir);
	(void)TEXT_FORMAT(lab, "ib-lab-%s", env->id);
	if (find_layers(env, vm, b, err) < 0 || furnish(b, vm, err) < 0)
		return -1;
	if (cgroup_name(&b->cgroup, lab, vm->spec.name, err) < 0 ||
	    cgroup_make(&b->cgroup, err) < 0)
		return -1;
	if (userns_open(&b->space, err) < 0 ||
	    net_within(b->space.net, open_notify, &opening, err) < 0)
		return -1;
	return net_furnish_cell(b->space.net, env->netns, vm, err);
}

/* The command line of systemd-nspawn; texts go into `text`. */
static void nspawn_args(const struct boot *b, const struct vm *vm, struct buf *text,
			const char *args[ARGS_MAX])
{
	static const char *const fixed[] = {
		"systemd-nspawn",
		"--quiet",
		"--register=no",
		"--keep-unit",
		"--console=pipe",
		"--resolv-conf=off",
		"--timezone=off",
		"--link-journal=no",
		"--capability=CAP_NET_ADMIN",
		"--drop-capability=CAP_SYS_MODULE,CAP_SYS_BOOT,CAP_SYS_TIME",
	};
	size_t n = 0, at = 0;

	/* Separated by NUL; the pointers are taken when the buffer grows no more. */
	(void)!buf_add_format(text, "--directory=%s%c", b->mount, 0);
	(void)!buf_add_format(text, "--machine=%s%c", vm->spec.name, 0);
	(void)!buf_add_format(text, "--bind=%s:/run/ib-lab%c", b->fake, 0);
	(void)!buf_add_format(text, "--kill-signal=%s%c", vm->spec.init ? "SIGRTMIN+3" : "SIGTERM",
			      0);
	(void)!buf_add_format(text, "--notify-ready=%s%c", vm->spec.init ? "yes" : "no", 0);
	if (vm->spec.agent_source[0] != '\0')
		(void)!buf_add_format(text, "--bind-ro=%s:/opt/wala%c", vm->spec.agent_source, 0);
	(void)!buf_add_format(text, "/usr/libexec/ib-lab/init%c%s%c", 0,
			      vm->spec.init ? "systemd" : "no-init", 0);
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		args[n++] = fixed[i];
	for (; at < text->len && n < ARGS_MAX - 1; at += strlen(text->data + at) + 1)
		args[n++] = text->data + at;
	args[n] = NULL;
}

/* In the child. The overlay is mounted in a namespace of its own, so that it goes when the cell
 * goes. */
static int enter_root(const struct boot *b, const struct vm *vm)
{
	char options[6 * VM_PATH_MAX];

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	if (TEXT_FORMAT(options, "lowerdir=%s:%s,upperdir=%s/upper,workdir=%s/work", b->layer,
			b->lower, vm->dir, vm->dir) < 0)
		return -ENAMETOOLONG;
	if (mount("ib-lab", b->mount, "overlay", 0, options) < 0)
		return -errno;
	/* systemd-nspawn leaves directories in /run/systemd: not in the host's. */
	if (mount("ib-lab", fs_exists(AT_FDCWD, "/run/systemd") ? "/run/systemd" : "/run", "tmpfs",
		  0, "mode=0755") < 0)
		return -errno;
	return 0;
}

/* In the child, after what the cell's own root may not do: limits that it could not raise, then its
 * user namespace, its network (else systemd-nspawn could mount no sysfs), and mounts that belong
 * to it. */
static int enter_space(const struct boot *b)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	(void)setrlimit(RLIMIT_MEMLOCK, &unlimited); /* some hosts' root may not */
	if (setns(b->space.user, CLONE_NEWUSER) < 0 || setns(b->space.net, CLONE_NEWNET) < 0 ||
	    unshare(CLONE_NEWNS) < 0)
		return -errno;
	/* What was mounted before is locked there; systemd-nspawn will move its root. */
	return mount(b->mount, b->mount, NULL, MS_BIND | MS_REC, NULL) < 0 ? -errno : 0;
}

__attribute__((noreturn)) static void child_main(const struct boot *b, const struct vm *vm,
						 const char *const *args, pid_t parent)
{
	AUTO_BUF struct buf notify = { 0 };
	char log[VM_PATH_MAX];
	sigset_t none;
	int rc, fd;

	(void)TEXT_FORMAT(log, "%s/console.log", vm->dir);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
		_exit(127);
	fd = open("/dev/null", O_RDONLY);
	(void)dup2(fd, STDIN_FILENO);
	(void)setsid();
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	rc = cgroup_enter(&b->cgroup, NULL);
	if (rc == 0)
		rc = enter_root(b, vm);
	if (rc == 0)
		rc = enter_space(b);
	if (rc < 0) {
		dprintf(STDERR_FILENO, "cannot set up the cell: %s\n", strerror(-rc));
		_exit(127);
	}
	(void)!buf_add_format(&notify, "@%s", b->notify_name);
	(void)clearenv();
	(void)setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	(void)setenv("NOTIFY_SOCKET", buf_text(&notify), 1);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	(void)execvp(args[0], (char *const *)(uintptr_t)args);
	dprintf(STDERR_FILENO, "cannot run %s: %s\n", args[0], strerror(errno));
	_exit(127);
}

static int cell_start(const struct vm_env *env, struct vm *vm, struct error *err)
{
	CLEANUP(boot_cleanup) struct boot *b = calloc(1, sizeof *b);
	AUTO_BUF struct buf text = { 0 };
	const char *args[ARGS_MAX];
	pid_t self = getpid();

	if (b == NULL)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "out of memory");
	b->space = (struct userns) { -1, -1 };
	b->notify = b->fifo = -1;
	if (boot_new(env, vm, b, err) < 0)
		return -1;
	nspawn_args(b, vm, &text, args);
	vm->child = fork();
	if (vm->child == 0)
		child_main(b, vm, args, self);
	if (vm->child < 0) {
		vm->child = 0;
		return error_set(err, FAULT_INTERNAL, errno, "cannot fork: %s", strerror(errno));
	}
	vm->ready_fd = b->fifo >= 0 ? b->fifo : b->notify;
	vm->leader = 0;
	vm->own = TAKE(b);
	return 0;
}

/* ---- running ------------------------------------------------------------------------------ */

static void read_notify(struct boot *b, struct vm *vm)
{
	char text[4096];
	ssize_t len;

	while ((len = recv(b->notify, text, sizeof text - 1, MSG_DONTWAIT)) > 0) {
		char *rest = text, *line;

		text[len] = '\0';
		while ((line = strsep(&rest, "\n")) != NULL) {
			long pid;

			if (text_starts(line, "X_NSPAWN_LEADER_PID=") &&
			    text_to_long(strchr(line, '=') + 1, 10, &pid) == 0)
				vm->leader = (pid_t)pid;
			b->said_ready = b->said_ready || text_eq(line, "READY=1");
		}
	}
}

static int cell_ready(const struct vm_env *env, struct vm *vm, struct error *err)
{
	struct boot *b = vm->own;
	char c[64];

	(void)env;
	(void)err;
	read_notify(b, vm);
	if (b->fifo >= 0 && read(b->fifo, c, sizeof c) <= 0)
		return 0;
	if (b->fifo < 0 && !b->said_ready)
		return 0;
	return vm->leader > 0;
}

static int cell_stop(const struct vm_env *env, struct vm *vm, struct error *err)
{
	(void)env;
	if (vm->child > 0 && kill(vm->child, SIGTERM) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot stop %s: %s", vm->spec.name,
				 strerror(errno));
	return 0;
}

static void cell_cut(const struct vm_env *env, struct vm *vm)
{
	(void)env;
	if (vm->leader > 0)
		(void)kill(vm->leader, SIGKILL); /* takes its whole PID namespace along */
	if (vm->child > 0)
		(void)kill(vm->child, SIGKILL);
}

static void cell_ended(const struct vm_env *env, struct vm *vm)
{
	struct boot *b = vm->own;
	char path[VM_PATH_MAX];
	AUTO_BUF struct buf verb = { 0 };

	(void)env;
	(void)TEXT_FORMAT(path, "%s/fake/shutdown", vm->dir);
	vm->reboot = fs_read(AT_FDCWD, path, 64, &verb) == 0 &&
		     text_starts(buf_text(&verb), "reboot");
	vm->ready_fd = -1;
	vm->leader = 0;
	vm->own = NULL;
	boot_free(b);
}

static int cell_changed(const struct vm_env *env, struct vm *vm, const char *key, struct error *err)
{
	const struct boot *b = vm->own;

	(void)env;
	return b == NULL ? 0 : sysfs_change(b->fake, vm, key, err);
}

static void cell_forget(const struct vm_env *env, struct vm *vm)
{
	(void)env;
	boot_free(vm->own);
	vm->own = NULL;
}

static json_t *cell_access(const struct vm_env *env, const struct vm *vm)
{
	const struct boot *b = vm->own;
	json_t *groups = json_array();

	(void)env;
	for (size_t i = 0; b != NULL && i < b->cgroup.count; i++)
		json_array_append_new(groups, json_string(b->cgroup.path[i]));
	return json_pack("{s:i, s:o}", "leader", (int)vm->leader, "cgroups", groups);
}

const struct vm_kind vm_kind_cell = {
	.name = "cell",
	.prepare = cell_prepare,
	.create = cell_create,
	.start = cell_start,
	.ready = cell_ready,
	.stop = cell_stop,
	.cut = cell_cut,
	.ended = cell_ended,
	.changed = cell_changed,
	.forget = cell_forget,
	.access = cell_access,
	.shell = cellshell_run,
};
