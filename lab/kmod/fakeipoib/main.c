// SPDX-License-Identifier: GPL-2.0-only
/*
 * fakeipoib - the network interface of each InfiniBand port, as ib_ipoib would make it.
 *
 * The real ib_ipoib keeps away from fakeib's devices, which cannot move data. This stands in for
 * it: ib0, ib1, ... of type InfiniBand with a 20-byte address made from the port's GID, a carrier
 * that follows the port's state, and a transmit function that drops. A softdep of ib_ipoib loads
 * it.
 */
#include <linux/ethtool.h>
#include <linux/if_arp.h>
#include <linux/if_infiniband.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <rdma/ib_cache.h>
#include <rdma/ib_verbs.h>

#define PORTS_MAX 2
#define GRH_LEN   40 /* global route header, in front of IPoIB's own four bytes */
#define IPOIB_LEN 4

/* The interfaces of one device. */
struct ipoib {
	struct ib_device *ib;
	struct ib_event_handler events;
	struct net_device *netdevs[PORTS_MAX];
};

/* What an interface knows of itself. */
struct ipoib_port {
	u16 pkey;
	bool connected; /* its mode; datagram otherwise */
};

static ssize_t pkey_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct ipoib_port *port = netdev_priv(to_net_dev(dev));

	return sysfs_emit(buf, "0x%04x\n", port->pkey);
}
static DEVICE_ATTR_RO(pkey);

static ssize_t mode_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct ipoib_port *port = netdev_priv(to_net_dev(dev));

	return sysfs_emit(buf, "%s\n", port->connected ? "connected" : "datagram");
}

static ssize_t mode_store(struct device *dev, struct device_attribute *attr, const char *buf,
			  size_t count)
{
	struct ipoib_port *port = netdev_priv(to_net_dev(dev));
	bool connected = sysfs_streq(buf, "connected");

	if (!connected && !sysfs_streq(buf, "datagram"))
		return -EINVAL;
	port->connected = connected;
	return count;
}
static DEVICE_ATTR_RW(mode);

static struct attribute *ipoib_attrs[] = { &dev_attr_pkey.attr, &dev_attr_mode.attr, NULL };
static const struct attribute_group ipoib_group = { .attrs = ipoib_attrs };

static netdev_tx_t ipoib_xmit(struct sk_buff *skb, struct net_device *netdev)
{
	netdev->stats.tx_dropped++;
	dev_kfree_skb(skb);
	return NETDEV_TX_OK;
}

static const struct net_device_ops ipoib_netdev_ops = { .ndo_start_xmit = ipoib_xmit };

static void ipoib_drvinfo(struct net_device *netdev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, "ib_ipoib", sizeof(info->driver));
	strscpy(info->bus_info, dev_name(netdev->dev.parent), sizeof(info->bus_info));
}

static const struct ethtool_ops ipoib_ethtool_ops = {
	.get_drvinfo = ipoib_drvinfo,
	.get_link = ethtool_op_get_link,
};

static void ipoib_setup(struct net_device *netdev)
{
	static const u8 broadcast[INFINIBAND_ALEN] = {
		0x00, 0xff, 0xff, 0xff, 0xff, 0x12, 0x40, 0x1b, 0x80, 0x01,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff,
	};

	netdev->netdev_ops = &ipoib_netdev_ops;
	netdev->ethtool_ops = &ipoib_ethtool_ops;
	netdev->type = ARPHRD_INFINIBAND;
	netdev->addr_len = INFINIBAND_ALEN;
	netdev->hard_header_len = GRH_LEN + IPOIB_LEN;
	netdev->min_mtu = ETH_MIN_MTU;
	netdev->max_mtu = 4096 - IPOIB_LEN;
	netdev->mtu = 2048 - IPOIB_LEN;
	netdev->tx_queue_len = 256;
	netdev->flags = IFF_BROADCAST | IFF_MULTICAST;
	netdev->sysfs_groups[0] = &ipoib_group;
	memcpy(netdev->broadcast, broadcast, sizeof(broadcast));
}

