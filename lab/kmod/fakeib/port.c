// SPDX-License-Identifier: GPL-2.0-only
/*
 * The state of the ports, and the module parameters that change it while the module is loaded.
 *
 * state, phys_state and rate take "VALUE" for all InfiniBand ports, "HCA=VALUE" for those of one
 * device and "HCA/PORT=VALUE" for one:
 *	state       1 DOWN, 2 INIT, 3 ARMED, 4 ACTIVE
 *	phys_state  0 what fits the state, else the kernel's number (2 Polling, 3 Disabled, 5
 *LinkUp) rate        Gb/s; 0 what the model has
 */
#include <linux/kernel.h>
#include <linux/module.h>

#include "fakeib.h"

static unsigned int ports = 1;
module_param(ports, uint, 0444);
MODULE_PARM_DESC(ports, "ports of each InfiniBand device, 1 or 2");

static unsigned int lid = 0x1a5, sm_lid = 1;
module_param(lid, uint, 0644);
MODULE_PARM_DESC(lid, "LID of the first port; the others count on");
module_param(sm_lid, uint, 0644);
MODULE_PARM_DESC(sm_lid, "LID of the subnet manager");

#define LID_NONE 0xffff

/* One number for each port. */
struct setting {
	int value[HCA_MAX][PORTS_MAX];
	int least, greatest;
};

#define EVERY_PORT(v)                                                                              \
	{                                                                                          \
		[0 ... HCA_MAX - 1] = { [0 ... PORTS_MAX - 1] = (v) }                              \
	}

static struct setting state = { EVERY_PORT(IB_PORT_ACTIVE), IB_PORT_DOWN, IB_PORT_ACTIVE };
static struct setting phys_state = { EVERY_PORT(0), 0, IB_PORT_PHYS_STATE_PHY_TEST };
static struct setting rate = { EVERY_PORT(0), 0, 800 };

static const struct {
	int rate_gbps;
	u16 speed;
	u8 width;
} rates[] = {
	{ 10, IB_SPEED_SDR, IB_WIDTH_4X },  { 40, IB_SPEED_QDR, IB_WIDTH_4X },
	{ 50, IB_SPEED_HDR, IB_WIDTH_1X },  { 56, IB_SPEED_FDR, IB_WIDTH_4X },
	{ 100, IB_SPEED_EDR, IB_WIDTH_4X }, { 200, IB_SPEED_HDR, IB_WIDTH_4X },
	{ 400, IB_SPEED_NDR, IB_WIDTH_4X }, { 800, IB_SPEED_NDR, IB_WIDTH_8X },
};

static int rate_row(int rate_gbps)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rates); i++)
		if (rates[i].rate_gbps == rate_gbps)
			return i;
	return -1;
}

unsigned int port_count(const struct hca *hca)
{
	return hca->ethernet ? 1 : clamp(ports, 1u, (unsigned int)PORTS_MAX);
}

/* A port that is down trains at the lowest speed, which is what mlx5 shows then. */
static void fill_rate(const struct hca *hca, const int *wanted, struct ib_port_attr *ret)
{
	int gbps = *wanted ? *wanted : hca->model->rate_gbps;
	int row = rate_row(ret->state == IB_PORT_DOWN ? 10 : gbps);

	ret->active_speed = rates[row].speed;
	ret->active_width = rates[row].width;
}

static void fill_infiniband(const struct hca *hca, u32 port, struct ib_port_attr *ret)
{
	unsigned int h = hca->index, p = port - 1;
	bool managed;

	ret->state = state.value[h][p];
	ret->phys_state = phys_state.value[h][p];
	if (!ret->phys_state)
		ret->phys_state = ret->state == IB_PORT_DOWN ? IB_PORT_PHYS_STATE_POLLING
							     : IB_PORT_PHYS_STATE_LINK_UP;
	managed = ret->state >= IB_PORT_ARMED; /* a subnet manager has been here */
	ret->lid = managed ? lid + h * PORTS_MAX + p : LID_NONE;
	ret->sm_lid = managed ? sm_lid : 0;
	fill_rate(hca, &rate.value[h][p], ret);
}

