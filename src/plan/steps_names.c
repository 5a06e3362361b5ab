/* plan/steps_names.c - names of RDMA devices that stay, where they are asked for, the system can
 * give them and nobody else does. */
#include "plan/steps.h"

#include <string.h>

#include "base/text.h"
#include "catalogue/catalogue.h"
#include "facts/own_files.h"
#include "facts/rdma_names.h"

/* Linux 4.20 can rename an RDMA device by netlink; Enterprise Linux 8 has it in its 4.18. */
static bool kernel_is_too_old(const struct kernel_facts *k)
{
	unsigned first, second;

	return version_parts(k->release, &first, &second) &&
	       (first < 4 || (first == 4 && second < 20)) && strstr(k->release, ".el8") == NULL;
}

/* Will rdma-core be there once the plan is carried out? */
static bool brings_rdma_core(const struct inputs *in, const struct driver_row *row)
{
	return in->intent == INTENT_INSTALL && row != NULL &&
	       (row_is_vendors(row) || list_has(row->packages, "rdma-core"));
}

bool names_cannot_be_given(const struct inputs *in, const struct driver_row *row, char *what,
			   size_t size)
{
	const struct facts *f = in->facts;

	if (!in->settings->persistent_names || f->naming.renamer[0] != '\0')
		return false;
	if (!f->systemd) {
		(void)text_copy(what, size,
				"persistentNames is asked for, and there is no systemd");
		return true;
	}
	if (kernel_is_too_old(&f->kernel)) {
		(void)text_format(what, size,
				  "persistentNames is asked for, and kernel %s is older than 4.20, "
				  "which cannot rename an RDMA device",
				  f->kernel.release);
		return true;
	}
	if (f->naming.can_rename != TRI_NO || brings_rdma_core(in, row))
		return false;
	(void)text_copy(what, size,
			"persistentNames is asked for, and neither `rdma dev set` nor rdma_rename "
			"with NAME_FIXED is there");
	return true;
}

bool names_are_given(const struct inputs *in, const struct driver_row *row, char *what, size_t size)
{
	(void)row;
	if (!in->settings->persistent_names || in->facts->naming.renamer[0] == '\0')
		return false;
	(void)text_format(
		what, size,
		"persistentNames is asked for, and /%s names the RDMA devices already: it "
		"stays in charge",
		in->facts->naming.renamer);
	return true;
}

/* Devices that are there show what they become; none is there before a driver is. */
static void names_step(const struct facts *f, struct plan *ret)
{
	struct step *s = step_add(ret, "names", STEP_NAMES);
	char name[64];

	for (unsigned i = 0; i < f->nports; i++)
		if (f->ports[i].number == 1 && rdma_name_wanted(f, &f->ports[i], name, sizeof name))
			change_add(s, "%s becomes %s", f->ports[i].device, name);
	if (f->nports == 0)
		change_add(s, "each RDMA device becomes mlx5_ib0, mlx5_an0 and so on");
	(void)TEXT_COPY(s->what,
			"name the RDMA devices now, or, while a program uses one, leave it "
			"to the next boot");
	(void)TEXT_COPY(s->undo, "they get their former names back, in use at the next boot");
	step_drop_if_idle(ret);
}

void names_steps(const struct inputs *in, const struct driver_row *row, struct plan *ret)
{
	static const struct step_text rule = {
		"names-rule", "name RDMA devices by their PCI addresses when they appear",
		"ACTION==\"add\", SUBSYSTEM==\"infiniband\", "
		"RUN+=\"/usr/libexec/ib-vmext/" IB_VMEXT_VERSION "/ib-vmext handler names\"\n"
	};
	unsigned before = ret->nsteps;
	char what[240];

	if (!in->settings->persistent_names || names_are_given(in, row, what, sizeof what) ||
	    names_cannot_be_given(in, row, what, sizeof what))
		return;
	own_file_step(in, OWN_NAMES_RULE, &rule, ret);
	if (ret->nsteps > before && !ret->reboot && !in->facts->image)
		names_step(in->facts, ret);
}
