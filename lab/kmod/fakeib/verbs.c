// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the RDMA core asks of a device. The verbs that move data are left out; the core then keeps
 * kernel clients that need them (IPoIB, NFS, iSER) away from the device by itself.
 */
#include <linux/module.h>
#include <linux/sysfs.h>

#include "fakeib.h"

#define PKEY_FULL  0x8001 /* full member of the tenant's partition */
#define PKEY_BASIC 0x7fff /* limited member of the default one */

static char *fw = "20.31.1014";
module_param(fw, charp, 0444);
MODULE_PARM_DESC(fw, "firmware version to show");

struct hca_pd {
	struct ib_pd ib;
};

struct hca_ucontext {
	struct ib_ucontext ib;
};

static int query_device(struct ib_device *ib, struct ib_device_attr *ret, struct ib_udata *udata)
{
	memset(ret, 0, sizeof(*ret));
	ret->sys_image_guid = cpu_to_be64(hca_guid(to_hca(ib)));
	ret->vendor_id = 0x2c9;
	ret->vendor_part_id = to_hca(ib)->pdev->device;
	ret->max_qp = ret->max_cq = ret->max_mr = ret->max_pd = 16;
	ret->max_pkeys = 2;
	return 0;
}

static int query_port(struct ib_device *ib, u32 port, struct ib_port_attr *ret)
{
	port_fill(to_hca(ib), port, ret);
	return 0;
}

static int query_gid(struct ib_device *ib, u32 port, int index, union ib_gid *ret)
{
	ret->global.subnet_prefix = cpu_to_be64(0xfe80000000000000ULL);
	ret->global.interface_id = cpu_to_be64(hca_port_guid(to_hca(ib), port));
	return 0;
}

static int query_pkey(struct ib_device *ib, u32 port, u16 index, u16 *ret)
{
	*ret = index ? PKEY_BASIC : PKEY_FULL;
	return 0;
}

/* No management datagrams: nothing behind the port would answer them. */
static int get_port_immutable(struct ib_device *ib, u32 port, struct ib_port_immutable *ret)
{
	ret->gid_tbl_len = 1;
	ret->pkey_tbl_len = 2;
	ret->core_cap_flags = to_hca(ib)->ethernet ? 0 : RDMA_CORE_CAP_PROT_IB;
	return 0;
}

static enum rdma_link_layer get_link_layer(struct ib_device *ib, u32 port)
{
	return to_hca(ib)->ethernet ? IB_LINK_LAYER_ETHERNET : IB_LINK_LAYER_INFINIBAND;
}

static void get_dev_fw_str(struct ib_device *ib, char *ret)
{
	strscpy(ret, fw, IB_FW_VERSION_NAME_MAX);
}

static int alloc_pd(struct ib_pd *pd, struct ib_udata *udata)
{
	return 0;
}

static int dealloc_pd(struct ib_pd *pd, struct ib_udata *udata)
{
	return 0;
}

static int alloc_ucontext(struct ib_ucontext *ctx, struct ib_udata *udata)
{
	return 0;
}

static void dealloc_ucontext(struct ib_ucontext *ctx)
{
}

static ssize_t hca_type_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct ib_device *ib = rdma_device_to_ibdev(dev);

	return sysfs_emit(buf, "MT%u\n", to_hca(ib)->pdev->device);
}
static DEVICE_ATTR_RO(hca_type);

static ssize_t board_id_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "MT_0000000223\n");
}
static DEVICE_ATTR_RO(board_id);

static ssize_t hw_rev_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "0\n");
}
static DEVICE_ATTR_RO(hw_rev);

static struct attribute *hca_attrs[] = {
	&dev_attr_hca_type.attr,
	&dev_attr_board_id.attr,
	&dev_attr_hw_rev.attr,
	NULL,
};

static const struct attribute_group hca_group = { .attrs = hca_attrs };

const struct ib_device_ops hca_ops = {
	.owner = THIS_MODULE,
	.driver_id = RDMA_DRIVER_UNKNOWN,
	.uverbs_abi_ver = 1,
	.device_group = &hca_group,

	.query_device = query_device,
	.query_port = query_port,
	.query_gid = query_gid,
	.query_pkey = query_pkey,
	.get_port_immutable = get_port_immutable,
	.get_link_layer = get_link_layer,
	.get_dev_fw_str = get_dev_fw_str,
	.alloc_pd = alloc_pd,
	.dealloc_pd = dealloc_pd,
	.alloc_ucontext = alloc_ucontext,
	.dealloc_ucontext = dealloc_ucontext,

	INIT_RDMA_OBJ_SIZE(ib_pd, hca_pd, ib),
	INIT_RDMA_OBJ_SIZE(ib_ucontext, hca_ucontext, ib),
};
