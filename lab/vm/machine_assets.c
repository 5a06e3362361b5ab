/* The archives that meson made objects of with ld -b binary; the symbols are named after their
 * paths. */
#include "machine_assets.h"

#include <fcntl.h>

#include "base/fs.h"
#include "base/text.h"
#include "root.h"

extern const char kmod_start[] __asm__("_binary_lab_kmod_kmod_tar_start");
extern const char kmod_end[] __asm__("_binary_lab_kmod_kmod_tar_end");
extern const char machine_start[] __asm__("_binary_lab_vm_machine_tar_start");
extern const char machine_end[] __asm__("_binary_lab_vm_machine_tar_end");
extern const char distros_start[] __asm__("_binary_lab_vm_distros_tar_start");
extern const char distros_end[] __asm__("_binary_lab_vm_distros_tar_end");

struct asset asset_kmod(void)
{
	return (struct asset) { kmod_start, (size_t)(kmod_end - kmod_start) };
}

struct asset asset_machine(void)
{
	return (struct asset) { machine_start, (size_t)(machine_end - machine_start) };
}

struct asset asset_distros(void)
{
	return (struct asset) { distros_start, (size_t)(distros_end - distros_start) };
}

int asset_unpack(const struct vm_env *env, struct asset a, const char *dir, struct error *err)
{
	char tar[VM_PATH_MAX];
	const char *const argv[] = { "tar", "-xf", tar, "-C", dir, "--no-same-owner", NULL };
	int rc;

	(void)TEXT_FORMAT(tar, "%s.tar", dir);
	rc = fs_replace(AT_FDCWD, tar, a.data, a.len, 0644);
	if (rc < 0)
		return error_set(err, FAULT_INTERNAL, -rc, "cannot write %s: %s", tar,
				 strerror(-rc));
	rc = root_run(env, argv, NULL, 60, err);
	(void)unlink(tar);
	return rc;
}
