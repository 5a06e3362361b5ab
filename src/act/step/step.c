/* The table of step kinds. */
#include "act/step/step.h"

const struct step_ops *step_ops(enum step_kind kind)
{
	static const struct step_ops *const table[STEP_KIND_COUNT] = {
		[STEP_PACKAGES] = &step_packages,   [STEP_FILE] = &step_file,
		[STEP_MODULES] = &step_modules,     [STEP_DOWNLOAD] = &step_download,
		[STEP_SERVICES] = &step_services,   [STEP_PREBUILT] = &step_prebuilt,
		[STEP_SIGN] = &step_sign,           [STEP_NEXT_BOOT] = &step_next_boot,
		[STEP_RELOAD] = &step_reload,       [STEP_REPOSITORY] = &step_repository,
		[STEP_BUILD] = &step_build,         [STEP_INSTALLER] = &step_installer,
		[STEP_MANAGER] = &step_manager,     [STEP_ADDRESSES] = &step_addresses,
		[STEP_INITRAMFS] = &step_initramfs,
	};

	return table[kind];
}
