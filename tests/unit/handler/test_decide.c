/* tests/unit/handler/test_decide.c - the rules of repetition, row by row. */
#include "fixture.h"

#include "handler/decide.h"

static const struct {
	const char *name;
	struct repetition r;
	enum action want;
} rows[] = {
	{ "the first request on this machine", { .request = false }, ACTION_RUN },
	{ "a newer sequence number or other settings",
	  { .request = true, .same = false, .ended = true, .success = true },
	  ACTION_RUN },
	{ "a newer request while the worker is at work",
	  { .request = true, .same = false, .at_work = true },
	  ACTION_RUN },
	{ "the agent calls again while the worker is at work",
	  { .request = true, .same = true, .at_work = true },
	  ACTION_AT_WORK },
	{ "the worker was killed, or the power cut",
	  { .request = true, .same = true },
	  ACTION_RUN },
	{ "it succeeded, but the machine has changed since",
	  { .request = true, .same = true, .ended = true, .success = true },
	  ACTION_RUN },
	{ "it failed for good",
	  { .request = true,
	    .same = true,
	    .ended = true,
	    .fault = FAULT_PACKAGE_INSTALL,
	    .attempts = 1 },
	  ACTION_REPORT },
	{ "it failed for good, and a boot does not mend packages",
	  { .request = true,
	    .same = true,
	    .ended = true,
	    .fault = FAULT_PACKAGE_INSTALL,
	    .attempts = 1,
	    .boot_changed = true },
	  ACTION_REPORT },
	{ "a transient fault that has not been tried often",
	  { .request = true, .same = true, .ended = true, .fault = FAULT_DOWNLOAD, .attempts = 1 },
	  ACTION_RUN },
	{ "a transient fault that has been tried four times",
	  { .request = true,
	    .same = true,
	    .ended = true,
	    .fault = FAULT_DOWNLOAD,
	    .attempts = ATTEMPTS_MAX },
	  ACTION_REPORT },
	{ "a transient fault in a new boot",
	  { .request = true,
	    .same = true,
	    .ended = true,
	    .fault = FAULT_DOWNLOAD,
	    .attempts = ATTEMPTS_MAX,
	    .boot_changed = true },
	  ACTION_RUN },
	{ "no adapter, waited for in this boot",
	  { .request = true,
	    .same = true,
	    .ended = true,
	    .fault = FAULT_ADAPTER_ABSENT,
	    .attempts = 1 },
	  ACTION_REPORT },
	{ "no adapter, and the VM was moved to another host",
	  { .request = true,
	    .same = true,
	    .ended = true,
	    .fault = FAULT_ADAPTER_ABSENT,
	    .attempts = 1,
	    .boot_changed = true },
	  ACTION_RUN },
	{ "a size without InfiniBand, and the VM was resized",
	  { .request = true,
	    .same = true,
	    .ended = true,
	    .fault = FAULT_SIZE_WITHOUT_INFINIBAND,
	    .attempts = 1,
	    .boot_changed = true },
	  ACTION_RUN },
	{ "a driver that showed no port, whose remedy is a reboot",
	  { .request = true,
	    .same = true,
	    .ended = true,
	    .fault = FAULT_DRIVER_BROKEN,
	    .attempts = 1,
	    .boot_changed = true },
	  ACTION_RUN },
	{ "an adapter that went away meanwhile, whose remedy is a boot",
	  { .request = true,
	    .same = true,
	    .ended = true,
	    .fault = FAULT_ADAPTER_LOST,
	    .attempts = 1,
	    .boot_changed = true },
	  ACTION_RUN },
	{ "a driver that showed no port, in the same boot",
	  { .request = true,
	    .same = true,
	    .ended = true,
	    .fault = FAULT_DRIVER_BROKEN,
	    .attempts = 1 },
	  ACTION_REPORT },
};

static void decides(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (decide(&rows[i].r) != rows[i].want)
			fail_msg("%s: %d", rows[i].name, decide(&rows[i].r));
}

static const struct {
	const char *name;
	enum fault fault;
	unsigned attempts;
	int want;
} delay_rows[] = {
	{ "after the first", FAULT_PACKAGE_UPDATE, 1, 5 },
	{ "longer after the second", FAULT_PACKAGE_UPDATE, 2, 15 },
	{ "and the third", FAULT_PACKAGE_UPDATE, 3, 45 },
	{ "never after the fourth", FAULT_PACKAGE_UPDATE, 4, -1 },
	{ "never for a lasting fault", FAULT_PACKAGE_RESOLVE, 1, -1 },
	{ "nor where the run has waited already", FAULT_PACKAGE_LOCK, 1, -1 },
	{ "nor for a run that was taken over", FAULT_TAKEN_OVER, 1, -1 },
	{ "nor without a fault", FAULT_NONE, 1, -1 },
};

static void delays(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(delay_rows); i++)
		if (retry_delay_s(delay_rows[i].fault, delay_rows[i].attempts) !=
		    delay_rows[i].want)
			fail_msg("%s", delay_rows[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(decides), cmocka_unit_test(delays) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
