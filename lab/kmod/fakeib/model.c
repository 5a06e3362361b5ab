// SPDX-License-Identifier: GPL-2.0-only
/*
 * What each adapter is called and how fast Azure wires it (the VM size tables of its
 * documentation).
 */
#include "fakeib.h"

static const struct model models[] = {
	{ 0x1004, "mlx4_%d", 56 },  /* ConnectX-3 Pro VF, FDR */
	{ 0x1014, "mlx5_%d", 100 }, /* ConnectX-4 VF, EDR */
	{ 0x1018, "mlx5_%d", 100 }, /* ConnectX-5 VF, EDR */
	{ 0x101a, "mlx5_%d", 100 }, /* ConnectX-5 Ex VF, EDR */
	{ 0x101c, "mlx5_%d", 200 }, /* ConnectX-6 VF, HDR */
	{ 0x101e, "mlx5_%d", 400 }, /* ConnectX-7 and later VF, NDR */
};

static const struct model other = { 0, "mlx5_%d", 100 };

const struct model *model_of(const struct pci_dev *pdev)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(models); i++)
		if (models[i].device == pdev->device)
			return &models[i];
	return &other;
}
