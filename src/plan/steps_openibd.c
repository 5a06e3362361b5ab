/* plan/steps_openibd.c - when the vendor's service openibd starts at a boot, and how often. */
#include "plan/steps.h"

#include "facts/own_files.h"

/* An older systemd refuses the whole service for a Restart= beside Type=oneshot. */
enum { SYSTEMD_RESTARTS_ONESHOT = 244 };

#define ORDER                                                                                      \
	"[Unit]\n"                                                                                 \
	"Wants=systemd-udev-settle.service\n"                                                      \
	"After=systemd-udev-settle.service\n"

/* At a boot of its own making, or, where a stack is kept, as it is known to be. */
static bool starts_openibd(const struct inputs *in, const struct driver_row *row)
{
	const struct facts *f = in->facts;

	if (in->intent == INTENT_INSTALL)
		return row != NULL && list_has(row->services, "openibd");
	return f->openibd.enabled == TRI_YES &&
	       (f->driver.kind == DRIVER_DOCA_OFED || f->driver.kind == DRIVER_MLNX_OFED);
}

/* Before udev is done, openibd and udev load the same modules at once, and openibd may fail (known
 * issue 33). A start may take the vendor's TimeoutSec=180: ten of them end within the interval, and
 * there is no eleventh. Ten, and 2 s apart, for while it waits each start of another service, which
 * pulls sysinit.target in and that openibd, counts as one, too: of three none was left. */
void openibd_step(const struct inputs *in, const struct driver_row *row, struct plan *ret)
{
	struct step_text t = { "openibd-order", "have openibd wait at boot until udev has settled",
			       ORDER };

	if (!in->facts->systemd || in->facts->openibd.settles == TRI_YES ||
	    !starts_openibd(in, row))
		return;
	if (in->facts->systemd_version >= SYSTEMD_RESTARTS_ONESHOT) {
		t.what = "have openibd wait at boot until udev has settled, and try again where it "
			 "failed";
		t.content = ORDER "StartLimitIntervalSec=3600\n"
				  "StartLimitBurst=10\n"
				  "\n"
				  "[Service]\n"
				  "Restart=on-failure\n"
				  "RestartSec=2\n";
	}
	own_file_step(in, OWN_OPENIBD_ORDER, &t, ret);
}
