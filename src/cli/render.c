/* Values as text for a person. */
#include "cli/render.h"

#include "base/text.h"
#include "facts/facts.h"
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

void render_verification(FILE *out, const struct verification *v, const struct facts *f)
{
	char summary[300];

	verify_summary(v, f, summary, sizeof(summary));
	/* What is not ok begins with its verdict. */
	fprintf(out, "%s%s\n\n", v->verdict == VERDICT_OK ? "ok: " : "", summary);
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
