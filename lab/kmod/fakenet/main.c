// SPDX-License-Identifier: GPL-2.0-only
/*
 * fakenet - the node's own network on the adapter: an Ethernet interface that is there while mlx5_core is loaded.
 *
 * lower=eth0   the interface that really carries the frames; its MAC address is the new one's
 *
 * The interface, aneth0, belongs to a device whose driver is called mlx5_core. With that module it goes, and all addresses and routes
 * with it; when the module is loaded again, a bare one comes.
 */
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/platform_device.h>
#include <linux/rtnetlink.h>

#define DRIVER "mlx5_core"

static char *lower = "eth0";
module_param(lower, charp, 0444);
MODULE_PARM_DESC(lower, "the interface that carries the frames");

static struct platform_device *function;
static struct net_device *carrier, *upper;

static rx_handler_result_t carrier_receive(struct sk_buff **skb)
{
	struct sk_buff *own = skb_share_check(*skb, GFP_ATOMIC);

	if (!own)
		return RX_HANDLER_CONSUMED;
	*skb = own;
	own->dev = rcu_dereference(own->dev->rx_handler_data);
	return RX_HANDLER_ANOTHER;
}

static netdev_tx_t upper_transmit(struct sk_buff *skb, struct net_device *netdev)
{
	skb->dev = carrier;
	dev_queue_xmit(skb);
	return NETDEV_TX_OK;
}

static const struct net_device_ops upper_ops = {
	.ndo_start_xmit = upper_transmit,
	.ndo_validate_addr = eth_validate_addr,
};

static void upper_setup(struct net_device *netdev)
{
	ether_setup(netdev);
	netdev->netdev_ops = &upper_ops;
	netdev->features |= NETIF_F_LLTX;
	eth_hw_addr_set(netdev, carrier->dev_addr);
}

static void upper_add(void)
{
	struct net_device *netdev;
	int ret;

	if (upper)
		return;
	netdev = alloc_netdev(0, "aneth0", NET_NAME_USER, upper_setup);
	if (!netdev)
		return;
	SET_NETDEV_DEV(netdev, &function->dev);
	rtnl_lock();
	ret = register_netdevice(netdev);
	if (!ret) {
		ret = netdev_rx_handler_register(carrier, carrier_receive, netdev);
		if (ret)
			unregister_netdevice(netdev);
	}
	rtnl_unlock();
	if (ret)
		free_netdev(netdev);
	else
		upper = netdev;
}

static void upper_remove(void)
{
	if (!upper)
		return;
	rtnl_lock();
	netdev_rx_handler_unregister(carrier);
	unregister_netdevice(upper);
	rtnl_unlock();
	free_netdev(upper);
	upper = NULL;
}

static int module_changed(struct notifier_block *block, unsigned long state, void *data)
{
	const struct module *mod = data;

	if (strcmp(mod->name, DRIVER))
		return NOTIFY_DONE;
	if (state == MODULE_STATE_LIVE)
		upper_add();
	else if (state == MODULE_STATE_GOING)
		upper_remove();
	return NOTIFY_OK;
}
static struct notifier_block modules = { .notifier_call = module_changed };

static struct platform_driver driver = { .driver = { .name = DRIVER } };

static int __init fakenet_init(void)
{
	int ret = platform_driver_register(&driver);

	if (ret)
		return ret;
	carrier = dev_get_by_name(&init_net, lower);
	function = platform_device_register_simple(DRIVER, PLATFORM_DEVID_NONE, NULL, 0);
	if (!carrier || IS_ERR(function)) {
		ret = carrier ? PTR_ERR(function) : -ENODEV;
		goto failed;
	}
	ret = register_module_notifier(&modules);
	if (ret)
		goto failed;
	upper_add();
	return 0;

failed:
	if (!IS_ERR(function))
		platform_device_unregister(function);
	dev_put(carrier);
	platform_driver_unregister(&driver);
	return ret;
}

static void __exit fakenet_exit(void)
{
	unregister_module_notifier(&modules);
	upper_remove();
	platform_device_unregister(function);
	dev_put(carrier);
	platform_driver_unregister(&driver);
}

module_init(fakenet_init);
module_exit(fakenet_exit);
MODULE_DESCRIPTION("Ethernet interface that comes and goes with mlx5_core, for the ib-vmext lab");
MODULE_LICENSE("GPL");
