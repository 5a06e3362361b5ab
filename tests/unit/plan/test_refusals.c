/* tests/unit/plan/test_refusals.c - every fault of the exit codes 10 to 13 that a plan can end
 * with, and the whole of what the reader of the portal then sees: the reason, and what to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "rows.h"

static struct bench bench;
static struct facts *const f = &bench.facts;
static struct settings *const s = &bench.settings;

#define CHANGE(name, ...)                                                                          \
	static void name(void)                                                                     \
	{                                                                                          \
		__VA_ARGS__;                                                                       \
	}

CHANGE(no_vmbus, f->hyperv.vmbus = TRI_NO)
CHANGE(no_pci, f->hyperv.pci = TRI_NO)
CHANGE(no_function, functions_clear(f))
CHANGE(network_direct, size_set(f, "Standard_H16r"))
CHANGE(size_silent, size_set(f, ""); functions_clear(f))
CHANGE(elsewhere, f->vm.azure = false; functions_clear(f))
CHANGE(other_os, os_set(f, "fedora", "40", "dnf"))
CHANGE(ask_distro, s->driver = CHOICE_DISTRO)
CHANGE(ask_version, (void)TEXT_COPY(s->driver_version, "9.9"); s->driver = CHOICE_DOCA_OFED)
CHANGE(secure_boot, f->kernel.secure_boot = TRI_YES; s->driver = CHOICE_MLNX_OFED)
CHANGE(foreign, f->users[f->nusers++] = ((struct module_user) { "ko2iblnd", "rdma_cm" });
       s->driver = CHOICE_MLNX_OFED)
CHANGE(look_alike, size_set(f, "Standard_ND96is_H100_v5"); functions_clear(f))
CHANGE(size_new, size_set(f, "Standard_Z9s_v9"); functions_clear(f))

static const struct {
	enum fault fault;
	int exit_code;
	void (*change)(void);
	const char *reason, *remedy;
} rows[] = {
	{ FAULT_NO_VMBUS, 10, no_vmbus, "This Azure VM shows no VMBus (kernel 6.8.0-1041-azure)",
	  "Use a kernel with hv_vmbus (CONFIG_HYPERV), or install Linux Integration Services." },
	{ FAULT_NO_HYPERV_PCI, 10, no_pci,
	  "Kernel 6.8.0-1041-azure has pci-hyperv neither built in nor loadable",
	  "Use a kernel with pci-hyperv (CONFIG_PCI_HYPERV); check the output of lspci." },
	{ FAULT_ADAPTER_ABSENT, 11, no_function,
	  "Standard_HB120rs_v3 has 1 InfiniBand function, but none is on the PCI bus",
	  "Stop (deallocate) and start the VM so that it moves to another host; if it stays so, "
	  "open an Azure support request with the VM's id." },
	{ FAULT_NETWORK_DIRECT, 11, network_direct,
	  "Standard_H16r has RDMA by Network Direct only, without an InfiniBand function for the "
	  "guest",
	  "Use an SR-IOV size such as Standard_HB120rs_v3." },
	{ FAULT_SIZE_UNKNOWN_NO_ADAPTER, 11, size_silent,
	  "Instance metadata does not tell the size of this VM, and the one adapter on its PCI bus "
	  "is no InfiniBand function",
	  "Check that 169.254.169.254 can be reached from this VM, and that the size has "
	  "InfiniBand." },
	{ FAULT_NO_ADAPTER, 11, elsewhere,
	  "This machine is not an Azure VM, and the one adapter on its PCI bus is no "
	  "InfiniBand function",
	  "Run it on a machine with a Mellanox InfiniBand adapter." },
	{ FAULT_UNSUPPORTED_IMAGE, 12, other_os,
	  "No driver of the catalogue serves fedora 40 on x86_64 with kernel 6.8.0-1041-azure",
	  "Use an image whose distribution, version and kernel docs/support-matrix.md lists." },
	{ FAULT_UNSUPPORTED_DRIVER_CHOICE, 12, ask_distro,
	  "The driver distro does not serve this machine: no row of the catalogue for ubuntu "
	  "22.04; "
	  "eligible here: doca-ofed, mlnx-ofed, inbox",
	  "Leave `driver` at auto, or choose one that `ib-vmext plan` lists as eligible." },
	{ FAULT_UNSUPPORTED_DRIVER_VERSION, 12, ask_version,
	  "Version 9.9 is not to be had for this machine: doca-ofed gives 3.2.1",
	  "Leave `driverVersion` out, or choose one that `ib-vmext plan` lists." },
	{ FAULT_SECURE_BOOT, 12, secure_boot,
	  "The driver mlnx-ofed cannot be used on ubuntu 22.04: its modules are compiled here and "
	  "signed by nobody, and under Secure Boot kernel 6.8.0-1041-azure loads signed modules "
	  "only",
	  "Give modulesKey and enrol its certificate with mokutil, choose driver inbox where "
	  "`ib-vmext "
	  "plan` lists it as eligible, or deploy "
	  "the VM without Secure Boot." },
	{ FAULT_SIZE_WITHOUT_INFINIBAND, 13, look_alike,
	  "Standard_ND96is_H100_v5 (ND H100 v5) has no InfiniBand",
	  "Deploy with an InfiniBand-enabled (\"r\") size of the H or N series." },
	{ FAULT_FOREIGN_MODULES, 12, foreign,
	  "The driver mlnx-ofed cannot be used on ubuntu 22.04: ko2iblnd would no longer load: "
	  "what "
	  "hangs on the stack must be built anew against the new one, and DKMS does not know it",
	  "End what uses them and unload them, or bring them to DKMS as their vendor says, and "
	  "deploy again; or choose driver inbox; or set force, and build them anew by hand after "
	  "the next boot." },
	{ FAULT_SIZE_NOT_KNOWN, 13, size_new,
	  "Standard_Z9s_v9 is not a size of the catalogue, and the one adapter on its PCI "
	  "bus is no InfiniBand function",
	  "If the size has InfiniBand, stop (deallocate) and start the VM; if it has none, deploy "
	  "with "
	  "an InfiniBand-enabled (\"r\") size of the H or N series." },
};

static void says_the_whole_message(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct decision *d = &bench.plan.decision;

		bench_reset(&bench);
		rows[i].change();
		bench_plan(&bench);
		if (d->fault != rows[i].fault || d->exit_code != rows[i].exit_code ||
		    !text_eq(d->reason, rows[i].reason) || !text_eq(d->remedy, rows[i].remedy))
			fail_msg("%s: %d, %s: %s. %s", fault_row(rows[i].fault)->slug, d->exit_code,
				 fault_row(d->fault)->slug, d->reason, d->remedy);
	}
}

/* Those that only the engine or the verification can come to; their own tests reach them. */
static bool is_of_others(enum fault fault)
{
	return fault == FAULT_IRREVERSIBLE || fault == FAULT_ROUTE_NOT_CARRIED_OUT ||
	       fault == FAULT_SECURE_BOOT_KEY || fault == FAULT_ABSENT ||
	       fault == FAULT_IMAGE_KERNEL || fault == FAULT_IMAGE_CONFLICT ||
	       fault == FAULT_FILE_CONFLICT;
}

static void reaches_every_fault(void **unused)
{
	(void)unused;
	for (int fault = 1; fault < FAULT_COUNT; fault++) {
		int code = fault_row((enum fault)fault)->exit_code;
		bool reached = is_of_others((enum fault)fault);

		for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
			reached |= (int)rows[i].fault == fault;
		if (code >= 10 && code <= 13 && !reached)
			fail_msg("no row reaches %s", fault_row((enum fault)fault)->slug);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_the_whole_message),
		cmocka_unit_test(reaches_every_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
