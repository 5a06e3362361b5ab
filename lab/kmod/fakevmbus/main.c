// SPDX-License-Identifier: GPL-2.0-only
/*
 * fakevmbus - the parameters, and what is made of them.
 *
 * ids=15b3:101c:0207,15b3:1016:0200,nd   one channel for each item, in this order:
 *	VENDOR:DEVICE[:CLASS]  a PCI function; CLASS has four digits (base class, subclass) or six,
 *	                       and is 0200 (Ethernet) where it is left out
 *	nd                     a Network Direct channel, which has no PCI function
 *	(empty)                a VMBus without channels
 * domain=0x101            the PCI domain of the first function; each next one has the next domain
 * bus=vmbus               the name of the bus: by another one Hyper-V is not to be seen, as on a host of another kind
 * plugged=0               the host takes all PCI functions away; 1: gives them back. Writable.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "fakevmbus.h"

static char *ids = "";
module_param(ids, charp, 0444);
MODULE_PARM_DESC(ids, "functions to show: VENDOR:DEVICE[:CLASS] or nd, separated by commas");

static char *bus = "vmbus";
module_param(bus, charp, 0444);
MODULE_PARM_DESC(bus, "name of the bus");

static int domain = 0x0101;
module_param(domain, int, 0444);
MODULE_PARM_DESC(domain, "PCI domain of the first function");

static int plugged_set(const char *text, const struct kernel_param *kp)
{
	bool want;
	int ret = kstrtobool(text, &want);

	return ret ? ret : vmbus_plug(want);
}

static const struct kernel_param_ops plugged_ops = {
	.set = plugged_set,
	.get = param_get_bool,
};
module_param_cb(plugged, &plugged_ops, &vmbus_plugged, 0644);
MODULE_PARM_DESC(plugged, "whether the PCI functions are there");

#define CLASS_ETHERNET 0x020000

/* Parse VENDOR:DEVICE[:CLASS]. Returns 0 or -EINVAL. */
static int parse_id(const char *text, struct function_id *ret)
{
	unsigned int vendor, device, class = CLASS_ETHERNET >> 8;
	int fields = sscanf(text, "%x:%x:%x", &vendor, &device, &class);

	if (fields < 2 || vendor > 0xffff || device > 0xffff || class > 0xffffff)
		return -EINVAL;
	if (class <= 0xffff)
		class <<= 8;
	*ret = (struct function_id) { .vendor = vendor, .device = device, .class = class };
	return 0;
}

static int add_item(const char *text, int number)
{
	struct function_id id;

	if (!strcmp(text, "nd"))
		return channel_add(CHANNEL_NETWORK_DIRECT, NULL, domain + number);
	if (parse_id(text, &id)) {
		pr_err("fakevmbus: \"%s\" is not VENDOR:DEVICE[:CLASS]\n", text);
		return -EINVAL;
	}
	return channel_add(CHANNEL_PCI, &id, domain + number);
}

static int add_all(void)
{
	char *copy = kstrdup(ids, GFP_KERNEL);
	char *rest = copy, *item;
	int number = 0, ret = 0;

	if (!copy)
		return -ENOMEM;
	while (!ret && (item = strsep(&rest, ","))) {
		if (*item)
			ret = add_item(item, number++);
	}
	kfree(copy);
	return ret;
}

static int __init fakevmbus_init(void)
{
	int ret;

	vmbus.name = bus;
	ret = vmbus_start();

	if (ret)
		return ret;
	ret = add_all();
	if (ret)
		vmbus_stop();
	return ret;
}

static void __exit fakevmbus_exit(void)
{
	vmbus_stop();
}

module_init(fakevmbus_init);
module_exit(fakevmbus_exit);
MODULE_DESCRIPTION("VMBus stand-in with PCI pass-through, for the ib-vmext lab");
MODULE_LICENSE("GPL");
