/* tests/unit/cli/sign_file.c - sign-file FILE...: writes FILE.minisig for each with one fresh key,
 * whose public part it prints. */
#include <fcntl.h>
#include <stdio.h>

#include "base/fs.h"
#include "base/text.h"
#include "signer.h"

int main(int argc, char **argv)
{
	struct signer s;
	char key[MINISIG_KEY_TEXT], path[4096];

	signer_make(&s);
	minisig_key_text(&s.public, key);
	for (int i = 1; i < argc; i++) {
		AUTO_BUF struct buf file = { 0 }, signature = { 0 };

		if (fs_read(AT_FDCWD, argv[i], 8 << 20, &file) < 0)
			return 1;
		signer_sign(&s, true, file.data, file.len, argv[i], &signature);
		if (TEXT_FORMAT(path, "%s.minisig", argv[i]) < 0 ||
		    fs_replace(AT_FDCWD, path, signature.data, signature.len, 0600) < 0)
			return 1;
	}
	return puts(key) < 0;
}
