/* The verb demo: the script lab/demo/run, which travels in the program. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "cli.h"

__asm__(".section .rodata\ndemo_script:\n.incbin \"run\"\n.byte 0\n.previous\n");
extern const char demo_script[] __attribute__((visibility("hidden")));

static int run_demo(const struct cli *c)
{
	const char *dist = cli_value(c, "dist");
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);

	if (len < 0)
		return LAB_FAILED;
	self[len] = '\0';
	if (setenv("IB_LAB", self, 1) < 0 ||
	    setenv("IB_LAB_DIST", dist != NULL ? dist : "dist", 1) < 0)
		return LAB_FAILED;
	(void)execl("/bin/sh", "sh", "-c", demo_script, "ib-lab demo",
		    cli_flag(c, "cell") ? "--cell" : "--machine", (char *)NULL);
	fprintf(stderr, "ib-lab: cannot run /bin/sh: %s\n", strerror(errno));
	return LAB_FAILED;
}

const struct cli_verb cli_demo_verbs[] = {
	{ "demo", "[--cell] [--dist DIR]", "the main job, in a lab of its own", "cell dist= json",
	  0, 0, run_demo },
	{ 0 },
};
