/* tests/fuzz/fuzz_url.c - what passes as an address can stand between quotes; a redirect ends at an
 * address that passes; what is shown holds no query. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_BUF struct buf text = { 0 };
	char out[URL_SIZE], name[200];
	struct url u;

	if (buf_add(&text, data, size) < 0 || buf_add(&text, "", 0) < 0)
		return 0;
	if (url_resolve("https://host/a/b?c", text.data, out, sizeof out) == 0)
		assert(url_parse(out, &u) == 0 && !text_eq(u.scheme, "file"));
	(void)url_host_listed("h.example.com", text.data);
	if (url_parse(text.data, &u) < 0)
		return 0;
	assert(strpbrk(text.data, "\"\\\r\n \t") == NULL);
	assert(u.path >= text.data && u.path <= text.data + strlen(text.data));
	url_show(text.data, out, sizeof out);
	assert(text_eq(u.scheme, "file") || strpbrk(out, "?#") == NULL);
	if (url_file_name(text.data, name, sizeof name) == 0)
		assert(strchr(name, '/') == NULL && name[0] != '.' && name[0] != '\0');
	(void)url_is_below(text.data, "https://host/a");
	(void)url_is_below("https://host/a", text.data);
	(void)url_mirror("https://m/x", text.data, out, sizeof out);
	return 0;
}
