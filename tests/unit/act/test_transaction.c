/* tests/unit/act/test_transaction.c - which transactions are safe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "act/packages/transaction.h"
#include "base/text.h"

static const struct {
	const char *name;
	enum change_kind kind;
	bool safe;
} rows[] = {
	{ "rdma-core", CHANGE_INSTALL, true },
	{ "rdma-core", CHANGE_REMOVE, true },
	{ "libibverbs:i686", CHANGE_REMOVE, true },
	{ "vim", CHANGE_REPLACE, true },
	{ "vim", CHANGE_REMOVE, false },
	{ "linux-image-6.1.0-50-amd64", CHANGE_INSTALL, false },
	{ "linux-headers-6.1.0-50-amd64", CHANGE_INSTALL, true },
	{ "kernel", CHANGE_INSTALL, false },
	{ "kernel-core", CHANGE_REPLACE, false },
	{ "kernel-modules-core", CHANGE_INSTALL, false },
	{ "kernel-devel", CHANGE_INSTALL, true },
	{ "kernel-headers", CHANGE_REPLACE, true },
	{ "kernel-uek-core", CHANGE_INSTALL, false },
	{ "kernel-uek-devel", CHANGE_INSTALL, true },
	{ "kernel-default", CHANGE_INSTALL, false },
	{ "kernel-default-base", CHANGE_INSTALL, false },
	{ "kernel-default-devel", CHANGE_INSTALL, true },
	{ "kernel-azure", CHANGE_REPLACE, false },
	{ "kernel-azure-devel", CHANGE_INSTALL, true },
	{ "kernel-devel-azure", CHANGE_INSTALL, true },
	{ "kernel-source-azure", CHANGE_INSTALL, true },
	{ "kernel-syms-azure", CHANGE_INSTALL, true },
	{ "kernel-hwe", CHANGE_INSTALL, false },
	{ "kernel-hwe-devel", CHANGE_INSTALL, true },
	{ "kernel-64k-core", CHANGE_INSTALL, false },
	{ "kernel-rt-core", CHANGE_INSTALL, false },
	{ "kernel-default-devel", CHANGE_REMOVE, false },
};

static void judges(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_TRANSACTION struct transaction t = { 0 };
		struct change c = { .kind = rows[i].kind };
		struct error err = { 0 };
		bool safe;

		(void)TEXT_COPY(c.name, rows[i].name);
		assert_int_equal(transaction_add(&t, &c), 0);
		safe = transaction_judge(&t, &err) == 0;
		if (safe != rows[i].safe || (!safe && err.fault != FAULT_PACKAGE_UNSAFE))
			fail_msg("%s: %s", rows[i].name, safe ? "safe" : err.what);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(judges) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
