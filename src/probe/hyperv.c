/* probe/hyperv.c - looks for VMBus and the Hyper-V PCI driver. */
#include "probe/hyperv.h"

#include "facts/facts.h"
#include "host/host.h"

void hyperv_read(const struct host *h, struct facts *ret)
{
	if (host_exists(h, "sys/bus/vmbus"))
		ret->hyperv.vmbus = TRI_YES;
	else if (host_knows(h, "sys/bus/vmbus"))
		ret->hyperv.vmbus = TRI_NO;

	if (host_exists(h, "sys/bus/vmbus/drivers/hv_pci") ||
	    facts_module(ret, "pci_hyperv") != NULL)
		ret->hyperv.pci = TRI_YES;
	else if (ret->modules_known && host_knows(h, "sys/bus/vmbus/drivers"))
		ret->hyperv.pci = TRI_NO;
}
