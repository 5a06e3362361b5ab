/* tests/fuzz/fuzz_handler_environment.c - whatever HandlerEnvironment.json holds, the folders are
 * absolute or it is refused. */
#include <assert.h>
#include <stdint.h>

#include "handler/environment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct environment env = { 0 };
	char why[200] = "";

	if (environment_parse((const char *)data, size, &env, why, sizeof why) < 0) {
		assert(why[0] != '\0');
		return 0;
	}
	assert(env.status_folder[0] == '/' && env.config_folder[0] == '/');
	assert(env.log_folder[0] == '/');
	assert(env.events_folder[0] == '\0' || env.events_folder[0] == '/');
	return 0;
}
