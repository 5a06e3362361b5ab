/* What clients tell the blob store: signed URLs, ranges, and what a write does to a blob. Pure. */
#include "blob.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

#include "uri.h"

static int query_take(struct blob_ref *ref, const char *pair, size_t len)
{
	const struct {
		const char *key;
		char *into;
		size_t size;
	} fields[] = {
		{ "sp=", ref->permissions, sizeof ref->permissions },
		{ "sig=", ref->signature, sizeof ref->signature },
		{ "comp=", ref->comp, sizeof ref->comp },
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		size_t key = strlen(fields[i].key);

		if (len >= key && strncmp(pair, fields[i].key, key) == 0)
			return uri_decode(pair + key, len - key, fields[i].into, fields[i].size);
	}
	return 0;
}

int blob_ref_read(const char *base, const char *url, struct blob_ref *ret)
{
	struct blob_ref ref = { 0 };
	size_t len;

	if (!text_starts(url, base))
		return -EINVAL;
	url += strlen(base) - 1;
	len = strcspn(url, "?");
	if (uri_decode(url, len, ref.path, sizeof ref.path) < 0)
		return -EINVAL;
	for (url += len; *url; url += len) {
		url++; /* the ? or & in front */
		len = strcspn(url, "&");
		if (query_take(&ref, url, len) < 0)
			return -EINVAL;
	}
	*ret = ref;
	return 0;
}

static int block_write(enum blob_kind *kind, struct buf *blob, const struct buf *body,
		       const char **code)
{
	if (body->len > STATUS_BLOB_MAX) {
		*code = "RequestBodyTooLarge";
		return 413;
	}
	buf_clear(blob);
	if (buf_add(blob, buf_text(body), body->len) < 0) {
		*code = "InternalError";
		return 500;
	}
	*kind = BLOB_BLOCK;
	return 201;
}

static int page_create(enum blob_kind *kind, struct buf *blob, const struct blob_put *put,
		       const struct buf *body, const char **code)
{
	static const char zeros[PAGE_SIZE_BYTES];
	long size = -1;

	*code = "InvalidHeaderValue";
	if (!put->content_length || text_to_long(put->content_length, 10, &size) < 0 || size < 0 ||
	    size > STATUS_BLOB_MAX || size % PAGE_SIZE_BYTES != 0 || body->len != 0)
		return 400;
	buf_clear(blob);
	for (long at = 0; at < size; at += PAGE_SIZE_BYTES) {
		if (buf_add(blob, zeros, sizeof zeros) < 0) {
			*code = "InternalError";
			return 500;
		}
	}
	*kind = BLOB_PAGE;
	return 201;
}

/* "bytes=0-511". */
static int range_parse(const char *range, size_t *first, size_t *end)
{
	unsigned long long a, b;
	char *at = NULL;

	if (!range || !text_starts(range, "bytes=") || range[6] < '0' || range[6] > '9')
		return -EINVAL;
	errno = 0;
	a = strtoull(range + 6, &at, 10);
	if (*at != '-' || at[1] < '0' || at[1] > '9')
		return -EINVAL;
	b = strtoull(at + 1, &at, 10);
	if (errno || *at != '\0' || b < a || b >= STATUS_BLOB_MAX)
		return -EINVAL;
	*first = (size_t)a;
	*end = (size_t)b + 1;
	return 0;
}

static int page_write(const enum blob_kind *kind, struct buf *blob, const struct blob_put *put,
		      const struct buf *body, const char **code)
{
	bool clear = text_eq_nocase(put->page_write, "clear");
	size_t first = 0, end = 0;

	*code = *kind == BLOB_NONE ? "BlobNotFound" : "InvalidBlobType";
	if (*kind != BLOB_PAGE)
		return *kind == BLOB_NONE ? 404 : 409;
	*code = "InvalidHeaderValue";
	if (!clear && !text_eq_nocase(put->page_write, "update"))
		return 400;
	if (range_parse(put->range, &first, &end) < 0 || first % PAGE_SIZE_BYTES != 0 ||
	    end % PAGE_SIZE_BYTES != 0 || body->len != (clear ? 0 : end - first))
		return 400;
	*code = "RequestBodyTooLarge";
	if (!clear && body->len > PAGE_WRITE_MAX)
		return 413;
	*code = "InvalidPageRange";
	if (end > blob->len)
		return 416;
	if (clear)
		memset(blob->data + first, 0, end - first);
	else
		memcpy(blob->data + first, body->data, body->len);
	return 201;
}

int blob_write(enum blob_kind *kind, struct buf *blob, const char *comp, const struct blob_put *put,
	       const struct buf *body, const char **code)
{
	if (text_eq_nocase(comp, "page"))
		return page_write(kind, blob, put, body, code);
	if (text_eq_nocase(put->type, "BlockBlob"))
		return block_write(kind, blob, body, code);
	if (text_eq_nocase(put->type, "PageBlob"))
		return page_create(kind, blob, put, body, code);
	*code = put->type ? "InvalidHeaderValue" : "MissingRequiredHeader";
	return 400;
}
