/* The lab's scripts, put into the program by the assembler: they stay readable files in the source.
 */
#include "embed.h"

#define EMBED(symbol, file)                                                                        \
	__asm__(".section .rodata\n" #symbol ":\n.incbin \"" file "\"\n" #symbol                   \
		"_end:\n.byte 0\n.previous\n");                                                    \
	extern const char symbol[] __attribute__((visibility("hidden")));                          \
	extern const char symbol##_end[] __attribute__((visibility("hidden")))

EMBED(file_cell_init, "cell-init");
EMBED(file_agent, "agent");
EMBED(file_load, "load");
EMBED(file_unload, "unload");
EMBED(file_modules_load, "modules-load");
EMBED(file_modules_load_service, "modules-load.service");
EMBED(file_agent_conf, "agent.conf");
EMBED(file_shutdown, "shutdown");
EMBED(file_make_rpm_world, "make-rpm-world");
EMBED(file_make_image, "make-image");
EMBED(file_make_headers, "make-headers");
EMBED(file_uname, "uname");

const char *const embed_make_rpm_world = file_make_rpm_world;
const char *const embed_make_image = file_make_image;
const char *const embed_make_headers = file_make_headers;

#define LIBEXEC "usr/libexec/ib-lab/"
#define SYSTEM  "etc/systemd/system/"

const struct embed embed_files[] = {
	{ LIBEXEC "init", 0755, file_cell_init, file_cell_init_end },
	{ LIBEXEC "agent", 0755, file_agent, file_agent_end },
	{ LIBEXEC "load", 0755, file_load, file_load_end },
	{ LIBEXEC "unload", 0755, file_unload, file_unload_end },
	{ LIBEXEC "modules-load", 0755, file_modules_load, file_modules_load_end },
	{ "usr/bin/uname", 0755, file_uname, file_uname_end },
	{ SYSTEM "ib-lab-modules-load.service", 0644, file_modules_load_service,
	  file_modules_load_service_end },
	{ SYSTEM "walinuxagent.service.d/ib-lab.conf", 0644, file_agent_conf, file_agent_conf_end },
	{ "usr/lib/systemd/system-shutdown/ib-lab", 0755, file_shutdown, file_shutdown_end },
	{ 0 },
};
