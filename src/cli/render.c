/* Values as text for a person. */
#include "cli/render.h"

#include <string.h>

#include "base/text.h"
#include "cli/page.h"
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

static void render_red(const struct page *p, const struct finding *c)
{
	const struct page_label id = { .indent = 2, .field = 26, .style = PAGE_BAD, .text = c->id };
	const struct page_label from = { .indent = 6, .field = 10, .text = "seen in" };
	const struct page_label remedy = { .indent = 6, .field = 10, .text = "do" };

	page_item(p, &id, "%s, expected %s", c->measured, c->expected);
	page_item(p, &from, "%s", c->evidence);
	page_item(p, &remedy, "%s", c->remedy);
	if (c->issue > 0)
		page_text(p, 16, "More: ib-vmext explain issue %u", c->issue);
}

/* The part of an id before what it is made for. */
static int kind_length(const struct finding *c)
{
	return (int)strcspn(c->id, ":");
}

static bool is_alike(const struct finding *a, const struct finding *b)
{
	return a->ok && b->ok && kind_length(a) == kind_length(b) &&
	       strncmp(a->id, b->id, (size_t)kind_length(a)) == 0;
}

/* Green checks of one kind are one line: where all measured the same, that; else how many. */
static void render_green(const struct page *p, const struct verification *v, unsigned at)
{
	const struct finding *first = &v->checks[at];
	char kind[sizeof first->id];
	struct page_label id = { .indent = 2, .field = 26, .style = PAGE_GOOD, .text = kind };
	unsigned count = 0, same = 0;

	for (unsigned i = 0; i < v->nchecks; i++) {
		if (!is_alike(&v->checks[i], first))
			continue;
		if (i < at)
			return; /* shown already */
		count++;
		same += text_eq(v->checks[i].measured, first->measured);
	}
	(void)TEXT_FORMAT(kind, "%.*s", kind_length(first), first->id);
	if (count == 1)
		page_item(p, &id, "%s", first->measured);
	else if (same == count)
		page_item(p, &id, "%s, %u times", first->measured, count);
	else
		page_item(p, &id, "%u times as expected", count);
}

void render_verification(FILE *out, const struct verification *v, const struct facts *f)
{
	struct page p = page_of(out);
	char summary[300];

	verify_summary(v, f, summary, sizeof(summary));
	/* What is not ok begins with its verdict. One line, however long: it is what others look
	 * for. */
	fprintf(out, "%s%s\n", v->verdict == VERDICT_OK ? "ok: " : "", summary);
	if (v->verdict != VERDICT_OK)
		page_heading(&p, "Not as it should be");
	for (unsigned i = 0; i < v->nchecks; i++)
		if (!v->checks[i].ok)
			render_red(&p, &v->checks[i]);
	page_heading(&p, "As it should be");
	for (unsigned i = 0; i < v->nchecks; i++)
		if (v->checks[i].ok)
			render_green(&p, v, i);
	fputc('\n', out);
	render_ports(out, f);
}
