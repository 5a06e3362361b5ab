/* Serves the blob store and writes the status blobs. */
#include "blob.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>

#include "base/text.h"

#include "goalstate.h"
#include "http.h"
#include "xml.h"

#define SAS_VERSION "2018-03-28"

static const char error_template[] = "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
				     "<Error><Code>{code}</Code><Message>{message}</Message>"
				     "</Error>";

static void refuse(struct answer *ret, int status, const char *code, const char *message)
{
	const struct xml_slot slots[] = { { "code", code }, { "message", message } };
	struct buf b AUTO_BUF = { 0 };

	if (xml_fill(&b, error_template, slots, ARRAY_SIZE(slots)) < 0) {
		ret->status = 0;
		return;
	}
	answer_text(ret, status, "application/xml", buf_text(&b));
	answer_header(ret, "x-ms-error-code", code);
}

/* ---- signed URLs --------------------------------------------------------------------------- */

static int sign(const struct fabric *f, const char *path, const char *permissions,
		char ret[static 64])
{
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	struct buf b AUTO_BUF = { 0 };
	int rc = buf_add_format(&b, "%s\n%s\n" SAS_VERSION, permissions, path);

	_Static_assert(SAS_KEY_SIZE == crypto_auth_hmacsha256_KEYBYTES, "the key's size");
	if (rc < 0)
		return rc;
	crypto_auth_hmacsha256(mac, (const unsigned char *)buf_text(&b), b.len, f->sas_key);
	sodium_bin2base64(ret, 64, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
	return 0;
}

/* Percent-encode what base64 has besides letters and digits. */
static int add_encoded(struct buf *b, const char *text)
{
	int rc = 0;

	for (; *text && rc == 0; text++) {
		if (strchr("+/=", *text))
			rc = buf_add_format(b, "%%%02X", (unsigned char)*text);
		else
			rc = buf_add(b, text, 1);
	}
	return rc;
}

int blob_url(const struct fabric *f, const char *path, const char *permissions, struct buf *ret)
{
	const struct listener *l = f->listeners[FABRIC_BLOB];
	char signature[64];
	int rc = sign(f, path, permissions, signature);

	if (rc == 0)
		rc = buf_add_format(ret, "http://%s:%d%s?sv=" SAS_VERSION "&sr=b&sp=%s&sig=",
				    listener_address(l), listener_port(l), path, permissions);
	return rc < 0 ? rc : add_encoded(ret, signature);
}

int blob_status_path(const struct guest *vm, char *ret, size_t size)
{
	return text_format(ret, size, "/status/%s.%s.status", vm->name,
			   json_text_at(vm->doc, "containerId", ""));
}

int blob_manifest_path(const char *handler, char *ret, size_t size)
{
	return text_format(ret, size, "/catalogue/%s/manifest.xml", handler);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode `len` bytes of percent-encoding. A NUL byte is refused, as is what does not fit. */
static int decode(const char *text, size_t len, char *ret, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int c = (unsigned char)text[i];

		if (c == '%') {
			int high = i + 1 < len ? hex_digit(text[i + 1]) : -1;
			int low = i + 2 < len ? hex_digit(text[i + 2]) : -1;

			if (high < 0 || low < 0)
				return -EINVAL;
			c = high * 16 + low;
			i += 2;
		}
		if (c == 0 || n + 1 >= size)
			return -EINVAL;
		ret[n++] = (char)c;
	}
	ret[n] = '\0';
	return 0;
}

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
			return decode(pair + key, len - key, fields[i].into, fields[i].size);
	}
	return 0;
}

