/* Holds the clock against the date of the built-in catalogue, before which no run of this program
 * can be. */
#include "act/wrong_clock.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "host/host.h"

static bool depends_on_clock(enum fault fault)
{
	static const enum fault faults[] = { FAULT_PACKAGE_UPDATE, FAULT_PACKAGE_SIGNATURE,
					     FAULT_DOWNLOAD_TLS, FAULT_REPOSITORY_EXPIRED };

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		if (faults[i] == fault)
			return true;
	return false;
}

/* "2026.11.2" is of 2026-11; `now` begins so too. */
static bool is_before_made(const char *now)
{
	unsigned year = 0, month = 0;
	char made[32];

	if (sscanf(catalogue_built_in.version, "%4u.%2u", &year, &month) != 2)
		return false;
	(void)TEXT_FORMAT(made, "%04u-%02u", year, month);
	return strncmp(now, made, strlen(made)) < 0;
}

void wrong_clock_explain(const struct host *h, struct error *err)
{
	struct error was = *err;
	char now[21];

	if (!depends_on_clock(was.fault))
		return;
	time_text(h->clock->realtime_ms(h->clock), now);
	if (is_before_made(now))
		(void)error_set(err, FAULT_CLOCK_OFF, 0,
				"the clock of this VM says %s, and this program was made later "
				"(catalogue %s): %.400s",
				now, catalogue_built_in.version, was.what);
	else if (strstr(was.what, "expired"))
		(void)error_set(err, was.fault, 0, "%.400s; the clock of this VM says %s", was.what,
				now);
}
