/* plan/image.c - one plan for VMs of several kinds, none of which is this machine. */
#include "plan/image.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "catalogue/catalogue.h"
#include "plan/room.h"

enum { MELLANOX = 0x15b3, CLASS_INFINIBAND = 0x0207, CLASS_NETWORK_OTHER = 0x0280 };

#define ADDRESS "0101:00:00.0" /* as Hyper-V numbers the first function that is passed through */

/* What is asked for. */

static const struct adapter_row *adapter_of(const struct catalogue *c, const char *generation,
					    bool virtual_function)
{
	for (size_t i = 0; i < c->nadapters; i++) {
		const struct adapter_row *row = &c->adapters[i];

		if (row->vendor == MELLANOX && text_eq_nocase(row->generation, generation) &&
		    (row->virtual_function || !virtual_function))
			return row;
	}
	return NULL;
}

/* A VM sees a virtual function. From ConnectX-6 Dx on all of them have one id. */
static int target_of_generation(const char *word, const struct catalogue *c,
				struct image_target *ret)
{
	const struct adapter_row *any = adapter_of(c, word, false);
	const struct adapter_row *seen = adapter_of(c, word, true);

	if (any == NULL)
		return -1;
	if (seen == NULL && text_eq(any->kernel_driver, "mlx5_core"))
		seen = adapter_of(c, "mlx5Gen", true);
	if (seen == NULL)
		seen = any;
	*ret = (struct image_target) { .device = (uint16_t)seen->device };
	(void)TEXT_COPY(ret->generation, any->generation);
	(void)TEXT_COPY(ret->name, any->generation);
	return 0;
}

static int target_read(const char *word, const struct catalogue *c, struct image_target *ret,
		       struct error *err)
{
	const struct size_row *size = catalogue_size(c, word);

	if (size != NULL && size->kind != SIZE_SRIOV)
		return error_set(err, FAULT_USAGE, 0,
				 "%s has no InfiniBand function: there is nothing to bake for it",
				 size->name);
	if (target_of_generation(size != NULL ? size->generation : word, c, ret) < 0)
		return error_set(err, FAULT_USAGE, 0,
				 "%s is neither a VM size of the catalogue nor a generation of "
				 "adapters such as CX6 or CX7",
				 word);
	ret->size = size;
	if (size != NULL)
		(void)TEXT_COPY(ret->name, size->name);
	return 0;
}

static bool is_named(const struct image_targets *t, const char *name)
{
	for (unsigned i = 0; i < t->n; i++)
		if (text_eq(t->at[i].name, name))
			return true;
	return false;
}

int image_targets_parse(const char *list, const struct catalogue *c, struct image_targets *ret,
			struct error *err)
{
	struct image_target one;
	char word[128];

	*ret = (struct image_targets) { 0 };
	while (list_next(&list, word, sizeof word)) {
		if (target_read(word, c, &one, err) < 0)
			return -1;
		if (is_named(ret, one.name))
			continue;
		if (ret->n == IMAGE_TARGETS_MAX)
			return error_set(err, FAULT_USAGE, 0,
					 "an image is for %d kinds of VM at most",
					 IMAGE_TARGETS_MAX);
		ret->at[ret->n++] = one;
	}
	if (ret->n == 0)
		return error_set(err, FAULT_USAGE, 0, "no VM size and no generation is named");
	return 0;
}

void image_targets_text(const struct image_targets *t, char *ret, size_t size)
{
	size_t used = 0;

	(void)text_copy(ret, size, "");
	for (unsigned i = 0; i < t->n && used + 1 < size; i++) {
		(void)text_format(ret + used, size - used, "%s%s", i > 0 ? ", " : "",
				  t->at[i].name);
		used += strlen(ret + used);
	}
}

/* The facts. */