int blob_ref_parse(const struct fabric *f, const char *url, struct blob_ref *ret)
{
	const struct listener *l = f->listeners[FABRIC_BLOB];
	struct blob_ref ref = { 0 };
	char base[64];
	size_t len;

	(void)TEXT_FORMAT(base, "http://%s:%d/", listener_address(l), listener_port(l));
	if (!text_starts(url, base))
		return -EINVAL;
	url += strlen(base) - 1;
	len = strcspn(url, "?");
	if (decode(url, len, ref.path, sizeof ref.path) < 0)
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

static bool may(const struct fabric *f, const struct blob_ref *ref, char permission)
{
	char wanted[64] = "";

	return strchr(ref->permissions, permission) &&
	       sign(f, ref->path, ref->permissions, wanted) == 0 &&
	       sodium_memcmp(wanted, ref->signature, sizeof wanted) == 0;
}

/* ---- reading ------------------------------------------------------------------------------- */

/* "/catalogue/HANDLER/FILE": the entry of the catalogue, and FILE in *file. */
static const json_t *catalogue_entry(const struct fabric *f, const char *path, const char **file)
{
	char handler[BLOB_PATH_MAX];
	const char *slash;

	if (!text_starts(path, "/catalogue/"))
		return NULL;
	(void)TEXT_COPY(handler, path + strlen("/catalogue/"));
	slash = strchr(handler, '/');
	if (!slash)
		return NULL;
	*file = path + strlen("/catalogue/") + (slash - handler) + 1;
	handler[slash - handler] = '\0';
	return json_object_get(f->catalogue, handler);
}

static int package_open(const json_t *entry, const char *file)
{
	char version[64];
	const char *path;
	size_t len = strlen(file);

	if (!text_ends(file, ".zip") || len >= sizeof version)
		return -ENOENT;
	memcpy(version, file, len - 4);
	version[len - 4] = '\0';
	path = json_string_value(json_object_get(json_object_get(entry, "versions"), version));
	if (!path)
		return -ENOENT;
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void answer_manifest(const struct fabric *f, const json_t *entry, struct answer *ret)
{
	struct buf b AUTO_BUF = { 0 };

	if (goalstate_manifest(f, entry, &b) < 0)
		ret->status = 0;
	else
		answer_text(ret, 200, "application/xml", buf_text(&b));
}

void blob_get(struct fabric *f, struct guest *vm, const struct blob_ref *ref, struct answer *ret)
{
	const char *file = "";
	const json_t *entry = catalogue_entry(f, ref->path, &file);

	if (!may(f, ref, 'r')) {
		refuse(ret, 403, "AuthenticationFailed",
		       "Server failed to authenticate the request.");
		return;
	}
	answer_header(ret, "x-ms-blob-type", "BlockBlob");
	if (text_eq(ref->path, GOALSTATE_AGENT_MANIFEST) ||
	    (entry && text_eq(file, "manifest.xml"))) {
		answer_manifest(f, entry, ret);
		return;
	}
	ret->file = entry ? package_open(entry, file) : -1;
	if (ret->file < 0) {
		ret->file = -1;
		refuse(ret, 404, "BlobNotFound", "The specified blob does not exist.");
		return;
	}
	ret->status = 200;
	ret->type = "application/octet-stream";
}

/* ---- writing ------------------------------------------------------------------------------- */

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

void blob_put(struct fabric *f, struct guest *vm, const struct blob_ref *ref,
	      const struct blob_put *put, const struct buf *body, struct answer *ret)
{
	char own[BLOB_PATH_MAX] = "";
	const char *code = NULL;
	int status;

	(void)blob_status_path(vm, own, sizeof own);
	if (!may(f, ref, 'w')) {
		refuse(ret, 403, "AuthenticationFailed",
		       "Server failed to authenticate the request.");
		return;
	}
	if (!text_eq(ref->path, own)) {
		refuse(ret, 403, "AuthorizationFailure", "This blob is another VM's.");
		return;
	}
	status = blob_write(&vm->blob_kind, &vm->blob, ref->comp, put, body, &code);
	if (status != 201) {
		refuse(ret, status, code, "The request was refused.");
		return;
	}
	answer_text(ret, 201, NULL, "");
	guest_report_take(f, vm);
}

/* ---- routes -------------------------------------------------------------------------------- */

static bool ref_of_request(const struct request *r, struct blob_ref *ret)
{
	const char *sp = request_query(r, "sp"), *sig = request_query(r, "sig");
	const char *comp = request_query(r, "comp");

	*ret = (struct blob_ref) { 0 };
	return TEXT_COPY(ret->path, r->path) == 0 &&
	       TEXT_COPY(ret->permissions, sp ? sp : "") == 0 &&
	       TEXT_COPY(ret->signature, sig ? sig : "") == 0 &&
	       TEXT_COPY(ret->comp, comp ? comp : "") == 0;
}

static void serve_get(struct fabric *f, struct guest *vm, const struct request *r,
		      struct answer *ret)
{
	struct blob_ref ref;

	if (ref_of_request(r, &ref))
		blob_get(f, vm, &ref, ret);
	else
		refuse(ret, 400, "InvalidUri", "The URI is too long.");
}

static void serve_put(struct fabric *f, struct guest *vm, const struct request *r,
		      struct answer *ret)
{
	const char *range = request_header(r, "x-ms-range");
	const struct blob_put put = {
		.type = request_header(r, "x-ms-blob-type"),
		.content_length = request_header(r, "x-ms-blob-content-length"),
		.page_write = request_header(r, "x-ms-page-write"),
		.range = range ? range : request_header(r, "Range"),
	};
	struct blob_ref ref;

	if (ref_of_request(r, &ref))
		blob_put(f, vm, &ref, &put, &r->body, ret);
	else
		refuse(ret, 400, "InvalidUri", "The URI is too long.");
}

static void not_found(struct answer *ret, int status)
{
	if (status == 405)
		refuse(ret, 405, "UnsupportedHttpVerb", "The resource doesn't support the verb.");
	else
		refuse(ret, 404, "ResourceNotFound", "The specified resource does not exist.");
}

static const struct route routes[] = {
	{ "GET", "/agents/*", NULL, "blob.agents", PLACE_NONE, serve_get },
	{ "GET", "/catalogue/*.zip", NULL, "blob.package", PLACE_ARTIFACT, serve_get },
	{ "GET", "/catalogue/*", NULL, "blob.manifest", PLACE_NONE, serve_get },
	{ "GET", "/status/*", NULL, "blob.get", PLACE_NONE, serve_get },
	{ "PUT", "/status/*", NULL, "blob.put", PLACE_STATUS, serve_put },
	{ "PUT", "/catalogue/*", NULL, "blob.put", PLACE_NONE, serve_put },
};

const struct route_table blob_routes = { routes, ARRAY_SIZE(routes), PLACE_BLOB, "blob",
					 not_found };
