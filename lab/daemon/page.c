/* What a lab has at its start: the VM that the page on the extension names. */
#include "lab.h"

#include "base/text.h"
#include "lab/vm/distro.h"

int page_make(struct lab *lab, struct error *err)
{
	struct vm_spec spec = {
		.init = true, .agent = true, .adapter = true, .vmbus = true, .azure = true
	};

	if (!lab->page || guest_find(lab, LAB_PAGE_VM) != NULL)
		return 0;
	(void)TEXT_COPY(spec.name, LAB_PAGE_VM);
	(void)TEXT_COPY(spec.size, LAB_PAGE_SIZE);
	(void)TEXT_COPY(spec.image, distros[0].name);
	vm_spec_defaults(&spec);
	return guest_create(lab, &spec, err);
}