/* RFC 4391, section 9.1.1: one reserved byte, the number of the queue pair, the port's GID. */
static int ipoib_address(struct net_device *netdev, struct ib_device *ib, u32 number)
{
	u8 address[INFINIBAND_ALEN] = { 0x00, 0x00, 0x01, 0x44 + number };
	union ib_gid gid;
	int ret = rdma_query_gid(ib, number, 0, &gid);

	if (ret)
		return ret;
	memcpy(address + 4, gid.raw, sizeof(gid.raw));
	dev_addr_set(netdev, address);
	return 0;
}

static void ipoib_carrier(struct net_device *netdev, struct ib_device *ib, u32 number)
{
	struct ib_port_attr attr;

	if (!ib_query_port(ib, number, &attr) && attr.state == IB_PORT_ACTIVE)
		netif_carrier_on(netdev);
	else
		netif_carrier_off(netdev);
}

static struct net_device *ipoib_add_port(struct ib_device *ib, u32 number)
{
	struct ipoib_port *port;
	struct net_device *netdev = alloc_netdev(sizeof(*port), "ib%d", NET_NAME_UNKNOWN,
						 ipoib_setup);

	if (!netdev)
		return NULL;
	port = netdev_priv(netdev);
	netdev->dev_port = number - 1;
	SET_NETDEV_DEV(netdev, ib->dev.parent);
	ipoib_carrier(netdev, ib, number);
	if (ib_query_pkey(ib, number, 0, &port->pkey) || ipoib_address(netdev, ib, number) ||
	    register_netdev(netdev)) {
		free_netdev(netdev);
		return NULL;
	}
	return netdev;
}

static void ipoib_event(struct ib_event_handler *handler, struct ib_event *event)
{
	struct ipoib *ipoib = container_of(handler, struct ipoib, events);
	u32 number = event->element.port_num;

	if (event->event != IB_EVENT_PORT_ACTIVE && event->event != IB_EVENT_PORT_ERR)
		return;
	if (number <= PORTS_MAX && ipoib->netdevs[number - 1])
		ipoib_carrier(ipoib->netdevs[number - 1], ipoib->ib, number);
}

static struct ib_client ipoib_client;

static int ipoib_add(struct ib_device *ib)
{
	struct ipoib *ipoib;
	u32 number;

	if (ib->ops.driver_id != RDMA_DRIVER_UNKNOWN || !rdma_protocol_ib(ib, 1))
		return -EOPNOTSUPP; /* not fakeib's, or not InfiniBand */
	ipoib = kzalloc(sizeof(*ipoib), GFP_KERNEL);
	if (!ipoib)
		return -ENOMEM;
	ipoib->ib = ib;
	rdma_for_each_port(ib, number)
	{
		if (number <= PORTS_MAX)
			ipoib->netdevs[number - 1] = ipoib_add_port(ib, number);
	}
	INIT_IB_EVENT_HANDLER(&ipoib->events, ib, ipoib_event);
	ib_register_event_handler(&ipoib->events);
	ib_set_client_data(ib, &ipoib_client, ipoib);
	return 0;
}

static void ipoib_remove(struct ib_device *ib, void *data)
{
	struct ipoib *ipoib = data;
	unsigned int i;

	ib_unregister_event_handler(&ipoib->events);
	for (i = 0; i < PORTS_MAX; i++) {
		if (!ipoib->netdevs[i])
			continue;
		unregister_netdev(ipoib->netdevs[i]);
		free_netdev(ipoib->netdevs[i]);
	}
	kfree(ipoib);
}

static struct ib_client ipoib_client = {
	.name = "fakeipoib",
	.add = ipoib_add,
	.remove = ipoib_remove,
	.no_kverbs_req = 1,
};

static int __init fakeipoib_init(void)
{
	return ib_register_client(&ipoib_client);
}

static void __exit fakeipoib_exit(void)
{
	ib_unregister_client(&ipoib_client);
}

module_init(fakeipoib_init);
module_exit(fakeipoib_exit);
MODULE_DESCRIPTION("IPoIB interfaces for the devices of fakeib, for the ib-vmext lab");
MODULE_LICENSE("GPL");
