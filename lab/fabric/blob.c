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

int blob_ref_parse(const struct fabric *f, const char *url, struct blob_ref *ret)
{
	const struct listener *l = f->listeners[FABRIC_BLOB];
	char base[64];

	(void)TEXT_FORMAT(base, "http://%s:%d/", listener_address(l), listener_port(l));
	return blob_ref_read(base, url, ret);
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
