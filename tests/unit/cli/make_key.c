/* tests/unit/cli/make_key.c - make-key FILE: writes a fresh secret key of minisign, without a
 * password, and prints its public part. */
#include <fcntl.h>
#include <stdio.h>

#include "base/fs.h"
#include "signer.h"

int main(int argc, char **argv)
{
	AUTO_BUF struct buf secret = { 0 };
	char key[MINISIG_KEY_TEXT];
	struct signer s;

	signer_make(&s);
	minisig_key_text(&s.public, key);
	signer_secret(&s, false, &secret);
	if (argc != 2 || fs_replace(AT_FDCWD, argv[1], secret.data, secret.len, 0600) < 0)
		return 1;
	return puts(key) < 0;
}
