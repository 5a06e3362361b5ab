// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bus named vmbus and its channels, with the attributes that the real one has
 * (Documentation/ABI/stable/sysfs-bus-vmbus in the kernel tree).
 */
#include <linux/slab.h>

#include "fakevmbus.h"

#define CHANNELS_MAX 16

/* Both forms in which the kernel prints the class of a channel. */
static const struct {
	const char *class_id, *modalias;
} kinds[] = {
	[CHANNEL_PCI] = { "44c4f61d-4444-4400-9d52-802e27ede19f",
			  "vmbus:1df6c444444400449d52802e27ede19f" },
	[CHANNEL_NETWORK_DIRECT] = { "8c2eaf3d-32a7-4b09-ab99-bd1f1c86b501",
				     "vmbus:3daf2e8ca732094bab99bd1f1c86b501" },
};

static struct device *root; /* VMBUS:01, as ACPI names it on Hyper-V */
static struct channel *channels[CHANNELS_MAX];
static unsigned int channel_count;
bool vmbus_plugged = true;

static ssize_t class_id_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "{%s}\n", kinds[to_channel(dev)->kind].class_id);
}
static DEVICE_ATTR_RO(class_id);

static ssize_t device_id_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "{%s}\n", dev_name(dev));
}
static DEVICE_ATTR_RO(device_id);

static ssize_t id_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", 20 + to_channel(dev)->index);
}
static DEVICE_ATTR_RO(id);

static ssize_t modalias_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", kinds[to_channel(dev)->kind].modalias);
}
static DEVICE_ATTR_RO(modalias);

static ssize_t state_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "3\n"); /* open */
}
static DEVICE_ATTR_RO(state);

static ssize_t vendor_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "0x1414\n");
}
static DEVICE_ATTR_RO(vendor);

static ssize_t device_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "0x5\n");
}
static DEVICE_ATTR_RO(device);

static struct attribute *channel_attrs[] = {
	&dev_attr_class_id.attr, &dev_attr_device_id.attr,
	&dev_attr_id.attr,       &dev_attr_modalias.attr,
	&dev_attr_state.attr,    &dev_attr_vendor.attr,
	&dev_attr_device.attr,   NULL,
};
ATTRIBUTE_GROUPS(channel);

/* The one driver takes the PCI channels that the host gives; nothing in Linux takes the others. */
static int vmbus_match(struct device *dev, struct device_driver *drv)
{
	return vmbus_plugged && to_channel(dev)->kind == CHANNEL_PCI;
}

static int vmbus_uevent(struct device *dev, struct kobj_uevent_env *env)
{
	return add_uevent_var(env, "MODALIAS=%s", kinds[to_channel(dev)->kind].modalias);
}

struct bus_type vmbus = {
	.name = "vmbus",
	.match = vmbus_match,
	.uevent = vmbus_uevent,
	.dev_groups = channel_groups,
};

static void channel_release(struct device *dev)
{
	kfree(to_channel(dev));
}

/*
 * Make a channel; the driver's probe then shows its function. A device name on Hyper-V is the
 * instance GUID, of which the first group of Azure's pass-through devices counts them.
 */
int channel_add(enum channel_kind kind, const struct function_id *id, int domain)
{
	struct channel *ch;
	int ret;

	if (channel_count == CHANNELS_MAX)
		return -ENOSPC;
	ch = kzalloc(sizeof(*ch), GFP_KERNEL);
	if (!ch)
		return -ENOMEM;
	ch->kind = kind;
	ch->index = channel_count;
	ch->sysdata = (struct pci_sysdata) { .domain = domain, .node = NUMA_NO_NODE };
	ch->busn = (struct resource) { .name = "fakevmbus", .end = 255, .flags = IORESOURCE_BUS };
	if (id)
		config_fill(ch->config, id);
	ch->dev.bus = &vmbus;
	ch->dev.parent = root;
	ch->dev.release = channel_release;
	dev_set_name(&ch->dev, "47505500-%04x-0001-3130-444531444234", 1 + ch->index);
	ret = device_register(&ch->dev);
	if (ret) {
		put_device(&ch->dev); /* frees it */
		return ret;
	}
	channels[channel_count++] = ch;
	return 0;
}

/* At load time there are no channels yet, and this only decides what their probe will find. */
int vmbus_plug(bool plugged)
{
	unsigned int i;
	int ret = 0;

	vmbus_plugged = plugged;
	for (i = 0; i < channel_count && ret >= 0; i++) {
		if (plugged)
			ret = device_attach(&channels[i]->dev);
		else
			device_release_driver(&channels[i]->dev);
	}
	return ret < 0 ? ret : 0;
}

int vmbus_start(void)
{
	int ret = bus_register(&vmbus);

	if (ret)
		return ret;
	root = root_device_register("VMBUS:01");
	if (IS_ERR(root)) {
		ret = PTR_ERR(root);
		goto no_root;
	}
	ret = driver_register(&hv_pci);
	if (ret)
		goto no_driver;
	return 0;

no_driver:
	root_device_unregister(root);
no_root:
	bus_unregister(&vmbus);
	return ret;
}

void vmbus_stop(void)
{
	while (channel_count)
		device_unregister(&channels[--channel_count]->dev);
	driver_unregister(&hv_pci);
	root_device_unregister(root);
	bus_unregister(&vmbus);
}
