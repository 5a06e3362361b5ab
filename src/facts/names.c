/* facts/names.c - the words for enum values. */
#include "facts/names.h"

#include "base/text.h"
#include "facts/facts.h"

static const char *const metadata_state_words[] = {
	[METADATA_STATE_ANSWERED] = "answered",
	[METADATA_STATE_SILENT] = "silent",
	[METADATA_STATE_NONE] = "none",
};

static const char *const link_layer_words[] = {
	[LINK_LAYER_INFINIBAND] = "InfiniBand",
	[LINK_LAYER_ETHERNET] = "Ethernet",
};

/* The kernel's words: drivers/infiniband/core/sysfs.c, state_show() and phys_state_show(). */
static const char *const port_state_words[] = {
	[PORT_DOWN] = "DOWN",
	[PORT_INIT] = "INIT",
	[PORT_ARMED] = "ARMED",
	[PORT_ACTIVE] = "ACTIVE",
};

static const char *const port_phys_state_words[] = {
	[PORT_PHYS_SLEEP] = "Sleep",       [PORT_PHYS_POLLING] = "Polling",
	[PORT_PHYS_DISABLED] = "Disabled", [PORT_PHYS_TRAINING] = "PortConfigurationTraining",
	[PORT_PHYS_LINK_UP] = "LinkUp",    [PORT_PHYS_RECOVERY] = "LinkErrorRecovery",
	[PORT_PHYS_TEST] = "Phy Test",
};

static const char *const driver_kind_words[] = {
	[DRIVER_NONE] = "none",           [DRIVER_INBOX] = "inbox",
	[DRIVER_DISTRO] = "distro",       [DRIVER_MLNX_OFED] = "mlnx-ofed",
	[DRIVER_DOCA_OFED] = "doca-ofed",
};

static const char *const dkms_state_words[] = {
	[DKMS_ADDED] = "added",
	[DKMS_BUILT] = "built",
	[DKMS_INSTALLED] = "installed",
};

static const char *const traffic_kind_words[] = {
	[TRAFFIC_LOOPBACK] = "loopback",
	[TRAFFIC_PEER] = "peer",
	[TRAFFIC_LISTEN] = "listen",
};

static const char *const traffic_end_words[] = {
	[TRAFFIC_PASSED] = "passed",           [TRAFFIC_FAILED] = "failed",
	[TRAFFIC_NO_PORT] = "no-port",         [TRAFFIC_NO_PROGRAM] = "no-program",
	[TRAFFIC_UNREACHABLE] = "unreachable", [TRAFFIC_NOBODY] = "nobody",
};

#define LIST(words)                                                                                \
	{                                                                                          \
		(words), ARRAY_SIZE(words)                                                         \
	}

const struct name_list names_metadata_state = LIST(metadata_state_words);
const struct name_list names_link_layer = LIST(link_layer_words);
const struct name_list names_port_state = LIST(port_state_words);
const struct name_list names_port_phys_state = LIST(port_phys_state_words);
const struct name_list names_driver_kind = LIST(driver_kind_words);
const struct name_list names_dkms_state = LIST(dkms_state_words);
const struct name_list names_traffic_kind = LIST(traffic_kind_words);
const struct name_list names_traffic_end = LIST(traffic_end_words);

const char *name_of(const struct name_list *list, int value)
{
	return value >= 0 && (size_t)value < list->count ? list->words[value] : NULL;
}

int name_value(const struct name_list *list, const char *word)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->words[i] != NULL && text_eq(list->words[i], word))
			return (int)i;
	}
	return -1;
}

const char *driver_kind_name(enum driver_kind kind)
{
	const char *name = name_of(&names_driver_kind, (int)kind);

	return name != NULL ? name : "none";
}

const char *link_layer_name(enum link_layer layer)
{
	return name_of(&names_link_layer, (int)layer);
}

const char *port_state_name(enum port_state state)
{
	const char *name = name_of(&names_port_state, (int)state);

	return name != NULL ? name : "unknown";
}

const char *port_phys_state_name(enum port_phys_state state)
{
	const char *name = name_of(&names_port_phys_state, (int)state);

	return name != NULL ? name : "unknown";
}
