/* lab-init: the whole initial RAM disk of a machine. It loads the drivers of the disk, mounts it,
 * and becomes its init.
 *
 * The distribution's own initrd takes seconds under TCG to be unpacked and to look for hardware; it
 * stays on the disk, where update-initramfs keeps it, and is not booted. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MODULES "/modules" /* one path a line, in the order of loading */
#define DISK    "/dev/vda"

static _Noreturn void die(const char *what)
{
	(void)dprintf(STDERR_FILENO, "lab-init: %s: %s\n", what, strerror(errno));
	for (;;)
		(void)pause();
}

static void module_load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST))
		(void)dprintf(STDERR_FILENO, "lab-init: %s: %s\n", path, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
}

static void modules_load(void)
{
	char line[512];
	FILE *f = fopen(MODULES, "re");

	while (f != NULL && fgets(line, sizeof line, f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		module_load(line);
	}
	if (f != NULL)
		(void)fclose(f);
}

/* The disk is found by the driver's own thread. */
static void disk_wait(void)
{
	for (int i = 0; i < 3000 && access(DISK, F_OK) != 0; i++)
		(void)usleep(10000);
}

int main(void)
{
	const char *const argv[] = { "init", NULL };

	if (mount("udev", "/dev", "devtmpfs", MS_NOSUID, "mode=755") < 0)
		die("/dev");
	modules_load();
	disk_wait();
	if (mount(DISK, "/root", "ext4", MS_RELATIME, NULL) < 0)
		die(DISK);
	if (mount("/dev", "/root/dev", NULL, MS_MOVE, NULL) < 0 || chdir("/root") < 0 ||
	    mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0)
		die("/root");
	execv("/sbin/init", (char *const *)argv);
	die("/sbin/init");
}
