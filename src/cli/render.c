/* Values as text for a person. */
#include "cli/render.h"

#include "base/text.h"
#include "facts/facts.h"
#include "plan/plan.h"
#include "verify/verify.h"

static const char *or_unknown(const char *text)
{
	return text && text[0] ? text : "unknown";
}

static const char *tristate_text(enum tristate t)
{
	return t == TRI_YES ? "yes" : t == TRI_NO ? "no" : "unknown";
}

void render_ports(FILE *out, const struct facts *f)
{
	if (f->nports == 0) {
		fprintf(out, "ports     none\n");
		return;
	}
	fprintf(out, "%-14s %4s  %-8s %-10s %9s  %-10s %-8s %-6s %s\n", "device", "port", "state",
		"physical", "rate", "link layer", "lid", "sm lid", "netdev");
	for (unsigned i = 0; i < f->nports; i++) {
		const struct port_facts *p = &f->ports[i];
		char rate[24];

		(void)TEXT_FORMAT(rate, "%u Gb/s", p->rate_gbps);
		fprintf(out, "%-14s %4u  %-8s %-10s %9s  %-10s 0x%-6x 0x%-4x %s\n", p->device,
			p->number, port_state_name(p->state), port_phys_state_name(p->phys_state),
			rate, or_unknown(link_layer_name(p->link_layer)), p->lid, p->sm_lid,
			p->netdev[0] ? p->netdev : "-");
	}
}

void render_facts(FILE *out, const struct facts *f)
{
	fprintf(out, "VM        %s%s\n", or_unknown(f->vm.size), f->vm.azure ? " on Azure" : "");
	if (f->vm.offer[0])
		fprintf(out, "image     %s:%s:%s:%s\n", f->vm.publisher, f->vm.offer, f->vm.sku,
			f->vm.image_version);
	fprintf(out, "system    %s, kernel %s (%s)\n", or_unknown(f->os.pretty),
		or_unknown(f->kernel.release), or_unknown(f->kernel.machine));
	fprintf(out, "security  Secure Boot: %s, lockdown: %s\n",
		tristate_text(f->kernel.secure_boot), or_unknown(f->kernel.lockdown));
	fprintf(out, "Hyper-V   VMBus: %s, PCI pass-through: %s\n", tristate_text(f->hyperv.vmbus),
		tristate_text(f->hyperv.pci));
	for (unsigned i = 0; i < f->nnics; i++) {
		const struct nic_facts *n = &f->nics[i];

		fprintf(out, "adapter   %s %04x:%04x class %04x %s %s, driver %s\n", n->address,
			n->vendor, n->device, n->class_code, or_unknown(n->generation),
			or_unknown(link_layer_name(n->link_layer)),
			n->driver[0] ? n->driver : "none");
	}
	fprintf(out, "driver    %s %s\n", driver_kind_name(f->driver.kind), f->driver.version);
	render_ports(out, f);
}

static void render_steps(FILE *out, const struct plan *p)
{
	fprintf(out, "\nSteps%s:\n",
		p->resolved ? "" : " (package changes are known after --resolve)");
	for (unsigned i = 0; i < p->nsteps; i++) {
		const struct step *s = &p->steps[i];

		fprintf(out, "  %u. %s\n", i + 1, s->what);
		for (unsigned k = 0; k < s->nchanges; k++)
			fprintf(out, "       %s\n", s->changes[k]);
		fprintf(out, "     undo: %s\n", s->undo[0] ? s->undo : "cannot be undone");
	}
}

void render_plan(FILE *out, const struct plan *p, const struct facts *f)
{
	const struct decision *d = &p->decision;

	fprintf(out, "%s, %s, kernel %s\n", or_unknown(f->vm.size), or_unknown(f->os.pretty),
		or_unknown(f->kernel.release));
	if (d->exit_code == 0)
		fprintf(out, "Decision: %s%s%s. %s.\n", d->route, d->version[0] ? " " : "",
			d->version, d->reason);
	else
		fprintf(out, "Decision: code %d (%s). %s.\nRemedy: %s\n", d->exit_code,
			fault_row(d->fault)->slug, d->reason, d->remedy);
	if (p->ncandidates)
		fprintf(out, "\nRoutes considered:\n");
	for (unsigned i = 0; i < p->ncandidates; i++)
		fprintf(out, "  %-10s %-8s %s\n", p->candidates[i].route,
			p->candidates[i].eligible ? "yes" : "no", p->candidates[i].why);
	if (p->nsteps)
		render_steps(out, p);
	for (unsigned i = 0; i < p->nwarnings; i++)
		fprintf(out, "\nWarning %s: %s. %s\n", p->warnings[i].id, p->warnings[i].what,
			p->warnings[i].remedy);
	if (d->exit_code == 0)
		fprintf(out, "\nReboot: %s.\n", p->reboot ? "required" : "no");
}

void render_verification(FILE *out, const struct verification *v, const struct facts *f)
{
	char summary[300];

	verify_summary(v, f, summary, sizeof(summary));
	fprintf(out, "%s: %s\n\n", verdict_name(v->verdict), summary);
	for (unsigned i = 0; i < v->nchecks; i++) {
		const struct finding *c = &v->checks[i];

		fprintf(out, "  %-4s %-26s %s%s%s\n", c->ok ? "ok" : "RED", c->id, c->measured,
			c->ok ? "" : ", expected ", c->ok ? "" : c->expected);
		if (!c->ok)
			fprintf(out, "       %s\n", c->remedy);
	}
	fputc('\n', out);
	render_ports(out, f);
}
