/* tests/fuzz/fuzz_minisig.c - whatever a signature file or a key holds, it is refused with a reason
 * or read whole; and nothing that was not signed is ever taken for signed. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/minisig.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char key_text[] = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";

static void try_key(const uint8_t *data, size_t size)
{
	char text[128], again[MINISIG_KEY_TEXT];
	struct minisig_key key;

	if (size >= sizeof text)
		return;
	memcpy(text, data, size);
	text[size] = '\0';
	if (minisig_key_parse(text, &key) < 0)
		return;
	minisig_key_text(&key, again);
	assert(text_eq(text, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct minisig_key key;
	struct minisig s;
	const char *why = NULL;

	try_key(data, size);
	if (minisig_parse((const char *)data, size, &s, &why) < 0) {
		assert(why != NULL && why[0] != '\0');
		return 0;
	}
	assert(size <= MINISIG_BYTES_MAX);
	assert(memchr(s.comment, '\0', sizeof s.comment) != NULL);
	assert(minisig_key_parse(key_text, &key) == 0);
	memcpy(key.id, s.id, sizeof key.id);
	assert(minisig_verify(&s, &key, "not this", 8) != 0);
	return 0;
}
