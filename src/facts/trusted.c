/* facts/trusted.c - collects the public keys that are trusted. */
#include "facts/trusted.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "facts/settings.h"

void trusted_add(struct trusted_keys *keys, const struct minisig_key *key)
{
	if (keys->count < TRUSTED_KEYS_MAX)
		keys->keys[keys->count++] = *key;
}

/* A build option; what is wrong with it is the builder's fault and shows at once in the tests. */
static void add_built_in(struct trusted_keys *keys)
{
	struct minisig_key key;
	char text[128];
	size_t len;

	for (const char *at = IB_VMEXT_TRUSTED_KEYS; *at != '\0'; at += len + (at[len] == ',')) {
		len = strcspn(at, ",");
		(void)TEXT_FORMAT(text, "%.*s", (int)len, at);
		if (minisig_key_parse(text, &key) == 0)
			trusted_add(keys, &key);
	}
}

int trusted_read(const struct settings *s, struct trusted_keys *ret, struct error *err)
{
	struct minisig_key key;

	*ret = (struct trusted_keys) { .count = 0 };
	add_built_in(ret);
	for (unsigned i = 0; s != NULL && i < s->ntrusted_keys; i++) {
		if (minisig_key_parse(s->trusted_keys[i], &key) < 0)
			return error_set(err, FAULT_SETTINGS, EINVAL,
					 "trustedKeys[%u] is not a public key of minisign, which "
					 "begins with RW and has 56 letters",
					 i);
		trusted_add(ret, &key);
	}
	return 0;
}
