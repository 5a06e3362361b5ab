/* What a lab has at its start: the VM that the page on the extension names. */
#include "lab.h"

#include "base/text.h"

int page_make(struct lab *lab, struct error *err)
{
	AUTO_JSON json_t *args = json_pack("{s:s, s:s}", "name", LAB_PAGE_VM, "size",
					   LAB_PAGE_SIZE);
	struct guest *g;

	return lab->page ? guest_ask(lab, args, &g, err) : 0;
}
