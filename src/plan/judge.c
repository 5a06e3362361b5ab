/* plan/judge.c - is this machine served at all: exit codes 10, 13 and 11, before any driver is
 * looked for. */
#include "plan/room.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "catalogue/catalogue.h"

void decision_refuse(struct decision *ret, enum fault fault, const char *fmt, ...)
{
	va_list ap;

	*ret = (struct decision) { .exit_code = fault_row(fault)->exit_code, .fault = fault };
	(void)TEXT_COPY(ret->remedy, fault_row(fault)->remedy);
	va_start(ap, fmt);
	(void)vsnprintf(ret->reason, sizeof ret->reason, fmt, ap);
	va_end(ap);
}

/* Without Hyper-V's bus no virtual function can appear. Unknown is not missing. */
static bool hyperv_judge(const struct facts *f, struct decision *ret)
{
	if (f->hyperv.vmbus == TRI_NO) {
		decision_refuse(ret, FAULT_NO_VMBUS, "This Azure VM shows no VMBus (kernel %s)",
				f->kernel.release);
		return false;
	}
	if (f->hyperv.pci == TRI_NO) {
		decision_refuse(ret, FAULT_NO_HYPERV_PCI,
				"Kernel %s has pci-hyperv neither built in nor loadable",
				f->kernel.release);
		return false;
	}
	return true;
}

/* "none of the 2 adapters on its PCI bus is an InfiniBand function" */
static const char *adapters_text(const struct facts *f, char ret[static 96])
{
	if (f->nnics == 0)
		(void)text_copy(ret, 96, "no Mellanox adapter is on its PCI bus");
	else if (f->nnics == 1)
		(void)text_copy(ret, 96,
				"the one adapter on its PCI bus is no InfiniBand function");
	else
		(void)text_format(
			ret, 96, "none of the %u adapters on its PCI bus is an InfiniBand function",
			f->nnics);
	return ret;
}

static bool size_judge(const struct facts *f, const struct size_row *size, unsigned functions,
		       struct decision *ret)
{
	char adapters[96];

	if (size != NULL && size->kind == SIZE_NO_INFINIBAND) {
		decision_refuse(ret, FAULT_SIZE_WITHOUT_INFINIBAND, "%s (%s) has no InfiniBand",
				size->name, size->series);
		return false;
	}
	if (size == NULL && f->vm.size[0] != '\0' && functions == 0) {
		decision_refuse(ret, FAULT_SIZE_NOT_KNOWN,
				"%s is not a size of the catalogue, and %s", f->vm.size,
				adapters_text(f, adapters));
		return false;
	}
	return true;
}

static bool adapter_judge(const struct facts *f, const struct size_row *size, unsigned functions,
			  struct decision *ret)
{
	char adapters[96];

	if (size != NULL && size->kind == SIZE_NETWORK_DIRECT) {
		decision_refuse(
			ret, FAULT_NETWORK_DIRECT,
			"%s has RDMA by Network Direct only, without an InfiniBand function "
			"for the guest",
			size->name);
		return false;
	}
	if (functions > 0)
		return true;
	if (!f->vm.azure)
		decision_refuse(ret, FAULT_NO_ADAPTER, "This machine is not an Azure VM, and %s",
				adapters_text(f, adapters));
	else if (size != NULL)
		decision_refuse(ret, FAULT_ADAPTER_ABSENT,
				"%s has %u InfiniBand function%s, but none is on the PCI bus",
				size->name, size->ports, size->ports == 1 ? "" : "s");
	else
		decision_refuse(ret, FAULT_SIZE_UNKNOWN_NO_ADAPTER,
				"Instance metadata does not tell the size of this VM, and %s",
				adapters_text(f, adapters));
	return false;
}

bool machine_judge(const struct inputs *in, struct plan *ret)
{
	const struct facts *f = in->facts;
	const struct size_row *size = NULL;
	unsigned functions = facts_count_infiniband_nics(f);

	if (f->vm.azure) {
		size = catalogue_size(in->catalogue, f->vm.size);
		if (!hyperv_judge(f, &ret->decision) ||
		    !size_judge(f, size, functions, &ret->decision))
			return false;
	}
	return adapter_judge(f, size, functions, &ret->decision);
}
