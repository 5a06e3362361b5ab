/* probe/openib.c - parses openib.conf. */
#include "probe/openib.h"

#include "host/host.h"
#include "probe/files.h"
#include "probe/slice.h"

enum tristate openib_parse_ipoib(const char *text, size_t len)
{
	struct slice rest = { text, len }, line, key, value;
	enum tristate ret = TRI_UNKNOWN;

	while (slice_line(&rest, &line)) {
		if (files_pair(line, &key, &value) && slice_eq(key, "IPOIB_LOAD"))
			ret = files_truth(value);
	}
	return ret;
}

static void take_config(void *ctx, struct slice text)
{
	*(enum tristate *)ctx = openib_parse_ipoib(text.text, text.len);
}

void openib_read(const struct host *h, struct facts *ret)
{
	(void)files_read(h, "etc/infiniband/openib.conf", take_config, &ret->ipoib_load);
}
