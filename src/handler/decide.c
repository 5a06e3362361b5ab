/* handler/decide.c - the table of repetition and the delays between attempts. */
#include "handler/decide.h"

#include <stddef.h>

#include "base/text.h"

/* Transient faults that a run ends with only after it has waited for their end: to wait again helps
 * nobody. */
static const enum fault waited_for[] = {
	FAULT_ADAPTER_ABSENT, FAULT_SIZE_UNKNOWN_NO_ADAPTER, FAULT_RUN_HELD,   FAULT_PACKAGE_LOCK,
	FAULT_DEADLINE,       FAULT_FABRIC_NOT_READY,        FAULT_TAKEN_OVER,
};

/* Lasting faults which a boot may nevertheless have mended, as their remedies say. */
static const enum fault mended_by_boot[] = { FAULT_DRIVER_BROKEN, FAULT_DEGRADED,
					     FAULT_MODULE_LOAD,   FAULT_ADAPTER_LOST,
					     FAULT_UNDO_FAILED,   FAULT_REBOOT_REQUIRED };

/* Seconds before the second, third and fourth attempt. */
static const int delays_s[ATTEMPTS_MAX - 1] = { 5, 15, 45 };

static bool is_one_of(enum fault fault, const enum fault *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == fault)
			return true;
	return false;
}

/* 1 and 10 to 13 are judgements of the machine, cheap to make again; a VM may have been resized,
 * which takes a boot. */
static bool boot_may_help(enum fault fault)
{
	const struct fault_row *row = fault_row(fault);

	return row->transient || row->exit_code != 14 ||
	       is_one_of(fault, mended_by_boot, ARRAY_SIZE(mended_by_boot));
}

enum action decide(const struct repetition *r)
{
	if (!r->request || !r->same)
		return ACTION_RUN;
	if (!r->ended)
		return r->at_work ? ACTION_AT_WORK : ACTION_RUN; /* cut off: go on */
	if (r->success)
		return ACTION_RUN; /* the fast path found that the machine differs since */
	if (r->boot_changed && boot_may_help(r->fault))
		return ACTION_RUN;
	return retry_delay_s(r->fault, r->attempts) >= 0 ? ACTION_RUN : ACTION_REPORT;
}

int retry_delay_s(enum fault fault, unsigned attempts)
{
	if (!fault_row(fault)->transient || attempts == 0 || attempts >= ATTEMPTS_MAX ||
	    is_one_of(fault, waited_for, ARRAY_SIZE(waited_for)))
		return -1;
	return delays_s[attempts - 1];
}
