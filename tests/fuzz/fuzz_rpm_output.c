/* tests/fuzz/fuzz_rpm_output.c - what rpm, dnf, yum, tdnf and zypper print. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "act/rpm/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read has a name, and a version that can be asked for. */
static void judge(const struct rpm_items *items)
{
	for (size_t i = 0; i < items->count; i++)
		if (!items->at[i].name[0] || !items->at[i].version[0] || !items->at[i].arch[0])
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	AUTO_RPM_ITEMS struct rpm_items table = { 0 }, summary = { 0 };
	AUTO_BUF struct buf plain = { 0 };
	struct rpm_package p;
	struct rpm_needed n;

	(void)rpm_parse_table(text, size, &table);
	judge(&table);
	(void)rpm_parse_summary(text, size, &summary);
	judge(&summary);
	if (rpm_plain_text(text, size, &plain) < 0)
		abort();
	if (rpm_parse_line(text, size, &p) == 0 && (!p.name[0] || !p.version[0] || !p.arch[0]))
		abort();
	if (rpm_parse_needed(text, size, &n) && (!n.capability[0] || !n.by[0]))
		abort();
	return 0;
}
