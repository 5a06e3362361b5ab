/* Reads the disk onto which a machine's boot loader wrote what is to be started next. */
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "base/text.h"
#include "image.h"
#include "qemu.h"

enum { PAGE = 4096, DISK_MIB = 128 };

/* Where a file lies: from the n-th MiB on. */
struct extent {
	long long mib, bytes;
};

int bootdisk_create(const char *dir, struct error *err)
{
	char path[VM_PATH_MAX];
	AUTO_FD int fd = -1;

	(void)TEXT_FORMAT(path, "%s/" QEMU_BOOT, dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, (off_t)DISK_MIB << 20) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot make %s: %s", path,
				 strerror(errno));
	return 0;
}

/* A line "KEY=MIB BYTES" of the page. */
static bool extent_read(const char *page, const char *key, struct extent *ret)
{
	const char *at = strstr(page, key);
	struct extent e;

	if (at == NULL || sscanf(at + strlen(key), "%lld %lld", &e.mib, &e.bytes) != 2)
		return false;
	if (e.mib < 1 || e.bytes < 1 || e.mib >= DISK_MIB ||
	    e.bytes > (DISK_MIB - e.mib) * (1LL << 20))
		return false;
	*ret = e;
	return true;
}

/* What the guest adds to the kernel's command line. Cut to what fits. */
static void parameters_read(const char *page, char ret[static BOOT_PARAMETERS_SIZE])
{
	static const char key[] = "\nparameters=";
	const char *at = strstr(page, key);

	if (at == NULL)
		return;
	at += sizeof(key) - 1;
	(void)text_format(ret, BOOT_PARAMETERS_SIZE, "%.*s", (int)strcspn(at, "\n"), at);
}

static bool extent_copy(int disk, const struct extent *e, const char *to)
{
	AUTO_FD int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	off_t at = e->mib << 20, end = at + e->bytes;

	while (fd >= 0 && at < end && sendfile(fd, disk, &at, (size_t)(end - at)) > 0)
		;
	return fd >= 0 && at == end;
}

int bootdisk_take(const char *dir, char ret_parameters[static BOOT_PARAMETERS_SIZE])
{
	char path[VM_PATH_MAX], kernel[VM_PATH_MAX], initrd[VM_PATH_MAX], page[PAGE + 1] = "";
	struct extent k, i;
	AUTO_FD int fd = -1;

	(void)TEXT_FORMAT(path, "%s/" QEMU_BOOT, dir);
	(void)TEXT_FORMAT(kernel, "%s/" IMAGE_KERNEL, dir);
	(void)TEXT_FORMAT(initrd, "%s/" IMAGE_INITRD, dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pread(fd, page, PAGE, 0) != PAGE)
		return 0;
	parameters_read(page, ret_parameters);
	return extent_read(page, "\nkernel=", &k) && extent_read(page, "\ninitrd=", &i) &&
	       extent_copy(fd, &k, kernel) && extent_copy(fd, &i, initrd);
}
