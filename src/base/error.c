/* base/error.c - fills and wraps the error object. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

int error_set(struct error *err, enum fault fault, int sys, const char *fmt, ...)
{
	char what[sizeof err->what]; /* the arguments may point into *err */
	va_list ap;

	if (err == NULL)
		return -1;
	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	err->fault = fault;
	err->sys = sys;
	(void)TEXT_COPY(err->what, what);
	return -1;
}

int error_wrap(struct error *err, const char *fmt, ...)
{
	char context[sizeof err->what];
	char said[sizeof err->what];
	va_list ap;

	if (err == NULL)
		return -1;
	va_start(ap, fmt);
	(void)vsnprintf(context, sizeof context, fmt, ap);
	va_end(ap);
	(void)TEXT_COPY(said, err->what);
	/* Cut at the end: the most general clause stands first and must stay. */
	(void)TEXT_FORMAT(err->what, "%.239s: %s", context, said);
	return -1;
}
