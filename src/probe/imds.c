/* probe/imds.c - reads the answer of the instance metadata service. */
#include "probe/imds.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "facts/facts.h"
#include "host/host.h"
#include "host/metadata.h"
#include "probe/slice.h"

static void copy_at(const json_t *j, const char *path, char *ret, size_t size)
{
	const char *text = json_text_at(j, path, "");

	slice_copy(slice_trim((struct slice) { text, strlen(text) }), ret, size);
}

static enum tristate truth_at(const json_t *j, const char *path)
{
	const char *text = json_text_at(j, path, "");

	if (text_eq_nocase(text, "true") || json_bool_at(j, path, false))
		return TRI_YES;
	if (text_eq_nocase(text, "false") || json_is_false(json_at(j, path)))
		return TRI_NO;
	return TRI_UNKNOWN;
}

int imds_parse(const char *text, size_t len, struct vm_facts *ret)
{
	AUTO_JSON json_t *document = json_parse(text, len, NULL, 0);
	const json_t *compute = json_at(document, "compute");

	if (!json_is_object(compute))
		return -EINVAL;
	copy_at(compute, "vmSize", ret->size, sizeof ret->size);
	copy_at(compute, "publisher", ret->publisher, sizeof ret->publisher);
	copy_at(compute, "offer", ret->offer, sizeof ret->offer);
	copy_at(compute, "sku", ret->sku, sizeof ret->sku);
	copy_at(compute, "version", ret->image_version, sizeof ret->image_version);
	copy_at(compute, "placementGroupId", ret->placement_group, sizeof ret->placement_group);
	ret->secure_boot = truth_at(compute, "securityProfile.secureBootEnabled");
	return 0;
}

void imds_read(const struct host *h, struct facts *ret)
{
	AUTO_BUF struct buf b = { 0 };

	switch (metadata_get(h, &b, NULL)) {
	case METADATA_ANSWERED:
		/* What answers but does not say what Azure's service says is not the service. */
		if (imds_parse(buf_text(&b), b.len, &ret->vm) < 0) {
			ret->vm.metadata = METADATA_STATE_SILENT;
			break;
		}
		ret->vm.metadata = METADATA_STATE_ANSWERED;
		ret->vm.azure = true;
		break;
	case METADATA_TIMEOUT:
	case METADATA_REFUSED:
		ret->vm.metadata = METADATA_STATE_SILENT;
		break;
	case METADATA_NONE:
		ret->vm.metadata = METADATA_STATE_NONE;
		break;
	}
}
