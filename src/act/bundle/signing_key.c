/* act/bundle/signing_key.c - reads a secret key file. */
#include "act/bundle/signing_key.h"

#include <fcntl.h>
#include <string.h>

#include "base/fs.h"

int signing_key_read(const char *path, struct minisig_secret *ret, struct error *err)
{
	AUTO_BUF struct buf text = { .max = MINISIG_SECRET_BYTES_MAX };
	const char *why = "";
	int rc = fs_read(AT_FDCWD, path, MINISIG_SECRET_BYTES_MAX, &text);

	if (rc < 0)
		return error_set(err, FAULT_SIGNING_KEY, -rc, "the key %s cannot be read: %s", path,
				 strerror(-rc));
	rc = minisig_secret_parse(buf_text(&text), text.len, ret, &why);
	if (text.len > 0)
		explicit_bzero(text.data, text.len);
	if (rc < 0)
		return error_set(err, FAULT_SIGNING_KEY, -rc,
				 "%s is no secret key that can be used: %s", path, why);
	return 0;
}
