#include "fixture.h"
#define NEEDS(x) x(mlxfw)
FIXTURE(mlx5_core, NEEDS);

/* Source: mlx5_core's own table, the virtual functions. */
static const struct pci_device_id ids[] = {
	{ PCI_DEVICE(0x15b3, 0x1014) },
	{ PCI_DEVICE(0x15b3, 0x1016) },
	{ PCI_DEVICE(0x15b3, 0x1018) },
	{ PCI_DEVICE(0x15b3, 0x101a) },
	{ PCI_DEVICE(0x15b3, 0x101c) },
	{ PCI_DEVICE(0x15b3, 0x101e) },
	{ 0 },
};
MODULE_DEVICE_TABLE(pci, ids);