void port_fill(const struct hca *hca, u32 port, struct ib_port_attr *ret)
{
	ret->max_mtu = ret->active_mtu = IB_MTU_4096;
	ret->gid_tbl_len = 1;
	ret->pkey_tbl_len = 2;
	ret->max_msg_sz = 1 << 30;
	ret->port_cap_flags = 0x2659ec48;
	ret->subnet_timeout = 18;
	ret->max_vl_num = 4;
	if (!hca->ethernet)
		return fill_infiniband(hca, port, ret);
	ret->state = IB_PORT_ACTIVE;
	ret->phys_state = IB_PORT_PHYS_STATE_LINK_UP;
	ret->active_speed = IB_SPEED_HDR;
	ret->active_width = IB_WIDTH_1X;
}

/* Tell who listens (IPoIB's carrier) that a port has changed. */
static void announce(unsigned int h)
{
	struct hca *hca = hca_at(h);
	struct ib_event event = {};
	unsigned int p;

	if (!hca || hca->ethernet)
		return;
	event.device = &hca->ib;
	for (p = 0; p < port_count(hca); p++) {
		event.element.port_num = p + 1;
		event.event = state.value[h][p] == IB_PORT_ACTIVE ? IB_EVENT_PORT_ACTIVE
								  : IB_EVENT_PORT_ERR;
		ib_dispatch_event(&event);
	}
}

static bool acceptable(const struct setting *s, int value)
{
	if (value < s->least || value > s->greatest)
		return false;
	return s != &rate || value == 0 || rate_row(value) >= 0;
}

/* Parse [HCA[/PORT]=]VALUE; h and p are -1 where it says nothing. Returns 0 or -EINVAL. */
static int parse(const char *text, int *h, int *p, int *value)
{
	*h = *p = -1;
	if (sscanf(text, "%d/%d=%d", h, p, value) == 3)
		return *h < 0 || *h >= HCA_MAX || *p < 1 || *p > PORTS_MAX ? -EINVAL : 0;
	*p = -1;
	if (sscanf(text, "%d=%d", h, value) == 2)
		return *h < 0 || *h >= HCA_MAX ? -EINVAL : 0;
	*h = -1;
	return kstrtoint(text, 0, value);
}

static int setting_set(const char *text, const struct kernel_param *kp)
{
	struct setting *s = kp->arg;
	int h, p, value, i, j;

	if (parse(text, &h, &p, &value) || !acceptable(s, value))
		return -EINVAL;
	for (i = 0; i < HCA_MAX; i++) {
		if (h >= 0 && h != i)
			continue;
		for (j = 0; j < PORTS_MAX; j++)
			if (p < 0 || p == j + 1)
				s->value[i][j] = value;
		announce(i);
	}
	return 0;
}

/* The first port of each device, separated by commas. */
static int setting_get(char *buf, const struct kernel_param *kp)
{
	const struct setting *s = kp->arg;
	int i, len = 0;

	for (i = 0; i < HCA_MAX; i++)
		len += sysfs_emit_at(buf, len, i ? ",%d" : "%d", s->value[i][0]);
	return len + sysfs_emit_at(buf, len, "\n");
}

static const struct kernel_param_ops setting_ops = { .set = setting_set, .get = setting_get };

module_param_cb(state, &setting_ops, &state, 0644);
MODULE_PARM_DESC(state, "[HCA[/PORT]=]1..4");
module_param_cb(phys_state, &setting_ops, &phys_state, 0644);
MODULE_PARM_DESC(phys_state, "[HCA[/PORT]=]0..7; 0 fits the state");
module_param_cb(rate, &setting_ops, &rate, 0644);
MODULE_PARM_DESC(rate, "[HCA[/PORT]=]Gb/s: 10, 40, 50, 56, 100, 200, 400, 800; 0 fits the model");
