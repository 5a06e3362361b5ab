/* tests/fuzz/fuzz_request.c - what the lab's servers read from a request's text, a line each: its
 * address, Authorization, x-ms-range, x-ms-page-write, the address of a blob; then a form.
 *
 * Whatever it is: parts of a path put together again are the path, nobody gets in by a token that
 * was not made, and a blob does not grow by a write of pages. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "lab/arm/route.h"
#include "lab/arm/token.h"
#include "lab/fabric/blob.h"
#include "lab/fabric/uri.h"

enum { PATH_SIZE = 256, PAGES = 4 * PAGE_SIZE_BYTES };

#define STORE "http://10.7.0.1:8080/"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at_parts(const char *route, const char *path)
{
	char parts[PARTS_MAX][PART_SIZE] = { "" };
	AUTO_BUF struct buf again = { 0 };
	size_t n = 0;

	if (!route_fits(route, path, parts))
		return;
	for (const char *at = route; *at; at++) {
		bool part = strncmp(at, "{}", 2) == 0;

		assert(!part || (parts[n][0] && !strchr(parts[n], '/')));
		if ((part ? buf_add_text(&again, parts[n++]) : buf_add(&again, at, 1)) < 0)
			return;
		at += part;
	}
	assert(strcasecmp(buf_text(&again), path) == 0);
}

static void look_at_path(char *line)
{
	static const char *const routes[] = {
		"/subscriptions/{}",
		"/{}/oauth2/v2.0/token",
		"/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Compute/virtualMachines/"
		"{}/extensions/{}",
	};
	char path[PATH_SIZE];
	size_t len = strlen(line), shorter = uri_unescape(line);

	assert(shorter <= len && shorter == strlen(line));
	if (uri_path(line, path, sizeof path) < 0)
		return;
	len = strlen(path);
	assert(len <= shorter && (len < 2 || path[len - 1] != '/' || line[len] == '/'));
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++)
		look_at_parts(routes[i], path);
}

static void look_at_token(const char *line)
{
	static const unsigned char secret[TOKEN_SECRET_SIZE] = { 1 };
	const char *token = bearer_token(line);

	if (token) {
		int rc = token_check(secret, token, TOKEN_AUDIENCE, 0);

		assert(rc == -EACCES);
	}
}

static void look_at_blob(const char *range, const char *how, const char *url, const char *body)
{
	const struct blob_put create = { .type = "PageBlob", .content_length = "2048" };
	const struct blob_put write = { .page_write = how, .range = range };
	AUTO_BUF struct buf blob = { 0 }, content = { 0 };
	enum blob_kind kind = BLOB_NONE;
	const char *code = NULL;
	struct blob_ref ref;
	int status;

	if (blob_ref_read(STORE, url, &ref) == 0)
		assert(ref.path[0] == '/' && strlen(ref.permissions) < sizeof ref.permissions);
	status = blob_write(&kind, &blob, NULL, &create, &content, &code);
	assert(status == 201 && kind == BLOB_PAGE && blob.len == PAGES);
	/* As much as is to be written, or it would not come that far. */
	if (buf_add(&content, body, strlen(body)) < 0 ||
	    (content.len > 0 &&
	     buf_add_zeros(&content, PAGE_SIZE_BYTES - content.len % PAGE_SIZE_BYTES) < 0))
		return;
	status = blob_write(&kind, &blob, "page", &write, &content, &code);
	assert(kind == BLOB_PAGE && blob.len == PAGES);
	assert(status == 201 || (status >= 400 && code && *code));
}

static void look_at_form(const char *form)
{
	char value[16];
	int rc = uri_form_value(form, "client_id", value, sizeof value);

	assert(rc == 0 || value[0] == '\0');
	assert(strlen(value) < sizeof value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *copy = malloc(size + 1);
	char *rest = copy, *lines[6];

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	copy[size] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		char *line = rest ? strsep(&rest, "\n") : NULL;

		lines[i] = strdup(line ? line : ""); /* of its own, so that a read beyond is seen */
		if (!lines[i])
			abort();
	}
	look_at_path(lines[0]);
	look_at_token(lines[1]);
	look_at_blob(lines[2], lines[3], lines[4], lines[5]);
	look_at_form(lines[5]);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		free(lines[i]);
	return 0;
}
