/* tests/fuzz/fuzz_boot.c - what logind, cloud-init, ip, proc/ and depmod write, as the steps around
 * a boot read it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "act/boot/deadman.h"
#include "act/boot/next_boot.h"
#include "act/boot/onlookers.h"
#include "act/pairs.h"
#include "act/process.h"
#include "act/build/sign.h"
#include "act/step/reload_order.h"
#include "act/boot/waits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int check_path(void *ctx, const char *path)
{
	(void)ctx;
	if (path[0] == '\0' || strncmp(path, "kernel/", 7) == 0 || strchr(path, '\n'))
		abort();
	return 0;
}

static void check_lines(const char *text)
{
	char ret[64];

	(void)deadman_gateway(text, ret, sizeof(ret));
	deadman_address(text, "eth0", ret, sizeof(ret));
	deadman_route(text, "eth0", ret, sizeof(ret));
	pairs_value(text, "WHAT", ret, sizeof(ret));
	if (strchr(ret, '\n'))
		abort();
	if (reload_order_possible(text, NULL) == 0 && reload_order_next(text, ret, sizeof(ret)) &&
	    !reload_order_has(text, ret))
		abort();
	(void)session_is_persons(text, ret, sizeof(ret));
	(void)inhibitor_blocks_shutdown(text, ret, sizeof(ret));
	(void)next_boot_network_takes_ipoib(text);
	if (next_boot_in_initramfs(text, "6.1", "mlx5_ib", ret, sizeof(ret)) && strchr(ret, '\n'))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char names[][192] = { "mlx5_ib", "ib_core" };
	char *text = malloc(size + 1);
	struct cloud_init_state cloud;
	uint64_t start;
	pid_t parent;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	check_lines(text);
	cloud_init_parse(text, size, &cloud);
	(void)process_stat_parse(text, &parent, &start);
	if (sign_files(text, names, 2, check_path, NULL) != 0)
		abort();
	free(text);
	return 0;
}