static void function_put(const struct image_target *t, struct facts *ret)
{
	struct nic_facts *nic = &ret->nics[ret->nnics++];
	bool is_connectx3 = text_starts(t->generation, "CX2") || text_starts(t->generation, "CX3");

	*nic = (struct nic_facts) { .vendor = MELLANOX,
				    .device = t->device,
				    .class_code = is_connectx3 ? CLASS_NETWORK_OTHER
							       : CLASS_INFINIBAND,
				    .link_layer = LINK_LAYER_INFINIBAND,
				    .numa_node = -1 };
	(void)TEXT_COPY(nic->address, ADDRESS);
	(void)TEXT_COPY(nic->generation, t->generation);
}

/* Nothing is loaded yet in a VM that is about to boot. */
static void modules_rest(struct facts *ret)
{
	for (unsigned i = 0; i < ret->nmodules; i++) {
		ret->modules[i].loaded = false;
		ret->modules[i].loaded_srcversion[0] = '\0';
	}
	ret->nusers = 0;
	ret->verbs_abi = 0;
}

static void network_rest(struct facts *ret)
{
	ret->kvp = (struct kvp_facts) { 0 };
	ret->network.default_netdev[0] = ret->network.default_driver[0] = '\0';
	ret->network.overlaps_rdma = TRI_UNKNOWN;
}

void image_facts(const struct facts *builder, const struct image_target *t, struct facts *ret)
{
	*ret = *builder;
	ret->image = true;
	/* Every distribution of the catalogue boots with it. */
	ret->systemd = true;
	ret->vm = (struct vm_facts) { .secure_boot = builder->vm.secure_boot };
	if (t->size != NULL)
		(void)TEXT_COPY(ret->vm.size, t->size->name);
	ret->hyperv = (struct hyperv_facts) { 0 };
	ret->nnics = ret->nports = 0;
	ret->pending_kernel[0] = '\0';
	function_put(t, ret);
	modules_rest(ret);
	network_rest(ret);
}

/* One plan of several. */

/* What each target takes, and what else would serve it. */
struct choice {
	char takes[112]; /* "doca-ofed 3.2.1", or why there is none */
	bool refused;
	char eligible[96]; /* "inbox,distro" */
};

static void choice_read(const struct plan *p, struct choice *ret)
{
	const struct decision *d = &p->decision;
	char former[sizeof ret->eligible];

	*ret = (struct choice) { .refused = d->exit_code != 0 };
	if (ret->refused)
		(void)TEXT_FORMAT(ret->takes, "none (%.90s)", d->reason);
	else
		(void)TEXT_FORMAT(ret->takes, "%s%s%s", d->route, d->version[0] != '\0' ? " " : "",
				  d->version);
	for (unsigned i = 0; i < p->ncandidates; i++) {
		if (!p->candidates[i].eligible || text_eq(p->candidates[i].route, "keep"))
			continue;
		(void)TEXT_COPY(former, ret->eligible);
		(void)TEXT_FORMAT(ret->eligible, "%s%s%s", former, former[0] != '\0' ? "," : "",
				  p->candidates[i].route);
	}
}

/* Lists of names, which one machine may have more of than another; all else must be the same. */
static bool is_list(const struct step *s)
{
	return s->kind == STEP_PACKAGES || s->kind == STEP_NEXT_BOOT || s->kind == STEP_BUILD ||
	       s->kind == STEP_INITRAMFS;
}

static bool has_item(const struct step *s, const char *item)
{
	for (unsigned i = 0; i < s->nitems; i++)
		if (text_eq(s->items[i], item))
			return true;
	return false;
}

static bool items_join(struct step *into, const struct step *from)
{
	for (unsigned i = 0; i < from->nitems; i++) {
		if (has_item(into, from->items[i]))
			continue;
		if (!is_list(into) || into->nitems == PLAN_ITEMS_MAX)
			return false;
		(void)TEXT_COPY(into->items[into->nitems++], from->items[i]);
	}
	return is_list(into) || into->nitems == from->nitems;
}

static bool has_line(const char *text, const char *line)
{
	size_t len = strlen(line);

	for (; *text != '\0'; text += strcspn(text, "\n"), text += *text == '\n')
		if (strcspn(text, "\n") == len && strncmp(text, line, len) == 0)
			return true;
	return false;
}

/* The file that names the modules to load gets the lines that it has not: a module without its
 * adapter loads and does nothing. */
static bool lines_join(struct step *into, const struct step *from)
{
	const char *rest = from->content;
	char line[128], former[sizeof into->content];

	while (*rest != '\0') {
		size_t len = strcspn(rest, "\n");

		(void)TEXT_FORMAT(line, "%.*s", (int)len, rest);
		rest += len + (rest[len] == '\n');
		if (has_line(into->content, line))
			continue;
		(void)TEXT_COPY(former, into->content);
		if (TEXT_FORMAT(into->content, "%s%s\n", former, line) < 0)
			return false;
	}
	return true;
}

static bool step_join(struct step *into, const struct step *from)
{
	if (into->kind != from->kind || !text_eq(into->id, from->id) || !items_join(into, from))
		return false;
	if (text_eq(into->id, "modules-boot"))
		return lines_join(into, from);
	return text_eq(into->content, from->content);
}

/* False: they are not of one driver, or cannot be carried out as one. */
static bool plan_join(struct plan *into, const struct plan *from)
{
	if (from->decision.exit_code != 0 || into->nsteps != from->nsteps ||
	    !text_eq(into->decision.route, from->decision.route) ||
	    !text_eq(into->decision.version, from->decision.version))
		return false;
	for (unsigned i = 0; i < into->nsteps; i++)
		if (!step_join(&into->steps[i], &from->steps[i]))
			return false;
	return true;
}

/* What is eligible for every target: "inbox". */
static void eligible_for_all(const struct choice *choices, unsigned n, char *ret, size_t size)
{
	const char *rest = choices[0].eligible;
	char route[32];

	(void)text_copy(ret, size, "");
	while (list_next(&rest, route, sizeof route)) {
		bool all = true;

		for (unsigned i = 1; i < n; i++)
			all = all && list_has(choices[i].eligible, route);
		if (all)
			text_list_add(ret, size, route);
	}
}

static void refuse_conflict(const struct image_targets *t, const struct choice *choices,
			    struct plan *ret)
{
	char takes[240] = "", common[80], one[180], former[sizeof takes];

	for (unsigned i = 0; i < t->n; i++) {
		(void)TEXT_FORMAT(one, "%s takes %s", t->at[i].name, choices[i].takes);
		(void)TEXT_COPY(former, takes);
		(void)TEXT_FORMAT(takes, "%s%s%s", former, i > 0 ? ", " : "", one);
	}
	eligible_for_all(choices, t->n, common, sizeof common);
	decision_refuse(&ret->decision, FAULT_IMAGE_CONFLICT,
			"One image needs one driver, but %s; eligible for all: %s", takes,
			common[0] != '\0' ? common : "none");
	ret->nsteps = 0;
	ret->reboot = false;
}

static void say_for_whom(const struct image_targets *t, struct plan *ret)
{
	char names[160], why[sizeof ret->decision.reason];

	image_targets_text(t, names, sizeof names);
	(void)TEXT_COPY(why, ret->decision.reason);
	(void)TEXT_FORMAT(ret->decision.reason, "For %s: %s", names, why);
}

void image_plan(const struct image_inputs *in, struct plan *ret)
{
	struct choice choices[IMAGE_TARGETS_MAX];
	bool one_for_all = true;

	for (unsigned i = 0; i < in->targets->n; i++) {
		struct plan *p = i == 0 ? ret : in->plan;

		image_facts(in->builder, &in->targets->at[i], in->facts);
		plan_build(in->facts, in->settings, in->catalogue, p);
		choice_read(p, &choices[i]);
		if (i > 0)
			one_for_all = one_for_all && plan_join(ret, p);
		else
			one_for_all = !choices[0].refused;
	}
	if (in->targets->n > 1 && !one_for_all)
		refuse_conflict(in->targets, choices, ret);
	else if (one_for_all)
		say_for_whom(in->targets, ret);
}
